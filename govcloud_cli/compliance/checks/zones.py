"""The zone matrix and the addresses: what may never be joined, and what may never be in two places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, reading
from govcloud_cli.model import policies

Json = Any
Failures = Iterator[check.CheckFailure]

_ALONE = "internal"
_PUBLIC = "internet"
_GUARDED = frozenset({"database", "kubernetes"})
"""Services that hold data or run the platform: nothing leads to them from the internet."""
_NETWORKS = ("kubernetes_service_cidrs", "sslvpn_groups")
"""Machines' variables that number networks of their own."""


def joined_as_allowed(found: Sequence[subjects.Subject]) -> Failures:
    """Zones that a machine, a flow, a route or an allowance joins, and that may not be joined."""
    kinds = {
        reading.text(one.document, "id"): reading.text(one.document, "kind")
        for one in found
        if one.input is policies.Input.ZONE
    }
    for one in found:
        match one.input:
            case policies.Input.HOST:
                yield from _host(one, kinds)
            case policies.Input.FLOW:
                yield from _flow(one)
            case policies.Input.TENANT:
                yield from _tenant(one)


def _host(one: subjects.Subject, kinds: dict[str, str]) -> Failures:
    standing = {reading.text(zone, "kind") for zone in reading.items(one.document, "zones")}
    if _ALONE in standing and len(standing) > 1:
        yield _failure(one, "a machine stands in an internal zone and in another", ("zones",))
    for pair in reading.items(one.document, "variables", "zone_firewall_forward_pairs"):
        if not reading.items(pair, "flows"):
            continue
        ends = {kinds.get(reading.text(pair, "from"), ""), kinds.get(reading.text(pair, "to"), "")}
        if _ALONE in ends and len(ends) > 1:
            path = ("variables", "zone_firewall_forward_pairs")
            yield _failure(one, "it forwards between an internal zone and another", path)
    if _PUBLIC in standing and _GUARDED & set(reading.texts(one.document, "services")):
        yield _failure(one, "a database or cluster stands in an internet zone", ("services",))


def _flow(one: subjects.Subject) -> Failures:
    start, end = _kinds(one.document, "from"), _kinds(one.document, "to")
    if _ALONE in start | end and len(start | end) > 1:
        yield _failure(one, "a flow joins an internal zone with another", ("to",))
    elif _PUBLIC in start and _GUARDED & set(reading.texts(one.document, "to", "services")):
        yield _failure(one, "a flow leads from the internet to a database or a cluster", ("to",))


def _tenant(one: subjects.Subject) -> Failures:
    context = reading.mapping(one.document, "context")
    kinds = {
        reading.text(zone, "id"): reading.text(zone, "kind") for zone in reading.items(one.document, "context", "zones")
    }
    own = reading.text(context, "zone", "kind")
    for index, allowance in enumerate(reading.items(one.document, "spec", "network", "allow")):
        peer = reading.mapping(allowance, "peer")
        named = reading.text(peer, "tenant")
        other = reading.text(context, "peers", named, "kind") if named else kinds.get(reading.text(peer, "zone"), "")
        if other and _ALONE in (own, other) and own != other:
            path = ("spec", "network", "allow", index, "peer")
            yield _failure(one, "an allowance joins an internal zone with another", path)


def _kinds(flow: Json, end: str) -> set[str]:
    return {reading.text(zone, "kind") for zone in reading.items(flow, end, "zones")}


def networks_apart(found: Sequence[subjects.Subject]) -> Failures:
    """Zones, management networks, VPN pools and clusters' service ranges whose addresses overlap."""
    known: list[tuple[str, reading.IpNetwork]] = []
    for one in found:
        for label, value, path in _prefixes(one):
            own = reading.network(value)
            if own is None:
                continue
            taken = next((other for other, prefix in known if other != label and reading.overlap(own, prefix)), None)
            if taken is not None:
                yield _failure(one, f"{label} ({own}) overlaps with {taken}", path)
            known.append((label, own))


def _prefixes(one: subjects.Subject) -> Iterator[tuple[str, Json, subjects.Path]]:
    """What each prefix is called, so that what several documents say of one network is no overlap."""
    document = one.document
    if one.input is policies.Input.ZONE:
        for field in ("cidr", "cidr6"):
            yield f"zone {reading.text(document, 'id')}", reading.at(document, field), (field,)
            side = reading.text(document, "side")
            yield f"the {side} management network", reading.at(document, "management", field), (field,)
    else:
        for index, value in enumerate(reading.items(document, "variables", "kubernetes_service_cidrs")):
            path = ("variables", "kubernetes_service_cidrs", index)
            # Both sides' clusters may number their services alike: no packet leaves a cluster with such an address.
            yield "the clusters' service range", value, path
        for index, group in enumerate(reading.items(document, "variables", "sslvpn_groups")):
            for field in ("pool", "pool6"):
                label = f"VPN group {reading.text(group, 'id')}"
                yield label, reading.at(group, field), ("variables", "sslvpn_groups", index, field)


