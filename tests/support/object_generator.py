"""Kubernetes objects that nobody would write by hand: samples of policies, changed field by field, from a seed.

A change drops, nulls, empties, retypes or doubles a value, or puts one there that another sample has in that place. A
pod template is one place, whatever kind holds it, and each sample's template is put into all nine kinds.
"""

from __future__ import annotations

import copy
import json
import pathlib
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

Json = Any
Path = tuple[str | int, ...]
TEMPLATES: dict[tuple[str, str], Path] = {
    ("v1", "Pod"): (),
    ("v1", "PodTemplate"): ("template",),
    ("v1", "ReplicationController"): ("spec", "template"),
    ("apps/v1", "Deployment"): ("spec", "template"),
    ("apps/v1", "StatefulSet"): ("spec", "template"),
    ("apps/v1", "DaemonSet"): ("spec", "template"),
    ("apps/v1", "ReplicaSet"): ("spec", "template"),
    ("batch/v1", "Job"): ("spec", "template"),
    ("batch/v1", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
}
"""Where each kind holds a pod."""
SIBLINGS = {
    "Role": "ClusterRole",
    "ClusterRole": "Role",
    "RoleBinding": "ClusterRoleBinding",
    "ClusterRoleBinding": "RoleBinding",
}
"""Kinds of one shape but for the namespace."""
STORED_AS = {"projectcalico.org/v3": "crd.projectcalico.org/v1"}
"""Versions of kinds that have another name where they are kept."""
_WORN: Json = {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}
_WORN_BY_EACH: Json = {
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "resources": {"limits": {"cpu": "1", "memory": "64Mi"}, "requests": {"cpu": "1", "memory": "64Mi"}},
}
_CHANGES = {"graft": 30, "swap": 24, "drop": 18, "null": 8, "empty": 6, "strange": 8, "double": 6}
"""Of a hundred, how many are of which kind."""
_MAPS_OF_TEXTS = frozenset({"annotations", "data", "labels", "matchLabels", "nodeSelector"})
_FIXED = ("apiVersion", "kind")
_STRANGE: tuple[Json, ...] = (
    None, "", "*", "0", "true", "10.0.0.0/8", "0.0.0.0/0", "::/0", "1Gi", "1e3", "Ä", 0, 1, -1, 80, 65536, True, False,
    [], {},
)  # fmt: skip


def documents(file: pathlib.Path) -> list[Json]:
    """The objects of a file, those of lists one by one."""
    found = []
    for document in yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
        if isinstance(document, dict):
            listed = str(document.get("kind", "")).endswith("List")
            found += [one for one in (document.get("items") or ()) if one] if listed else [document]
    return [plain(one) for one in found if isinstance(one.get("metadata"), dict)]


def plain(document: Json) -> Json:
    """As JSON, and with a name."""
    found = json.loads(json.dumps(document, default=str))
    found["metadata"].setdefault("name", "nameless")
    return found


def spread(document: Json) -> list[Json]:
    """The object in every kind of its family, itself first."""
    place = TEMPLATES.get((document.get("apiVersion", ""), document.get("kind", "")))
    if place is not None:
        pod = at(document, place)
        if not isinstance(pod, dict) or not isinstance(pod.get("spec"), dict):
            return [document]
        kinds = [which for which in TEMPLATES if which != (document["apiVersion"], document["kind"])]
        others = [as_kind(document, pod, which) for which in kinds]
        return [document, *others, *(as_kind(document, pod | {"spec": dressed(pod["spec"])}, one) for one in TEMPLATES)]
    sibling = SIBLINGS.get(document.get("kind", ""))
    if sibling:
        other = copy.deepcopy(document) | {"kind": sibling}
        other["metadata"].pop("namespace", None)
        return [document, other]
    stored = STORED_AS.get(document.get("apiVersion", ""))
    return [document, document | {"apiVersion": stored}] if stored else [document]


def dressed(spec: Json) -> Json:
    """A pod's `spec` with what rules demand, wherever it does not say otherwise: what it breaks then shows alone."""
    found = copy.deepcopy(spec)
    found.setdefault("automountServiceAccountToken", False)
    for value, wanted in ((found, _WORN), *((one, _WORN_BY_EACH) for one in found.get("containers") or ())):
        if isinstance(value, dict):
            _dress(value, wanted)
    return found


def _dress(value: Json, wanted: Json) -> None:
    for key, inner in wanted.items():
        if isinstance(inner, dict) and isinstance(value.get(key, {}), dict):
            _dress(value.setdefault(key, {}), inner)
        else:
            value.setdefault(key, copy.deepcopy(inner))


def as_kind(document: Json, pod: Json, which: tuple[str, str]) -> Json:
    """An object of kind `which` around the pod of another one, such as the API server accepts."""
    api_version, kind = which
    metadata = {key: document["metadata"][key] for key in ("name", "namespace") if key in document["metadata"]}
    spec = copy.deepcopy(pod["spec"])
    spec.pop("restartPolicy", None)
    if kind in {"Job", "CronJob"}:
        spec["restartPolicy"] = "Never"
    own = pod.get("metadata") or {}
    labels = {"app": "web"} | (own.get("labels") or {})
    template = {"metadata": {"labels": labels} | _kept(own, "annotations"), "spec": spec}
    found = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    match kind:
        case "Pod":
            return found | {"metadata": metadata | _kept(own, "annotations", "labels"), "spec": spec}
        case "PodTemplate":
            return found | {"template": template}
        case "Job":
            return found | {"spec": {"template": template}}
        case "CronJob":
            return found | {"spec": {"schedule": "5 4 * * *", "jobTemplate": {"spec": {"template": template}}}}
        case "ReplicationController":
            return found | {"spec": {"selector": labels, "template": template}}
        case _:
            within = {"serviceName": "web"} if kind == "StatefulSet" else {}
            return found | {"spec": {"selector": {"matchLabels": labels}, "template": template, **within}}


def _kept(metadata: Json, *keys: str) -> Json:
    return {key: copy.deepcopy(metadata[key]) for key in keys if metadata.get(key)}


class Generator:
    """Changes of `samples`; the same seed gives the same objects."""

    def __init__(self, samples: Sequence[Json], *, seed: int) -> None:
        self._chance = random.Random(seed)
        self._known: dict[Path, list[Json]] = {}
        self._keys: dict[Path, list[str]] = {}
        seen: set[tuple[Path, str]] = set()
        for sample in samples:
            for path, value in walk(sample):
                shape = shape_of(sample, path)
                mark = (shape, json.dumps(value, sort_keys=True))
                if mark not in seen:
                    seen.add(mark)
                    self._known.setdefault(shape, []).append(value)
        for shape in self._known:
            if shape and isinstance(shape[-1], str):
                self._keys.setdefault(shape[:-1], []).append(shape[-1])

    def changed(self, sample: Json) -> Json:
        """A copy of `sample` with one to three changes."""
        found = copy.deepcopy(sample)
        for _ in range(self._chance.choice((1, 1, 2, 3))):
            self._change(found)
        return found

    def _change(self, document: Json) -> None:
        path = self._chance.choice([(), *(path for path, _ in walk(document))])
        value = at(document, path)
        change = self._chance.choices(list(_CHANGES), list(_CHANGES.values()))[0]
        if change == "graft":
            self._graft(value, shape_of(document, path))
        elif path:
            self._replace(document, path, change)

    def _graft(self, value: Json, shape: Path) -> None:
        """Put in something that another sample has there."""
        keys = [key for key in self._keys.get(shape, ()) if key != "*"]
        if isinstance(value, dict) and keys:
            key = self._chance.choice(keys)
            value[key] = self._value((*shape, key))
        elif isinstance(value, list) and (*shape, "*") in self._known:
            value.insert(self._chance.randint(0, len(value)), self._value((*shape, "*")))

    def _replace(self, document: Json, path: Path, change: str) -> None:
        value = at(document, path)
        # A null in a list is an empty item to the API server, and to us something that cannot be judged; in a map of
        # texts it is an empty text there, and nothing to us.
        within_list = isinstance(path[-1], int)
        no_null = within_list or (len(path) > 1 and path[-2] in _MAPS_OF_TEXTS)
        if change == "drop" or (change == "null" and no_null):
            drop(document, path)
        elif change == "null":
            put(document, path, None)
        elif change == "swap":
            put(document, path, self._value(shape_of(document, path)))
        elif change == "empty":
            put(document, path, type(value)() if isinstance(value, dict | list | str) else 0)
        elif change == "strange":
            put(document, path, copy.deepcopy(self._chance.choice(_STRANGE[no_null:])))
        elif isinstance(value, list) and value:
            value.append(copy.deepcopy(self._chance.choice(value)))
        else:
            put(document, path, [value] if isinstance(value, str) else str(value))

    def _value(self, shape: Path) -> Json:
        return copy.deepcopy(self._chance.choice(self._known.get(shape, _STRANGE)))


def shape_of(document: Json, path: Path) -> Path:
    """Where `path` is, the same for all items of a list and for pods in all kinds."""
    kind = (document.get("apiVersion", ""), document.get("kind", ""))
    template = TEMPLATES.get(kind)
    start: Path = (min(kind[1], SIBLINGS[kind[1]]) if kind[1] in SIBLINGS else f"{kind[0]}/{kind[1]}",)
    if template is not None and path[: len(template)] == template:
        start, path = ("pod",), path[len(template) :]
    return (*start, *("*" if isinstance(key, int) else key for key in path))


def walk(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every path that may be changed, with its value: all but kind, version, name and namespace."""
    if path and path not in {("metadata",), ("metadata", "name"), ("metadata", "namespace")}:
        yield path, value
    items: Iterable[tuple[str | int, Json]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        if path or key not in _FIXED:
            yield from walk(item, (*path, key))


def at(document: Json, path: Path) -> Json:
    """The value at `path`; None where there is none."""
    for key in path:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def put(document: Json, path: Path, value: Json) -> None:
    """Set it."""
    at(document, path[:-1])[path[-1]] = value


def drop(document: Json, path: Path) -> None:
    """Remove it."""
    del at(document, path[:-1])[path[-1]]
