"""The values that random pods are made of: on either side of each border of the Pod Security Standards.

A table has, for each field, values that both levels let be, and values that at least one of them refuses (or nearly).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Table = Mapping[str, tuple[Sequence[Any], Sequence[Any]]]
ABSENT: Final = object()

APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
GOOD_APPARMOR: Final = ("", "runtime/default", "localhost/web", None)
BAD_APPARMOR: Final = ("unconfined",)
SECCOMP_ANNOTATION: Final = "seccomp.security.alpha.kubernetes.io/pod"
"""Of before Kubernetes 1.19; it has no effect any more, and no verdict may follow from it."""
CAPABILITIES: Final = (
    "ALL", "AUDIT_WRITE", "CAP_CHOWN", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_CHROOT",
    "SYS_PTRACE", "SYS_TIME", "chown", "net_bind_service",
)  # fmt: skip
PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")

_RUNTIME, _UNCONFINED = {"type": "RuntimeDefault"}, {"type": "Unconfined"}
_LOCAL = {"type": "Localhost", "localhostProfile": "profiles/web"}
_PROFILES = ((ABSENT, None, _RUNTIME, _LOCAL), (_UNCONFINED,))
_GOOD_SELINUX: Sequence[Any] = (
    ABSENT, None, {}, {"level": "s0:c1,c2"}, {"type": "container_t"}, {"type": "container_init_t", "user": ""},
    {"type": "container_kvm_t", "role": None}, {"type": "container_engine_t"}, {"type": ""},
)  # fmt: skip
_BAD_SELINUX = (
    {"type": "spc_t"}, {"type": "container_runtime_t"}, {"type": "Container_t"}, {"user": "system_u"},
    {"type": "container_t", "role": "sysadm_r"}, {"user": "u", "role": "r"},
)  # fmt: skip
_WINDOWS_OPTIONS: tuple[Sequence[Any], Sequence[Any]] = (
    (ABSENT, None, {}, {"hostProcess": False}, {"hostProcess": None}, {"runAsUserName": "ContainerUser"}),
    ({"hostProcess": True},),
)
_CAPABILITIES: tuple[Sequence[Any], Sequence[Any]] = (
    ({"drop": ["ALL"]}, {"drop": ["ALL"], "add": []}, {"drop": ["ALL"], "add": None},
     {"drop": ["NET_RAW", "ALL"], "add": ["NET_BIND_SERVICE"]}, {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
    (ABSENT, None, {}, {"drop": None}, {"drop": []}, {"drop": ["all"]}, {"drop": ["NET_RAW"]},
     {"add": ["NET_BIND_SERVICE"]}, {"drop": ["ALL"], "add": ["CHOWN"]}, {"drop": ["ALL"], "add": ["NET_RAW"]},
     {"drop": ["ALL"], "add": ["CAP_SYS_ADMIN"]}, {"drop": ["ALL"], "add": ["ALL"]}, {"add": ["SYS_CHROOT"]},
     {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "SYS_TIME"]}, {"drop": ["ALL"], "add": ["net_bind_service"]}),
)  # fmt: skip

CONTAINER: Final[Table] = {
    "privileged": ((ABSENT, ABSENT, False, None), (True,)),
    "allowPrivilegeEscalation": ((False,), (True, None, ABSENT)),
    "capabilities": _CAPABILITIES,
    "procMount": ((ABSENT, ABSENT, None, "Default"), ("Unmasked",)),
    "runAsNonRoot": ((ABSENT, True, True, None), (False, ABSENT)),
    "runAsUser": ((ABSENT, None, 1, 1000, 65535), (0,)),
    "seccompProfile": _PROFILES,
    "appArmorProfile": ((ABSENT, ABSENT, ABSENT, *_PROFILES[0]), _PROFILES[1]),
    "seLinuxOptions": (_GOOD_SELINUX, _BAD_SELINUX),
    "windowsOptions": ((ABSENT, ABSENT, ABSENT, *_WINDOWS_OPTIONS[0]), _WINDOWS_OPTIONS[1]),
}
WINDOWS_CONTAINER: Final[Table] = {
    "runAsNonRoot": ((ABSENT, True, True, None), (False, ABSENT)),
    "windowsOptions": _WINDOWS_OPTIONS,
}

_SAFE_SYSCTLS = (
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
)  # fmt: skip
_OTHER_SYSCTLS = (
    "kernel.msgmax", "kernel.shm_rmid", "net.core.somaxconn", "net.ipv4.tcp_mem", "net.ipv6.conf.all.forwarding",
    "net/ipv4/tcp_syncookies", "net.ipv4.tcp_syncookies2", "fs.mqueue.msg_max",
)  # fmt: skip


def _sysctls(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "value": "1"} for name in names]


POD_CONTEXT: Final[Table] = {
    "runAsNonRoot": ((True, True, True, True, True, ABSENT, None), (False, ABSENT, None)),
    "runAsUser": ((ABSENT, None, 1, 65535), (0,)),
    "seccompProfile": ((_RUNTIME, _RUNTIME, _RUNTIME, _LOCAL, _LOCAL, ABSENT), (ABSENT, None, _UNCONFINED)),
    "appArmorProfile": ((ABSENT, ABSENT, ABSENT, *_PROFILES[0]), _PROFILES[1]),
    "seLinuxOptions": (_GOOD_SELINUX, _BAD_SELINUX),
    "sysctls": (
        (ABSENT, ABSENT, None, [], *(_sysctls(name) for name in _SAFE_SYSCTLS)),
        (*(_sysctls(name) for name in _OTHER_SYSCTLS), _sysctls("net.ipv4.tcp_rmem", "kernel.msgmnb")),
    ),
    "windowsOptions": ((ABSENT, ABSENT, ABSENT, ABSENT, *_WINDOWS_OPTIONS[0]), _WINDOWS_OPTIONS[1]),
}
WINDOWS_POD_CONTEXT: Final[Table] = {
    "runAsNonRoot": ((True, True, True, ABSENT, None), (False, ABSENT, None)),
    "windowsOptions": _WINDOWS_OPTIONS,
}
_OFF = (ABSENT, ABSENT, False, None)
POD: Final[Table] = {
    "hostNetwork": (_OFF, (True,)),
    "hostPID": (_OFF, (True,)),
    "hostIPC": (_OFF, (True,)),
    "hostUsers": ((ABSENT, ABSENT, ABSENT, None, True, False, False), ()),
    "os": ((ABSENT, ABSENT, ABSENT, None, {"name": "linux"}), ()),
    "ephemeralContainers": ((ABSENT, ABSENT, None, []), ()),
}
WINDOWS_POD: Final[Table] = {
    "hostNetwork": (_OFF, (True,)),
    "hostPID": ((ABSENT, False, None), ()),
    "hostIPC": ((ABSENT, False, None), ()),
}

_HOSTS = ("127.0.0.1", "localhost", "::1", "10.0.0.1", "metadata.internal", " ")


def _handlers(way: str, **more: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    good = [{way: {"port": 8080, **more, **host}} for host in ({}, {"host": ""}, {"host": None})]
    return good, [{way: {"port": 8080, **more, "host": host}} for host in _HOSTS]


_HTTP, _TCP = _handlers("httpGet", path="/"), _handlers("tcpSocket")
_PROBE = (
    (ABSENT, ABSENT, ABSENT, None, *_HTTP[0], *_TCP[0], {"exec": {"command": ["true"]}}, {"grpc": {"port": 9000}}),
    (*_HTTP[1], *_TCP[1]),
)
_HOOKS = (ABSENT, {"exec": {"command": ["true"]}}, *_HTTP[0], *_TCP[0])


def _hooks(values: Sequence[Any]) -> list[Any]:
    return [{hook: value} for hook in ("postStart", "preStop") for value in values if value is not ABSENT]


_PORTS: tuple[Sequence[Any], Sequence[Any]] = (
    (ABSENT, ABSENT, None, [], [{"containerPort": 8080}], [{"containerPort": 8080, "hostPort": 0}],
     [{"containerPort": 8080, "hostPort": None}, {"containerPort": 53, "protocol": "UDP"}]),
    ([{"containerPort": 8080, "hostPort": 8080}], [{"containerPort": 80}, {"containerPort": 53, "hostPort": 1}],
     [{"containerPort": 9100, "hostPort": 60000, "hostIP": "127.0.0.1"}]),
)  # fmt: skip
CONTAINER_FIELDS: Final[Table] = {
    "ports": _PORTS,
    "livenessProbe": (_PROBE[0], _PROBE[1]),
    "readinessProbe": (_PROBE[0], _PROBE[1]),
    "startupProbe": (_PROBE[0], _PROBE[1]),
    "lifecycle": (
        (ABSENT, ABSENT, ABSENT, None, {}, {"preStop": None}, *_hooks(_HOOKS)),
        _hooks((*_HTTP[1], *_TCP[1])),
    ),
}

VOLUMES: Final[Sequence[Any]] = (
    {},
    {"emptyDir": {}},
    {"emptyDir": {"medium": "Memory"}},
    {"hostPath": None, "emptyDir": {}},
    {"nfs": None},
    {"emptyDir": None},
    {"configMap": {"name": "web"}},
    {"secret": {"secretName": "web"}},
    {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
    {"projected": {"sources": [{"serviceAccountToken": {"path": "token"}}, {"configMap": {"name": "web"}}]}},
    {"csi": {"driver": "secrets.gov.example"}},
    {"persistentVolumeClaim": {"claimName": "data"}},
    {
        "ephemeral": {
            "volumeClaimTemplate": {
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
            }
        }
    },
    {"image": {"reference": "registry.gov.example/model:1"}},
)
RESTRICTED_VOLUMES: Final = (
    {"hostPath": {"path": "/var/log"}},
    {"hostPath": {"path": "/run/containerd/containerd.sock", "type": "Socket"}},
    {"hostPath": {"path": "/", "type": None}},
    {"gcePersistentDisk": {"pdName": "disk"}},
    {"awsElasticBlockStore": {"volumeID": "vol-1"}},
    {"gitRepo": {"repository": "https://git.example/a.git"}},
    {"nfs": {"server": "10.0.0.1", "path": "/"}},
    {"iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2026-01.example:disk", "lun": 0}},
    {"glusterfs": {"endpoints": "gluster", "path": "v"}},
    {"rbd": {"monitors": ["10.0.0.1"], "image": "disk"}},
    {"flexVolume": {"driver": "example/disk"}},
    {"cinder": {"volumeID": "vol-1"}},
    {"cephfs": {"monitors": ["10.0.0.1"]}},
    {"flocker": {"datasetName": "data"}},
    {"fc": {"targetWWNs": ["500a0982991b8dc5"], "lun": 2}},
    {"azureFile": {"secretName": "azure", "shareName": "share"}},
    {"vsphereVolume": {"volumePath": "[store] disk"}},
    {"quobyte": {"registry": "10.0.0.1:7861", "volume": "v"}},
    {"azureDisk": {"diskName": "d", "diskURI": "https://blob.example/d.vhd", "kind": "Dedicated"}},
    {"portworxVolume": {"volumeID": "vol-1"}},
    {"photonPersistentDisk": {"pdID": "disk"}},
    {"scaleIO": {"gateway": "https://10.0.0.1", "system": "s", "secretRef": {"name": "scale"}, "volumeName": "v"}},
    {"storageos": {"volumeName": "v"}},
)


def is_host_process(context: Mapping[str, Any]) -> bool:
    """Whether a security context asks for a process of the Windows host."""
    return bool((context.get("windowsOptions") or {}).get("hostProcess"))
