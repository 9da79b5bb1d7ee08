"""Kubernetes objects as checks see them: kind, names, labels, selectors, pods."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import reading
from govcloud_cli.model import policies

Json = Any
Labels = Mapping[str, str]

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})
"""In every cluster, and Kubernetes' own: no inventory or manifest makes them."""

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that the API server puts on every namespace."""

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Kind -> where its pod's template is."""

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
"""The three kinds of containers of a pod."""

WORKLOADS = frozenset(_TEMPLATES)
_GROUPS = frozenset({"v1", "apps/v1", "batch/v1"})


def kind(subject: subjects.Subject) -> str:
    """The kind of a Kubernetes object; empty for anything else."""
    # Every check asks this of every subject, so without detours.
    document = subject.document
    if subject.input is not policies.Input.KUBERNETES or not isinstance(document, dict):
        return ""
    found = document.get("kind")
    return found if isinstance(found, str) else ""


def is_a(*kinds: str, group: str | None = None) -> Callable[[subjects.Subject], bool]:
    """A predicate: an object of one of `kinds`, of API group `group` (any, if None; `` is the core group)."""

    wanted = frozenset(kinds)

    def told(subject: subjects.Subject) -> bool:
        if kind(subject) not in wanted:
            return False
        return group is None or reading.text(subject.document, "apiVersion").rpartition("/")[0] == group

    return told


def is_workload(subject: subjects.Subject) -> bool:
    """Whether it runs pods."""
    return kind(subject) in WORKLOADS and reading.text(subject.document, "apiVersion") in _GROUPS


def name(subject: subjects.Subject) -> str:
    """`metadata.name`."""
    return reading.text(subject.document, "metadata", "name")


def namespace(subject: subjects.Subject) -> str:
    """`metadata.namespace`; objects that name none are together in the namespace that is called nothing."""
    return reading.text(subject.document, "metadata", "namespace")


def labels(document: Json) -> Labels:
    """`metadata.labels` of an object or a template, as far as they are text."""
    found = reading.mapping(document, "metadata", "labels")
    return {key: value for key, value in found.items() if isinstance(value, str)}


def namespace_labels(subject: subjects.Subject) -> Labels:
    """A namespace's labels, with the one that the API server adds."""
    return {**labels(subject.document), NAMESPACE_NAME: name(subject)}


def template(subject: subjects.Subject) -> Json:
    """The pod (or its template) of a workload."""
    return functools.reduce(reading.at, _TEMPLATES[kind(subject)], subject.document)


def template_path(subject: subjects.Subject) -> subjects.Path:
    """Where `template` is."""
    return _TEMPLATES[kind(subject)]


def template_fields(*steps: str) -> tuple[subjects.Path, ...]:
    """Where a field of a pod's template is, in every kind that has one."""
    return tuple((*path, *steps) for path in dict.fromkeys(_TEMPLATES.values()))


def containers(pod: Json) -> Iterator[tuple[subjects.Path, Json]]:
    """Every container of a pod or template, of all three kinds, with its path in there."""
    for field in CONTAINERS:
        for index, container in enumerate(reading.items(pod, "spec", field)):
            yield ("spec", field, index), container


def by_namespace(found: Iterable[subjects.Subject]) -> dict[str, list[subjects.Subject]]:
    """Objects by the namespace that they are in."""
    grouped: dict[str, list[subjects.Subject]] = {}
    for one in found:
        grouped.setdefault(namespace(one), []).append(one)
    return grouped


def selects(selector: Json, given: Labels) -> bool:
    """Whether a label selector (`matchLabels`, `matchExpressions`) takes something with these labels.

    As the API says: an empty one takes everything, none at all nothing.
    """
    if not isinstance(selector, Mapping):
        return False
    equal = reading.mapping(selector, "matchLabels").items()
    return all(given.get(key) == value for key, value in equal) and all(
        _fits(one, given) for one in reading.items(selector, "matchExpressions")
    )


class Pods:
    """The pods of every workload, found by labels."""

    def __init__(self, found: Iterable[subjects.Subject]) -> None:
        grouped = by_namespace(filter(is_workload, found))
        self._labels = {name: [labels(template(one)) for one in group] for name, group in grouped.items()}
        self._having: dict[tuple[str, str, str], list[Labels]] = {}
        for name, group in self._labels.items():
            for given in group:
                for key, value in given.items():
                    self._having.setdefault((name, key, value), []).append(given)

    def any_in(self, namespace: str, selector: Json) -> bool:
        """Whether a selector takes any; True where no workload of the namespace is known."""
        if namespace not in self._labels:
            return True
        having = [self._having.get((namespace, *pair), []) for pair in _pairs(selector)]
        among = min(having, key=len) if having else self._labels[namespace]
        return any(selects(selector, given) for given in among)


class Selectors:
    """Objects that select pods, found by the labels of a pod."""

    def __init__(self, found: Iterable[subjects.Subject], selector_of: Callable[[subjects.Subject], Json]) -> None:
        entries = [(one, selector_of(one)) for one in found]
        common = collections.Counter((namespace(one), *pair) for one, selector in entries for pair in _pairs(selector))
        self._by_pair: dict[tuple[str, ...], list[tuple[subjects.Subject, Json]]] = {}
        for one, selector in entries:
            keys = [(namespace(one), *pair) for pair in _pairs(selector)]
            rarest = min(keys, key=lambda key: common[key]) if keys else (namespace(one),)
            self._by_pair.setdefault(rarest, []).append((one, selector))

    def taking(self, within: str, given: Labels) -> list[subjects.Subject]:
        """Those of a namespace that take a pod with these labels."""
        keys = [(within,), *((within, *pair) for pair in given.items())]
        entries = (entry for key in keys for entry in self._by_pair.get(key, ()))
        return [one for one, selector in entries if selects(selector, given)]


def _pairs(selector: Json) -> list[tuple[str, str]]:
    return [pair for pair in reading.mapping(selector, "matchLabels").items() if isinstance(pair[1], str)]


def _fits(expression: Json, given: Labels) -> bool:
    key, values = reading.text(expression, "key"), reading.texts(expression, "values")
    match reading.text(expression, "operator"):
        case "In":
            return given.get(key) in values
        case "NotIn":
            return given.get(key) not in values
        case "Exists":
            return key in given
        case "DoesNotExist":
            return key not in given
    return False