def addresses_in_their_zone(found: Sequence[subjects.Subject]) -> Failures:
    """Machines' addresses outside of the zone that they are said to be in, or used twice."""
    taken: dict[reading.IpAddress, str] = {}
    for one in found:
        zones = {reading.text(zone, "id"): zone for zone in reading.items(one.document, "zones")}
        for index, place in enumerate(reading.items(one.document, "interfaces")):
            zone = zones.get(reading.text(place, "zone"))
            if zone is None:
                yield _failure(one, "an interface is in no zone of the platform", ("interfaces", index, "zone"))
                continue
            for field, prefix in (("address", "cidr"), ("address6", "cidr6")):
                path: subjects.Path = ("interfaces", index, field)
                yield from _address(one, reading.at(place, field), [reading.at(zone, prefix)], path=path, taken=taken)
        networks = reading.items(one.document, "managementNetwork")
        for index, value in enumerate(reading.items(one.document, "management")):
            yield from _address(one, value, networks, path=("management", index), taken=taken)


def _address(
    one: subjects.Subject,
    value: Json,
    prefixes: Sequence[Json],
    *,
    path: subjects.Path,
    taken: dict[reading.IpAddress, str],
) -> Failures:
    own = reading.address(value)
    if own is None:
        return
    networks = [prefix for prefix in map(reading.network, prefixes) if prefix is not None]
    if not any(own in prefix for prefix in networks):
        yield _failure(one, f"{own} is outside of its network", path)
    if own in taken:
        yield _failure(one, f"{own} is already {taken[own]}'s", path)
    taken.setdefault(own, reading.text(one.document, "id"))


def time_on_every_side(found: Sequence[subjects.Subject]) -> Failures:
    """Sides of the air gap without a time server of their own."""
    serving = {reading.text(one.document, "side") for one in found if "time" in reading.texts(one.document, "services")}
    told: set[str] = set()
    for one in found:
        side = reading.text(one.document, "side")
        if side not in serving | told:
            told.add(side)
            yield _failure(one, f"no machine of the {side} side keeps the time", ("services",))


def services_once(found: Sequence[subjects.Subject]) -> Failures:
    """A second cluster or shared database server on one side."""
    first: dict[tuple[str, str], str] = {}
    for one in found:
        if reading.text(one.document, "dedicatedTo"):
            continue
        for index, service in enumerate(reading.texts(one.document, "services")):
            place = (reading.text(one.document, "side"), service)
            if service in _GUARDED and place in first:
                yield _failure(one, f"{first[place]} is the {place[0]} side's {service} already", ("services", index))
            first.setdefault(place, reading.text(one.document, "id"))


def _failure(one: subjects.Subject, message: str, path: subjects.Path) -> check.CheckFailure:
    return check.CheckFailure(subject=one, message=message, path=path)


def _of(*inputs: policies.Input) -> check.Predicate:
    chosen = frozenset(inputs)
    return lambda subject: subject.input in chosen


CHECKS = {
    "zonesJoined": check.Check(
        concerns=_of(policies.Input.HOST, policies.Input.FLOW, policies.Input.TENANT),
        reads=_of(policies.Input.ZONE),
        find=joined_as_allowed,
        fields=(("zones",), ("services",), ("variables", "zone_firewall_forward_pairs")),
    ),
    "networksApart": check.Check(
        concerns=lambda one: one.input is policies.Input.ZONE or _numbers_networks(one),
        find=networks_apart,
        fields=tuple(("variables", name) for name in _NETWORKS),
    ),
    "addressesInZone": check.Check(
        concerns=_of(policies.Input.HOST), find=addresses_in_their_zone, fields=(("interfaces",), ("management",))
    ),
    "timeOnEverySide": check.Check(concerns=_of(policies.Input.HOST), find=time_on_every_side, fields=(("services",),)),
    "servicesOnce": check.Check(concerns=_of(policies.Input.HOST), find=services_once, fields=(("services",),)),
}


def _numbers_networks(one: subjects.Subject) -> bool:
    return one.input is policies.Input.HOST and any(
        reading.items(one.document, "variables", name) for name in _NETWORKS
    )
