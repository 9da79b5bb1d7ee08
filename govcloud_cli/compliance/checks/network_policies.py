"""NetworkPolicies of a cluster: what is open, what is said twice, what leads nowhere, what only one side wants."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, objects, peers, reading
from govcloud_cli.model import policies

Json = Any
Failures = Iterator[check.CheckFailure]
_OPPOSITE = {"Ingress": "Egress", "Egress": "Ingress"}


def denied_by_default(found: Sequence[subjects.Subject]) -> Failures:
    """Namespaces in which some direction is open but for what is denied."""
    closed: dict[str, set[str]] = {}
    for policy in filter(peers.is_policy, found):
        if peers.selects_all(policy):
            shut = {
                direction
                for direction in peers.closes(policy)
                if not any(rule.is_everything for rule in peers.rules(policy, direction))
            }
            closed.setdefault(objects.namespace(policy), set()).update(shut)
    for one in filter(_is_own_namespace, found):
        missing = sorted(set(peers.DIRECTIONS) - closed.get(objects.name(one), set()))
        if missing:
            text = f"no NetworkPolicy closes it by default: {', '.join(missing).lower()} of its pods is open"
            yield check.CheckFailure(subject=one, message=text, path=("metadata", "name"))


def distinct(found: Sequence[subjects.Subject]) -> Failures:
    """Policies whose whole effect another one of the same namespace has already."""
    groups: dict[tuple[str, str], list[subjects.Subject]] = {}
    for policy in found:
        selector = peers.canonical(reading.mapping(policy.document, "spec", "podSelector"))
        groups.setdefault((objects.namespace(policy), selector), []).append(policy)
    for group in groups.values():
        yield from _repeated(group)


def _repeated(group: Sequence[subjects.Subject]) -> Failures:
    effects = [_effect(policy) for policy in group]
    having: dict[Json, list[int]] = {}
    for index, (_, atoms) in enumerate(effects):
        for atom in atoms or {None}:
            having.setdefault(atom, []).append(index)
    for index, policy in enumerate(group):
        closed, atoms = effects[index]
        # One that allows what `policy` allows has its first atom, or one that is wider.
        first = next(iter(atoms), None)
        candidates = {other for atom in _wider(first) for other in having.get(atom, [])} - {index}
        for other in sorted(candidates):
            other_closed, other_atoms = effects[other]
            whole = closed <= other_closed and all(_wider(atom) & other_atoms for atom in atoms)
            same = effects[other] == effects[index]
            if whole and not (same and index < other):
                text = f"{objects.name(group[other])} has its whole effect already"
                yield check.CheckFailure(subject=policy, message=text, path=("spec",))
                break


def _effect(policy: subjects.Subject) -> tuple[frozenset[str], frozenset[tuple[str, str, str]]]:
    closed = peers.closes(policy)
    atoms = ((way, *atom) for way in closed for rule in peers.rules(policy, way) for atom in rule.atoms())
    return closed, frozenset(atoms)


def _wider(atom: tuple[str, str, str] | None) -> frozenset[tuple[str, str, str] | None]:
    if atom is None:
        return frozenset({None})
    way, peer, port = atom
    return frozenset({atom, (way, peers.ANY, port), (way, peer, peers.ANY), (way, peers.ANY, peers.ANY)})


def in_use(found: Sequence[subjects.Subject]) -> Failures:
    """Policies that select no pod, and peers that are nobody; each judged only where all that could be is at hand."""
    pods = objects.Pods(found)
    whole = any(one.input is policies.Input.ENVIRONMENT for one in found)
    known = peers.Namespaces(filter(peers.is_namespace, found)) if whole else None
    zones = [
        prefix
        for one in found
        if one.input is policies.Input.ZONE
        for field in ("cidr", "cidr6")
        if (prefix := reading.network(reading.at(one.document, field))) is not None
    ]
    for policy in filter(peers.is_policy, found):
        own = functools.partial(pods.any_in, objects.namespace(policy))
        if not own(reading.at(policy.document, "spec", "podSelector")):
            yield check.CheckFailure(subject=policy, message="it selects no pod", path=("spec", "podSelector"))
        for path, peer in _peers(policy):
            text = _nobody(peer, own, known, zones)
            if text:
                yield check.CheckFailure(subject=policy, message=text, path=path)


def _peers(policy: subjects.Subject) -> Iterator[tuple[subjects.Path, Json]]:
    for direction, (_, end) in peers.DIRECTIONS.items():
        for rule in peers.rules(policy, direction):
            for index, peer in enumerate(rule.peers):
                yield (*rule.path, end, index), peer


def _nobody(
    peer: Json,
    own: Callable[[Json], bool],
    known: peers.Namespaces | None,
    zones: Sequence[reading.IpNetwork],
) -> str:
    """Why a peer is nobody; empty if it is somebody, or cannot be told."""
    block = reading.network(reading.at(peer, "ipBlock", "cidr"))
    if block is not None and zones and not any(reading.overlap(block, zone) for zone in zones):
        return f"{block} is in no zone of the platform"
    selector = reading.at(peer, "namespaceSelector")
    if selector is not None:
        return "no namespace has the labels of a peer" if known is not None and not known.selected(selector) else ""
    pods = reading.at(peer, "podSelector")
    if pods is not None and not own(pods):
        return "no pod has the labels of a peer"
    return ""


def mutual(found: Sequence[subjects.Subject]) -> Failures:
    """Allowances between namespaces that only one of them makes: the other one's policies still deny."""
    namespaces = [one for one in found if peers.is_namespace(one)]
    here = {objects.name(one) for one in namespaces}
    known = peers.Namespaces(namespaces)
    by_namespace = objects.by_namespace(filter(peers.is_policy, found))
    for name, group in by_namespace.items():
        if name in here:
            for policy in group:
                yield from _one_sided(policy, by_namespace, known, here)


