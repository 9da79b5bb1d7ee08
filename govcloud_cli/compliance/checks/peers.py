"""NetworkPolicies as checks see them: whom they select, which directions they close, and what they allow."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import objects, reading

Json = Any
DIRECTIONS: Mapping[str, tuple[str, str]] = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}
"""Policy type -> the field of its rules, and the field of a rule's peers."""

ANY = "*"

is_policy = objects.is_a("NetworkPolicy", group="networking.k8s.io")
is_namespace = objects.is_a("Namespace", group="")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of a policy."""

    path: subjects.Path
    peers: tuple[Json, ...]
    """Empty: everybody."""
    ports: tuple[Json, ...]
    """Empty: every port."""

    @property
    def is_everything(self) -> bool:
        """Whether it allows everybody everything."""
        return not self.peers and not self.ports

    def atoms(self) -> Iterator[tuple[str, str]]:
        """What it allows, as pairs of one peer and one port in canonical form; `ANY` stands for all."""
        for peer in [canonical(one) for one in self.peers] or [ANY]:
            for port in [canonical(_plain_port(one)) for one in self.ports] or [ANY]:
                yield peer, port


def canonical(value: Json) -> str:
    """JSON text that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def closes(policy: subjects.Subject) -> frozenset[str]:
    """The directions in which what it selects is closed but for what is allowed: `Ingress`, `Egress`."""
    types = reading.at(policy.document, "spec", "policyTypes")
    if isinstance(types, list):
        return frozenset(one for one in types if one in DIRECTIONS)
    # As the API fills it in.
    return frozenset({"Ingress", *(["Egress"] if reading.items(policy.document, "spec", "egress") else [])})


def selects_all(policy: subjects.Subject) -> bool:
    """Whether it is about every pod of its namespace."""
    selector = reading.at(policy.document, "spec", "podSelector")
    return isinstance(selector, Mapping) and not any(
        reading.at(selector, field) for field in ("matchLabels", "matchExpressions")
    )


def rules(policy: subjects.Subject, direction: str) -> list[Rule]:
    """What it allows in a direction."""
    field, end = DIRECTIONS[direction]
    return [
        Rule(
            path=("spec", field, index),
            peers=tuple(reading.items(rule, end)),
            ports=tuple(reading.items(rule, "ports")),
        )
        for index, rule in enumerate(reading.items(policy.document, "spec", field))
    ]


def _plain_port(port: Json) -> Json:
    return {"protocol": "TCP"} | dict(port) if isinstance(port, Mapping) else port


def allows_port(ports: tuple[Json, ...], wanted: Json) -> bool:
    """Whether ports of a rule hold one port of another. What a named port is, only pods know: it is taken to fit."""
    if not ports:
        return True
    return any(_holds(one, wanted) for one in ports)


def _holds(given: Json, wanted: Json) -> bool:
    if (reading.text(given, "protocol") or "TCP") != (reading.text(wanted, "protocol") or "TCP"):
        return False
    if reading.at(given, "port") is None or isinstance(reading.at(given, "port"), str):
        return True
    if isinstance(reading.at(wanted, "port"), str):
        return True
    first, port = reading.number(given, "port"), reading.number(wanted, "port")
    if first is None or port is None:
        return False
    return first <= port and (reading.number(wanted, "endPort") or port) <= (reading.number(given, "endPort") or first)


class Namespaces:
    """Namespaces that are known, found by a selector of their labels."""

    def __init__(self, found: Iterable[subjects.Subject]) -> None:
        """`found`: subjects of kind Namespace; those of every cluster are known anyway."""
        self.labels: dict[str, objects.Labels] = {
            name: {objects.NAMESPACE_NAME: name} for name in objects.SYSTEM_NAMESPACES
        }
        self.labels |= {objects.name(one): objects.namespace_labels(one) for one in found}
        self._having: dict[tuple[str, str], list[str]] = {}
        for name, labels in self.labels.items():
            for label in labels.items():
                self._having.setdefault(label, []).append(name)
        self._answers: dict[str, tuple[str, ...]] = {}

    def selected(self, selector: Json) -> tuple[str, ...]:
        """The names of those that a selector takes."""
        key = canonical(selector)
        if key not in self._answers:
            equal = reading.mapping(selector, "matchLabels")
            label = next(((name, value) for name, value in equal.items() if isinstance(value, str)), None)
            among = self.labels if label is None else self._having.get(label, [])
            self._answers[key] = tuple(name for name in among if objects.selects(selector, self.labels[name]))
        return self._answers[key]
