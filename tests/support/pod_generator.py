"""Random pods for comparing our Pod Security verdicts with Kubernetes' own.

Every field that the levels `baseline` and `restricted` look at, in every container, mostly with values next to the
border: good ones, bad ones, absent, null and empty. The same seed gives the same pods. Most are valid for the API
server; which are not, it says itself.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.support import pod_values

Json = dict[str, Any]
_VERSIONS: Final = {
    "PodTemplate": "v1",
    "ReplicationController": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
}
WORKLOADS: Final = tuple(_VERSIONS)
_RESTART: Final = {"Job": {"restartPolicy": "Never"}, "CronJob": {"restartPolicy": "OnFailure"}}
_IMAGE: Final = "registry.gov.example/web:1"
_RISKS: Final = (0.0, 0.0, 0.01, 0.02, 0.03, 0.06, 0.12, 0.3)
"""How probable a value of the other side of the border is, one of these for each pod."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Template:
    """A pod without a name: what a Pod and the template of a workload have in common."""

    metadata: Json
    spec: Json

    def pod(self, name: str) -> Json:
        """As a Pod."""
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **self.metadata}, "spec": self.spec}

    def workload(self, kind: str, name: str) -> Json:
        """As the template of a workload; its API version is the stable one."""
        metadata = {"labels": {"app": name}, **self.metadata}
        template: Json = {"metadata": metadata, "spec": self.spec | _RESTART.get(kind, {})}
        document: Json = {"apiVersion": _VERSIONS[kind], "kind": kind, "metadata": {"name": name}}
        if kind == "PodTemplate":
            return document | {"template": template}
        if kind == "Job":
            return document | {"spec": {"template": template}}
        if kind == "CronJob":
            return document | {"spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}}}
        selector = {"app": name} if kind == "ReplicationController" else {"matchLabels": {"app": name}}
        return document | {"spec": {"selector": selector, "template": template}}


def templates(seed: int) -> Iterator[Template]:
    """Pods without end."""
    chance = random.Random(seed)
    while True:
        yield _template(chance)


def ephemeral_containers(seed: int, *, windows: bool) -> Iterator[list[Json]]:
    """Lists of one or two containers as `kubectl debug` adds them, without end."""
    chance = random.Random(seed)
    while True:
        risk = chance.choice(_RISKS)
        found = []
        for name in ("debugger", "second")[: chance.choice((1, 1, 2))]:
            context = _context(chance, pod_values.WINDOWS_CONTAINER if windows else pod_values.CONTAINER, risk=risk)
            _make_escalation_valid(context)
            found.append({"name": name, "image": _IMAGE} | _wrapped(chance, context, risk=risk))
        yield found


def _template(chance: random.Random) -> Template:
    risk = chance.choice(_RISKS)
    windows = chance.random() < 0.15
    table = pod_values.WINDOWS_CONTAINER if windows else pod_values.CONTAINER
    spec: Json = {"containers": [_container(chance, name, table, risk=risk) for name in _some(chance, "web", "extra")]}
    inits = [_container(chance, name, table, risk=risk) for name in _some(chance, "init", "proxy", least=0)]
    for one in inits:
        if one["name"] == "proxy":
            one["restartPolicy"] = "Always"
        else:
            for field in (*pod_values.PROBES, "lifecycle"):
                one.pop(field, None)
    if inits or chance.random() < 0.1:
        spec["initContainers"] = inits or chance.choice(([], None))
    spec |= _drawn(chance, pod_values.WINDOWS_POD if windows else pod_values.POD, risk=risk)
    context = _context(chance, pod_values.WINDOWS_POD_CONTEXT if windows else pod_values.POD_CONTEXT, risk=risk)
    spec |= _wrapped(chance, context, risk=risk)
    spec |= _volumes(chance, risk=risk)
    if windows:
        spec["os"] = {"name": "windows"}
    _make_valid(chance, spec)
    return Template(metadata=_metadata(chance, spec, risk=risk), spec=spec)


def _some(chance: random.Random, *names: str, least: int = 1) -> Sequence[str]:
    return names[: chance.choice((least, least, least + 1, len(names)))]


def _container(chance: random.Random, name: str, table: pod_values.Table, *, risk: float) -> Json:
    made: Json = {"name": name, "image": _IMAGE}
    made |= _drawn(chance, pod_values.CONTAINER_FIELDS, risk=risk)
    return made | _wrapped(chance, _context(chance, table, risk=risk), risk=risk)


def _drawn(chance: random.Random, table: pod_values.Table, *, risk: float) -> Json:
    """A value for each field of `table`, or none."""
    found = {}
    for field, (good, bad) in table.items():
        value = chance.choice(bad if bad and chance.random() < risk else good)
        if value is not pod_values.ABSENT:
            found[field] = _fresh(value)
    return found


def _fresh(value: Any) -> Any:
    """A copy, so that making one pod valid changes no other."""
    if isinstance(value, dict):
        return {key: _fresh(inner) for key, inner in value.items()}
    return [_fresh(inner) for inner in value] if isinstance(value, list) else value


def _context(chance: random.Random, table: pod_values.Table, *, risk: float) -> Json:
    drawn = _drawn(chance, table, risk=risk)
    if isinstance(drawn.get("capabilities"), dict) and chance.random() < 0.3 * risk:
        drawn["capabilities"]["add"] = chance.sample(pod_values.CAPABILITIES, chance.randint(0, 3))
    return drawn


def _wrapped(chance: random.Random, context: Json, *, risk: float) -> Json:
    """`{securityContext: …}`, at times null, empty or left out."""
    if chance.random() < 0.3 * risk:
        return chance.choice(({}, {"securityContext": None}, {"securityContext": {}}))
    return {"securityContext": context} if context or chance.random() < 0.5 else {}


def _volumes(chance: random.Random, *, risk: float) -> Json:
    count = chance.choice((0, 0, 1, 2, 3))
    if not count:
        return chance.choice(({}, {}, {"volumes": []}, {"volumes": None}))
    found = []
    for number in range(count):
        bad = chance.random() < risk * 2
        source = chance.choice(pod_values.RESTRICTED_VOLUMES if bad else pod_values.VOLUMES)
        found.append({"name": f"v{number}", **_fresh(source)})
    return {"volumes": found}


def _metadata(chance: random.Random, spec: Mapping[str, Any], *, risk: float) -> Json:
    """Labels, and at times the annotations of before the fields; null and empty forms too."""
    annotations: dict[str, Any] = {}
    for container in (*spec["containers"], *(spec.get("initContainers") or ())):
        # An annotation that says another thing than the field is refused.
        said = any((one.get("securityContext") or {}).get("appArmorProfile") for one in (spec, container))
        if not said and chance.random() < 0.2:
            values = pod_values.BAD_APPARMOR if chance.random() < risk * 2 else pod_values.GOOD_APPARMOR
            annotations[pod_values.APPARMOR + container["name"]] = chance.choice(values)
    if chance.random() < 0.1 and not (spec.get("securityContext") or {}).get("seccompProfile"):
        annotations[pod_values.SECCOMP_ANNOTATION] = chance.choice(("unconfined", "runtime/default"))
    if not annotations:
        return chance.choice(({}, {"annotations": None}, {"annotations": {}}, {"annotations": {"team": "web"}}))
    return {"annotations": annotations}


def _make_valid(chance: random.Random, spec: Json) -> None:
    """Take back what the API server refuses for other reasons than Pod Security."""
    context = spec.get("securityContext") or {}
    containers = [*spec["containers"], *(spec.get("initContainers") or ())]
    contexts = [one.get("securityContext") or {} for one in containers]
    if spec.get("hostUsers") is False:
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            spec.pop(field, None)
    elif any(one.get("procMount") == "Unmasked" for one in contexts):
        spec["hostUsers"] = False
        return _make_valid(chance, spec)
    for one in contexts:
        _make_escalation_valid(one)
    if spec.get("os") == {"name": "linux"}:
        for one in (context, *contexts):
            one.pop("windowsOptions", None)
    if any(pod_values.is_host_process(one) for one in (context, *contexts)):
        _make_host_process_valid(chance, spec, containers)
    _make_ports_valid(spec, containers)
    _make_sysctls_valid(spec, context)
    return None


def _make_escalation_valid(context: Json) -> None:
    if context.get("privileged") or "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
        context.pop("allowPrivilegeEscalation", None)


def _make_host_process_valid(chance: random.Random, spec: Json, containers: Sequence[Json]) -> None:
    """All containers or none, on the host's network: by the pod's word or by each container's."""
    spec["hostNetwork"] = True
    spec.pop("hostUsers", None)
    context = spec.get("securityContext") or {}
    context.pop("windowsOptions", None)
    options = {"windowsOptions": {"hostProcess": True}}
    of_pod = chance.random() < 0.5
    for one in containers:
        own = one.get("securityContext") or {}
        own.pop("windowsOptions", None)
        if own.get("procMount") == "Unmasked":
            own.pop("procMount")
        one["securityContext"] = own | ({} if of_pod else options)
    if of_pod:
        context.update(options)
        spec["securityContext"] = context


def _make_ports_valid(spec: Json, containers: Sequence[Json]) -> None:
    taken: set[int] = set()
    for one in containers:
        for port in one.get("ports") or ():
            if spec.get("hostNetwork"):
                port.pop("hostPort", None)
            if port.get("hostPort"):
                while port["hostPort"] in taken:
                    port["hostPort"] += 1
                taken.add(port["hostPort"])
            elif spec.get("hostNetwork"):
                while port["containerPort"] in taken:
                    port["containerPort"] += 1
                taken.add(port["containerPort"])


def _make_sysctls_valid(spec: Json, context: Json) -> None:
    forbidden = ("net", "\0")[not spec.get("hostNetwork")], ("kernel", "\0")[not spec.get("hostIPC")]
    if context.get("sysctls"):
        context["sysctls"] = [one for one in context["sysctls"] if not one["name"].startswith(forbidden)]
