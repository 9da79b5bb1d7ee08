"""Flows that say nothing new, or lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, reading
from govcloud_cli.model import platforms, policies
from govcloud_cli.plan import platform_flows, services

Failures = Iterator[check.CheckFailure]


def distinct(found: Sequence[subjects.Subject]) -> Failures:
    """Flows that another one allows already, whole or in part."""
    for index, one in enumerate(found):
        if reading.text(one.document, "id").startswith(platform_flows.PREFIX):
            # Nobody declared it, so nobody can remove it.
            continue
        for other_index, other in enumerate(found):
            if one is other or not (_covers(other, one, "from") and _covers(other, one, "to")):
                continue
            ports = reading.numbers(one.document, "ports") & reading.numbers(other.document, "ports")
            protocols = [reading.text(flow.document, "protocol") or "tcp" for flow in (one, other)]
            # Of two that are alike, the later one is too many.
            alike = _covers(one, other, "from") and _covers(one, other, "to")
            if ports and protocols[0] == protocols[1] and not (alike and index < other_index):
                shown = ", ".join(str(port) for port in sorted(ports))
                text = f"{reading.text(other.document, 'id')} allows {protocols[0]} {shown} already"
                yield check.CheckFailure(subject=one, message=text, path=("ports",))
                break


def _covers(wide: subjects.Subject, narrow: subjects.Subject, end: str) -> bool:
    """Whether everything at one end of `narrow` is at that of `wide`."""
    outer = [one for one in map(reading.network, reading.items(wide.document, end, "prefixes")) if one]
    inner = [one for one in map(reading.network, reading.items(narrow.document, end, "prefixes")) if one]
    if not inner or _means_border(narrow, end) > _means_border(wide, end):
        return False
    return all(any(reading.within(one, other) for other in outer) for one in inner)


def _means_border(flow: subjects.Subject, end: str) -> bool:
    """A whole zone means neither its border nor a gateway; those have to be named."""
    return bool(_NAMED & set(reading.texts(flow.document, end, "services")))


def in_use(found: Sequence[subjects.Subject]) -> Failures:
    """Flows with an end where nothing is, or to a machine that offers nothing on their ports."""
    zones = {reading.text(one.document, "id"): one.document for one in found if one.input is policies.Input.ZONE}
    for one in found:
        if one.input is not policies.Input.FLOW:
            continue
        for end in ("from", "to"):
            if not reading.items(one.document, end, "zones"):
                yield check.CheckFailure(subject=one, message=f"its end `{end}` is nowhere", path=(end,))
        zone = zones.get(reading.text(one.document, "to", "zone"))
        if zone is not None and reading.text(zone, "kind") != "internet" and not reading.items(zone, "machines"):
            text = "no machine stands in the zone that it leads to"
            yield check.CheckFailure(subject=one, message=text, path=("to",))
        yield from _offered(one)


def _offered(one: subjects.Subject) -> Failures:
    if not reading.text(one.document, "to", "machine"):
        return
    named = reading.texts(one.document, "to", "services")
    serving = [services.OFFERS[platforms.Service(name)] for name in named if name in _SERVICES]
    offers = {(offer.protocol, port) for offer in serving for port in (offer.port, *offer.management_ports)}
    offers |= {port for offer in serving for port in offer.quiet}
    protocol = reading.text(one.document, "protocol") or "tcp"
    for index, port in enumerate(reading.items(one.document, "ports")):
        if (protocol, port) not in offers:
            text = f"nothing on that machine listens on {protocol} {port}"
            yield check.CheckFailure(subject=one, message=text, path=("ports", index))


_NAMED = {platforms.Service.BORDER.value, platforms.Service.SSLVPN.value}
_SERVICES = frozenset(service.value for service in platforms.Service)


def _is_flow(one: subjects.Subject) -> bool:
    return one.input is policies.Input.FLOW


CHECKS = {
    "flowsDistinct": check.Check(concerns=_is_flow, find=distinct),
    "flowsInUse": check.Check(
        concerns=_is_flow, reads=lambda one: one.input is policies.Input.ZONE, find=in_use, fields=(("to",), ("ports",))
    ),
}
