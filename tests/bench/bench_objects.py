"""Manifests as departments write them: a file per application, five objects each, all different, a few with faults."""

from __future__ import annotations

import pathlib
import random
from typing import Any

import yaml

EACH = 5
"""Objects per application: a workload, its service, network policy and ingress, and a disruption budget or a role."""
_REGISTRY = "registry.yunxi.example/apps"
_PARTS = ("web", "api", "worker", "search", "form", "queue", "report", "archive", "sync", "portal")
_OFFICES = ("finance", "police", "civil", "health", "education", "tax", "land", "transport", "market", "labour")
_FAULTY = 0.05
"""Share of workloads with one fault."""
_FAULTS: tuple[dict[str, Any], ...] = (
    {"privileged": True},
    {"runAsNonRoot": False},
    {"runAsUser": 0},
    {"allowPrivilegeEscalation": True},
    {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}},
    {"seccompProfile": {"type": "Unconfined"}},
    {"readOnlyRootFilesystem": False},
)

Json = dict[str, Any]


def write(folder: pathlib.Path, count: int) -> int:
    """Write `count` objects below `folder`, the first ones the same for every count; return how many bytes."""
    size = 0
    for number in range(count // EACH):
        text = yaml.dump_all(application(number), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
        file = folder / _OFFICES[number % len(_OFFICES)] / f"application-{number:04d}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        size += len(text.encode())
    return size


def application(number: int) -> list[Json]:
    """All objects of one application."""
    chance = random.Random(number)
    office = _OFFICES[number % len(_OFFICES)]
    name = f"{chance.choice(_PARTS)}-{number:04d}"
    labels = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/part-of": f"{office}-services",
        "app.kubernetes.io/version": f"{chance.randint(1, 9)}.{chance.randint(0, 30)}.{chance.randint(0, 9)}",
    }
    place = {"name": name, "namespace": f"{office}-prod", "labels": labels}
    pod = {"metadata": {"labels": labels}, "spec": _pod(chance, name)}
    selector = {"app.kubernetes.io/name": name}
    port = {"name": "http", "port": 443, "targetPort": 8080, "protocol": "TCP"}
    host = f"{name}.{office}.yunxi.example"
    backend = {"service": {"name": name, "port": {"number": 443}}}
    workload = _workload(chance, place, selector, pod)
    return [
        workload,
        {"apiVersion": "v1", "kind": "Service", "metadata": place, "spec": {"selector": selector, "ports": [port]}},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": place,
            "spec": {
                "podSelector": {"matchLabels": selector},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [_peers(chance, "from", 8080)],
                "egress": [_peers(chance, "to", chance.choice((443, 5432, 6443)))],
            },
        },
        _role(chance, place) if workload["kind"] == "CronJob" else _budget(place, selector),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": place,
            "spec": {
                "ingressClassName": "internal",
                "tls": [{"hosts": [host], "secretName": f"{name}-tls"}],
                "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}],
            },
        },
    ]


def _role(chance: random.Random, place: Json) -> Json:
    names = [f"{place['name']}-{chance.choice(('settings', 'flags'))}"]
    verbs = chance.sample(["get", "watch", "list"], 2)
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": names, "verbs": verbs}]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": place, "rules": rules}


def _budget(place: Json, selector: Json) -> Json:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": place, "spec": spec}


def _workload(chance: random.Random, place: Json, selector: Json, pod: Json) -> Json:
    kind = chance.choices(("Deployment", "StatefulSet", "CronJob"), (74, 12, 14))[0]
    if kind == "CronJob":
        pod["spec"]["restartPolicy"] = "OnFailure"
        job = {"template": pod, "backoffLimit": 2, "activeDeadlineSeconds": 1800}
        plan: Json = {"schedule": f"{chance.randint(0, 59)} 3 * * *", "concurrencyPolicy": "Forbid"}
        plan["jobTemplate"] = {"spec": job}
        return {
            "apiVersion": "batch/v1",
            "kind": kind,
            "metadata": place,
            "spec": plan,
        }
    spec = {"replicas": chance.randint(2, 5), "selector": {"matchLabels": selector}, "template": pod}
    if kind == "StatefulSet":
        spec["serviceName"] = place["name"]
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": place, "spec": spec}


def _pod(chance: random.Random, name: str) -> Json:
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": name}},
    }
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "hostUsers": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": chance.randint(10_000, 60_000),
            "fsGroup": chance.randint(10_000, 60_000),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [spread],
        "containers": [_container(chance, name, part) for part in ("main", "proxy")[: chance.randint(1, 2)]],
        "volumes": [
            {"name": "settings", "configMap": {"name": f"{name}-settings"}},
            {"name": "scratch", "emptyDir": {"sizeLimit": f"{chance.randint(16, 256)}Mi"}},
        ],
    }


def _container(chance: random.Random, name: str, part: str) -> Json:
    digest = f"{chance.getrandbits(256):064x}"
    memory = f"{chance.choice((64, 128, 256, 512))}Mi"
    port = 8080 if part == "main" else 8443
    probe = {"httpGet": {"path": "/healthz", "port": port, "scheme": "HTTPS"}, "periodSeconds": chance.randint(5, 30)}
    context: Json = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    if chance.random() < _FAULTY:
        context |= chance.choice(_FAULTS)
    return {
        "name": part,
        "image": f"{_REGISTRY}/{name}/{part}@sha256:{digest}",
        "imagePullPolicy": "Always",
        "args": [f"--listen=:{port}", f"--shard={chance.randint(0, 99)}"],
        "env": [
            {"name": f"SETTING_{number}", "value": f"{chance.choice(_PARTS)}-{chance.randint(0, 9999)}"}
            for number in range(chance.randint(2, 6))
        ],
        "ports": [{"name": "https", "containerPort": port, "protocol": "TCP"}],
        "readinessProbe": probe,
        "livenessProbe": probe | {"initialDelaySeconds": chance.randint(5, 60), "failureThreshold": 5},
        "resources": {
            "requests": {"cpu": f"{chance.choice((50, 100, 250))}m", "memory": memory},
            "limits": {"cpu": f"{chance.choice((500, 1000))}m", "memory": memory},
        },
        "securityContext": context,
        "volumeMounts": [
            {"name": "settings", "mountPath": f"/srv/{name}/settings", "readOnly": True},
            {"name": "scratch", "mountPath": f"/srv/{name}/scratch"},
        ],
    }


def _peers(chance: random.Random, direction: str, port: int) -> Json:
    office = chance.choice(_OFFICES)
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": f"{office}-prod"}}}
    return {direction: [peer], "ports": [{"protocol": "TCP", "port": port}]}
