"""What Kubernetes has where, as far as policies read it (core/v1, apps/v1, batch/v1, … of Kubernetes 1.34). Data.

A form is a sort, a list of one form, or fields; `*` stands for every key, and a field that ends in `!` has to be there.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final


class Sort(enum.StrEnum):
    """What a value is, without a look into it."""

    MAPPING = "mapping"
    LIST = "list"
    TEXT = "text"
    NUMBER = "number"
    FLAG = "true or false"
    QUANTITY = "text or number"
    """Of a resource, or a port by its number or name."""


Form = Any
"""`Sort`, `[Form]` or `{field: Form}`."""

_TEXT, _NUMBER, _FLAG, _QUANTITY = Sort.TEXT, Sort.NUMBER, Sort.FLAG, Sort.QUANTITY
_MAPPING = Sort.MAPPING
_TEXTS: Final[Form] = {"*": _TEXT}
_SELECTOR: Final[Form] = {"matchLabels": _TEXTS, "matchExpressions": [_MAPPING]}
_METADATA: Final[Form] = {"name": _TEXT, "namespace": _TEXT, "labels": _TEXTS, "annotations": _TEXTS}
_PROFILE: Final[Form] = {"type": _TEXT, "localhostProfile": _TEXT}
_CONTEXT: Final[Form] = {
    **dict.fromkeys(("runAsNonRoot", "privileged", "allowPrivilegeEscalation", "readOnlyRootFilesystem"), _FLAG),
    **dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"), _NUMBER),
    "procMount": _TEXT,
    "capabilities": {"add": [_TEXT], "drop": [_TEXT]},
    "seccompProfile": _PROFILE,
    "appArmorProfile": _PROFILE,
    "seLinuxOptions": _TEXTS,
    "windowsOptions": {"hostProcess": _FLAG},
    "supplementalGroups": [_NUMBER],
    "sysctls": [{"name": _TEXT, "value": _TEXT}],
}
_RESOURCES: Final[Form] = {"limits": {"*": _QUANTITY}, "requests": {"*": _QUANTITY}}
_REFERENCE: Final[Form] = {"name": _TEXT, "key": _TEXT}
_HANDLER: Final[Form] = {
    "exec": {"command": [_TEXT]},
    "httpGet": {"host": _TEXT, "path": _TEXT, "port": _QUANTITY},
    "tcpSocket": {"host": _TEXT, "port": _QUANTITY},
}
_CONTAINER: Final[Form] = {
    **dict.fromkeys(("name", "image", "imagePullPolicy", "workingDir"), _TEXT),
    "command": [_TEXT],
    "args": [_TEXT],
    "env": [
        {
            "name": _TEXT,
            "value": _TEXT,
            "valueFrom": {"secretKeyRef": _REFERENCE, "configMapKeyRef": _REFERENCE, "fieldRef": _MAPPING},
        }
    ],
    "envFrom": [{"prefix": _TEXT, "secretRef": _REFERENCE, "configMapRef": _REFERENCE}],
    "ports": [{"name": _TEXT, "containerPort": _NUMBER, "hostPort": _NUMBER, "hostIP": _TEXT, "protocol": _TEXT}],
    "volumeMounts": [{"name": _TEXT, "mountPath": _TEXT, "subPath": _TEXT, "subPathExpr": _TEXT, "readOnly": _FLAG}],
    "resources": _RESOURCES,
    "securityContext": _CONTEXT,
    "livenessProbe": _HANDLER,
    "readinessProbe": _HANDLER,
    "startupProbe": _HANDLER,
    "lifecycle": {"postStart": _HANDLER, "preStop": _HANDLER},
}
_VOLUME: Final[Form] = {
    "name": _TEXT,
    "hostPath": {"path": _TEXT},
    "emptyDir": {"medium": _TEXT, "sizeLimit": _QUANTITY},
    "secret": {"secretName": _TEXT},
    "configMap": {"name": _TEXT},
    "csi": {"driver": _TEXT},
    "image": {"reference": _TEXT},
    "projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": _NUMBER}}]},
}
_POD: Final[Form] = {
    **dict.fromkeys(
        (
            *("hostNetwork", "hostPID", "hostIPC", "hostUsers"),
            *("shareProcessNamespace", "automountServiceAccountToken"),
        ),
        _FLAG,
    ),
    **dict.fromkeys(
        (
            *("serviceAccountName", "nodeName", "schedulerName", "priorityClassName"),
            *("dnsPolicy", "restartPolicy", "runtimeClassName"),
        ),
        _TEXT,
    ),
    "terminationGracePeriodSeconds": _NUMBER,
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "ephemeralContainers": [_CONTAINER],
    "volumes": [_VOLUME],
    "securityContext": _CONTEXT,
    "resources": _RESOURCES,
    "nodeSelector": _TEXTS,
    "tolerations": [{"key": _TEXT, "operator": _TEXT, "value": _TEXT, "effect": _TEXT}],
    "hostAliases": [{"ip": _TEXT, "hostnames": [_TEXT]}],
    "dnsConfig": {"nameservers": [_TEXT], "searches": [_TEXT]},
    "topologySpreadConstraints": [{"topologyKey": _TEXT, "maxSkew": _NUMBER}],
    "affinity": _MAPPING,
    "os": {"name": _TEXT},
    "imagePullSecrets": [{"name": _TEXT}],
}
_TEMPLATE: Final[Form] = {"metadata": _METADATA, "spec!": _POD}
_WORKLOAD: Final[Form] = {"spec!": {"replicas": _NUMBER, "selector": _SELECTOR, "template!": _TEMPLATE}}
_JOB: Final[Form] = {"activeDeadlineSeconds": _NUMBER, "backoffLimit": _NUMBER, "template!": _TEMPLATE}
_PEER: Final[Form] = {"podSelector": _SELECTOR, "namespaceSelector": _SELECTOR, "ipBlock": {"cidr": _TEXT}}
_NETWORK_PORT: Final[Form] = {"protocol": _TEXT, "port": _QUANTITY, "endPort": _NUMBER}
_RIGHTS: Final[Form] = {
    "rules": [
        {name: [_TEXT] for name in ("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs")},
    ],
    "aggregationRule": {"clusterRoleSelectors": [_SELECTOR]},
}
_GRANT: Final[Form] = {
    "roleRef": {"apiGroup": _TEXT, "kind": _TEXT, "name": _TEXT},
    "subjects": [{"kind": _TEXT, "name": _TEXT, "namespace": _TEXT, "apiGroup": _TEXT}],
}
_WEBHOOKS: Final[Form] = {
    "webhooks": [{"name": _TEXT, "failurePolicy": _TEXT, "clientConfig": {"url": _TEXT}, "rules": [_MAPPING]}]
}

ANY: Final[Form] = {"metadata": _METADATA}
"""Of every object."""
FORMS: Final[Mapping[tuple[str, str], Form]] = MappingProxyType(
    {
        ("", "Pod"): {"spec!": _POD},
        ("", "PodTemplate"): {"template!": _TEMPLATE},
        ("", "ReplicationController"): {"spec!": {"replicas": _NUMBER, "selector": _TEXTS, "template!": _TEMPLATE}},
        **{("apps", kind): _WORKLOAD for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")},
        ("batch", "Job"): {"spec!": _JOB},
        ("batch", "CronJob"): {
            "spec!": {"schedule": _TEXT, "concurrencyPolicy": _TEXT, "jobTemplate!": {"spec!": _JOB}}
        },
        ("", "ConfigMap"): {"data": _TEXTS},
        ("", "Secret"): {"type": _TEXT, "data": _TEXTS, "stringData": _TEXTS},
        ("", "Service"): {
            "spec": {
                **dict.fromkeys(("type", "clusterIP", "externalName"), _TEXT),
                "selector": _TEXTS,
                "ports": [{"name": _TEXT, "port": _NUMBER, "targetPort": _QUANTITY, "nodePort": _NUMBER}],
                "externalIPs": [_TEXT],
                "loadBalancerSourceRanges": [_TEXT],
            }
        },
        ("networking.k8s.io", "Ingress"): {
            "spec": {
                "ingressClassName": _TEXT,
                "rules": [{"host": _TEXT, "http": {"paths": [_MAPPING]}}],
                "tls": [{"hosts": [_TEXT], "secretName": _TEXT}],
            }
        },
        ("networking.k8s.io", "NetworkPolicy"): {
            "spec": {
                "podSelector": _SELECTOR,
                "policyTypes": [_TEXT],
                "ingress": [{"from": [_PEER], "ports": [_NETWORK_PORT]}],
                "egress": [{"to": [_PEER], "ports": [_NETWORK_PORT]}],
            }
        },
        **{("rbac.authorization.k8s.io", kind): _RIGHTS for kind in ("Role", "ClusterRole")},
        **{("rbac.authorization.k8s.io", kind): _GRANT for kind in ("RoleBinding", "ClusterRoleBinding")},
        **{
            ("admissionregistration.k8s.io", f"{kind}WebhookConfiguration"): _WEBHOOKS
            for kind in ("Validating", "Mutating")
        },
    }
)
"""Group and kind -> the form of its objects."""
