# The rules of profile pss-restricted, as conftest's users would write them: one deny per rule and object.
package main

import rego.v1

pod := input if input.kind == "Pod"

pod := input.template if input.kind == "PodTemplate"

pod := input.spec.template if {
	input.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"}
}

pod := input.spec.jobTemplate.spec.template if input.kind == "CronJob"

spec := pod.spec

own_containers := array.concat(object.get(spec, "containers", []), object.get(spec, "initContainers", []))

containers := array.concat(own_containers, object.get(spec, "ephemeralContainers", []))

volumes := object.get(spec, "volumes", [])

security := object.get(spec, "securityContext", {})

windows if spec.os.name == "windows"

user_namespace if spec.hostUsers == false

context(container) := object.get(container, "securityContext", {})

contexts := array.concat(
	[{"of": "the pod", "set": security}],
	[{"of": container.name, "set": context(container)} | some container in containers],
)

added(container) := {capability | some capability in context(container).capabilities.add}

dropped(container) := {capability | some capability in context(container).capabilities.drop}

finding(rule, says, names) := {
	"msg": sprintf("%s: %s/%s: %s%s", [
		rule, input.kind, input.metadata.name, says,
		concat(", ", [sprintf("%v", [name]) | some name in names]),
	]),
	"rule": rule,
	"resource": sprintf("%s/%s/%s", [input.kind, object.get(input.metadata, "namespace", ""), input.metadata.name]),
}

default_capabilities := {
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
	"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

deny contains finding("pod-added-capabilities", "containers add capabilities beyond the default set: ", names) if {
	names := [container.name | some container in containers; count(added(container) - default_capabilities) > 0]
	count(names) > 0
}

confining := {"RuntimeDefault", "Localhost"}

deny contains finding("pod-apparmor", "AppArmor is switched off by: ", names) if {
	names := [one.of |
		some one in contexts
		one.set.appArmorProfile
		not one.set.appArmorProfile.type in confining
	]
	count(names) > 0
}

deny contains finding("pod-apparmor", "an annotation switches AppArmor off", []) if {
	some key, value in pod.metadata.annotations
	startswith(key, "container.apparmor.security.beta.kubernetes.io/")
	not value in {"", "runtime/default"}
	not startswith(value, "localhost/")
}

deny contains finding("pod-drop-capabilities", "containers keep or add capabilities: ", names) if {
	spec
	not windows
	names := [container.name | some container in containers; keeps_capabilities(container)]
	count(names) > 0
}

keeps_capabilities(container) if not "ALL" in dropped(container)

keeps_capabilities(container) if count(added(container) - {"NET_BIND_SERVICE"}) > 0

deny contains finding("pod-host-namespaces", "shares namespaces of the node: ", names) if {
	names := [field | some field in ["hostNetwork", "hostPID", "hostIPC"]; spec[field] == true]
	count(names) > 0
}

deny contains finding("pod-host-path", "volumes are folders of the node: ", names) if {
	names := [volume.name | some volume in volumes; volume.hostPath]
	count(names) > 0
}

shifted if {
	input.kind == "Pod"
	spec.hostNetwork == true
}

deny contains finding("pod-host-ports", "containers open ports of the node: ", names) if {
	names := [container.name | some container in own_containers; opens_port(container)]
	count(names) > 0
}

opens_port(container) if {
	some port in container.ports
	object.get(port, "hostPort", 0) != 0
}

opens_port(container) if {
	shifted
	some port in container.ports
	object.get(port, "containerPort", 0) != 0
}

deny contains finding("pod-privilege-escalation", "containers do not say allowPrivilegeEscalation: false: ", names) if {
	spec
	not windows
	names := [container.name | some container in containers; not context(container).allowPrivilegeEscalation == false]
	count(names) > 0
}

deny contains finding("pod-privileged", "containers run privileged: ", names) if {
	names := [container.name | some container in containers; context(container).privileged == true]
	count(names) > 0
}

deny contains finding("pod-probe-hosts", "probes or hooks name a host of their own in: ", names) if {
	names := [container.name | some container in containers; names_host(container)]
	count(names) > 0
}

names_host(container) if {
	some probe in ["livenessProbe", "readinessProbe", "startupProbe"]
	some way in ["httpGet", "tcpSocket"]
	object.get(container, [probe, way, "host"], "") != ""
}

names_host(container) if {
	some hook in ["postStart", "preStop"]
	some way in ["httpGet", "tcpSocket"]
	object.get(container, ["lifecycle", hook, way, "host"], "") != ""
}

unmasked := [container.name |
	some container in containers
	object.get(context(container), "procMount", "Default") != "Default"
]

deny contains finding("pod-proc-mount-default", "/proc is unmasked in: ", unmasked) if count(unmasked) > 0

deny contains finding("pod-proc-mount", "/proc is unmasked in: ", unmasked) if {
	not user_namespace
	count(unmasked) > 0
}

deny contains finding("pod-run-as-non-root", "the pod says runAsNonRoot: false", []) if {
	security.runAsNonRoot == false
	not user_namespace
}

deny contains finding("pod-run-as-non-root", "containers may run as root: ", names) if {
	spec
	not user_namespace
	promised := object.get(security, "runAsNonRoot", false)
	names := [container.name | some container in containers; object.get(context(container), "runAsNonRoot", promised) != true]
	count(names) > 0
}

deny contains finding("pod-run-as-user", "user 0 is asked for by: ", names) if {
	not user_namespace
	names := [one.of | some one in contexts; one.set.runAsUser == 0]
	count(names) > 0
}

deny contains finding("pod-seccomp-not-disabled", "seccomp is switched off by: ", names) if {
	names := [one.of |
		some one in contexts
		one.set.seccompProfile
		not one.set.seccompProfile.type in confining
	]
	count(names) > 0
}

deny contains finding("pod-seccomp-required", "the profile of the pod is neither RuntimeDefault nor Localhost", []) if {
	security.seccompProfile
	not windows
	not security.seccompProfile.type in confining
}

deny contains finding("pod-seccomp-required", "no seccomp profile for: ", names) if {
	spec
	not windows
	names := [container.name | some container in containers; not confined(container)]
	count(names) > 0
}

confined(container) if context(container).seccompProfile.type in confining

confined(container) if {
	not context(container).seccompProfile
	security.seccompProfile.type in confining
}

container_types := {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}

deny contains finding("pod-selinux", "SELinux options leave those of containers in: ", names) if {
	names := [one.of | some one in contexts; one.set.seLinuxOptions; leaves(one.set.seLinuxOptions)]
	count(names) > 0
}

leaves(options) if not object.get(options, "type", "") in container_types

leaves(options) if object.get(options, "user", "") != ""

leaves(options) if object.get(options, "role", "") != ""

safe_sysctls := {
	"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}

deny contains finding("pod-sysctls", "sets kernel parameters: ", names) if {
	names := [sysctl.name | some sysctl in security.sysctls; not sysctl.name in safe_sysctls]
	count(names) > 0
}

volume_types := {
	"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}

deny contains finding("pod-volume-types", "volumes of a restricted type: ", names) if {
	names := [volume.name |
		some volume in volumes
		keys := object.keys(volume) - {"name"}
		count(keys) > 0
		count(keys & volume_types) == 0
	]
	count(names) > 0
}

deny contains finding("pod-windows-host-process", "processes of the host: ", names) if {
	names := [one.of | some one in contexts; one.set.windowsOptions.hostProcess == true]
	count(names) > 0
}