def _one_sided(
    policy: subjects.Subject,
    by_namespace: Mapping[str, Sequence[subjects.Subject]],
    known: peers.Namespaces,
    here: set[str],
) -> Failures:
    own = objects.namespace(policy)
    for direction in sorted(peers.closes(policy)):
        for rule in peers.rules(policy, direction):
            for peer in rule.peers:
                selector = reading.at(peer, "namespaceSelector")
                others = known.selected(selector) if selector is not None else ()
                for other in others:
                    if other == own or other not in here:
                        continue
                    if not _admits(by_namespace.get(other, ()), _OPPOSITE[direction], known.labels[own], rule):
                        text = f"{other} does not allow it: {direction.lower()} of {own} is open on one side only"
                        yield check.CheckFailure(subject=policy, message=text, path=rule.path)


def _admits(theirs: Sequence[subjects.Subject], direction: str, labels: objects.Labels, wanted: peers.Rule) -> bool:
    """Whether policies of a namespace let one with `labels` through, in `direction`, on every port that is wanted."""
    closing = [policy for policy in theirs if direction in peers.closes(policy)]
    if not closing:
        return True
    fitting = [
        rule
        for policy in closing
        for rule in peers.rules(policy, direction)
        if not rule.peers or any(_is_peer(peer, labels) for peer in rule.peers)
    ]
    if not wanted.ports:
        return bool(fitting)
    return all(any(peers.allows_port(rule.ports, port) for rule in fitting) for port in wanted.ports)


def _is_peer(peer: Json, labels: objects.Labels) -> bool:
    return objects.selects(reading.at(peer, "namespaceSelector"), labels)


def _is_own_namespace(one: subjects.Subject) -> bool:
    return peers.is_namespace(one) and objects.name(one) not in objects.SYSTEM_NAMESPACES


_SPEC = (("spec",), ("metadata",))

CHECKS = {
    "namespacesDenyByDefault": check.Check(
        concerns=_is_own_namespace, reads=peers.is_policy, find=denied_by_default, fields=_SPEC
    ),
    "networkPoliciesDistinct": check.Check(concerns=peers.is_policy, find=distinct, fields=_SPEC),
    "networkPoliciesInUse": check.Check(
        concerns=peers.is_policy,
        reads=lambda one: (
            peers.is_namespace(one)
            or objects.is_workload(one)
            or one.input in (policies.Input.ZONE, policies.Input.ENVIRONMENT)
        ),
        find=in_use,
        fields=(
            ("spec", "podSelector"),
            ("spec", "ingress"),
            ("spec", "egress"),
            ("metadata", "labels"),
            *objects.template_fields("metadata", "labels"),
        ),
    ),
    "allowancesMutual": check.Check(concerns=peers.is_policy, reads=peers.is_namespace, find=mutual, fields=_SPEC),
}
