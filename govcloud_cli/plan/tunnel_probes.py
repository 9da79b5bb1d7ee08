"""What `verify` tries at the SSL-VPN's gateway: attacks that must fail, and what a tunnel leads to and what not.

One machine tries: the first client of the gateway's internet zone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import flows, identity_places, probes, services, vpn

_ALLOWED, _FORBIDDEN, _BLOCKED = probes.Outcome.ALLOWED, probes.Outcome.FORBIDDEN, probes.Outcome.BLOCKED

BEFORE, THROUGH = "before", "through"
"""Packets without a tunnel, and in it."""
LOG_IN, STILL_GOOD = "log-in", "still-good"
"""With everything right: at first, and after the attacks, which shows that no ban was what refused them."""
BANNED = "password-spraying"
"""With everything right too, after more wrong attempts than are allowed."""
ATTEMPTS = 5
"""Failures after which the gateway bans an address: as its role has it (`sslvpn_attempts`)."""
HANDSHAKES = ("no-certificate", "other-authority", "revoked", "expired", "without-person")
"""Right password and code with no good certificate."""
SECRETS = ("wrong-code", "reused-code", "late-code", "early-code")
"""A good certificate, and a second factor that is not."""
OTHERS_PASSWORD = "others-password"  # noqa: S105 (an act's name)
STOLEN_COOKIE, REPLAYED_COOKIE = "cookie-without-certificate", "cookie-after-log-out"
SPOOFED = "spoofed-source"
ATTACKS = (*HANDSHAKES, OTHERS_PASSWORD, *SECRETS, STOLEN_COOKIE, REPLAYED_COOKIE, SPOOFED, BANNED)


def plan(spec: inventory.Inventory, side: platforms.Side) -> Iterator[probes.Probe]:
    """Everything that is tried on one side; nothing without a gateway, or without a client on the internet."""
    gateway = services.machine_of(spec, side, platforms.Service.SSLVPN)
    front = None if gateway is None else vpn.outward(spec, gateway)
    # Without the identity service nobody could log in, so nothing would be shown.
    if front is None or identity_places.of(spec, side) is None:
        return
    client = _client(spec, side, front.zone)
    if client is None:
        return
    for number, group in enumerate(vpn.groups(spec)):
        yield _attempt(client, group.id, LOG_IN, str(front.address), _ALLOWED)
        yield from _packets(spec, side, client, group.id)
        if number == 0:
            for act in ATTACKS:
                yield _attempt(client, group.id, act, str(front.address), _FORBIDDEN)
            yield _attempt(client, group.id, STILL_GOOD, str(front.address), _ALLOWED)


def _client(spec: inventory.Inventory, side: platforms.Side, zone: str) -> str | None:
    for machine in spec.platform.spec.machines:
        here = any(place.zone == zone for place in machine.interfaces)
        if here and platforms.Service.CLIENT in machine.services and spec.side_of(machine) is side:
            return machine.id
    return None


def _packets(spec: inventory.Inventory, side: platforms.Side, client: str, group: str) -> Iterator[probes.Probe]:
    """To every address of the side's machines, and to the management network."""
    for machine in spec.platform.spec.machines:
        if spec.side_of(machine) is not side or machine.id == client:
            continue
        for place in machine.interfaces:
            for protocol, port in probes.ports(spec):
                yield from _at(spec, client, group, _Target(machine, place, protocol, port))
        if machine.management is not None:
            for port in (services.SSH_PORT, identity_places.ADMIN_PORT):
                to = f"{machine.id}/management/tcp-{port}/v4"
                yield _probe(client, group, THROUGH, _BLOCKED, (str(machine.management), "tcp", port), to=to)


@dataclasses.dataclass(frozen=True)
class _Target:
    """A port of a machine, in one zone."""

    machine: platforms.Machine
    place: platforms.Interface
    protocol: str
    port: int


def _at(spec: inventory.Inventory, client: str, group: str, target: _Target) -> Iterator[probes.Probe]:
    machine, place, protocol, port = target.machine, target.place, target.protocol, target.port
    allowed = flows.lets_in(spec, group=group, destination=machine, interface=place, protocol=protocol, port=port)
    offered = {(services.OFFERS[one].protocol, services.OFFERS[one].port) for one in machine.services}
    listening = probes.Outcome.OPEN if (protocol, port) in offered else probes.Outcome.REFUSED
    for address in (place.address, place.address6):
        to = f"{machine.id}/{place.zone}/{protocol}-{port}/v{address.version}"
        where = (str(address), protocol, port)
        yield _probe(client, group, THROUGH, listening if allowed else _BLOCKED, where, to=to)
        if allowed:
            yield _probe(client, group, BEFORE, _BLOCKED, where, to=to)


def _attempt(client: str, group: str, act: str, gateway: str, expected: probes.Outcome) -> probes.Probe:
    port = services.port(platforms.Service.SSLVPN)
    return _probe(client, group, act, expected, (gateway, "tcp", port))


def _probe(
    client: str,
    group: str,
    act: str,
    expected: probes.Outcome,
    where: tuple[str, str, int],
    *,
    to: str = "",
) -> probes.Probe:
    address, protocol, port = where
    return probes.Probe(
        id="/".join(filter(None, ("tunnel", client, group, act, to))),
        kind=probes.Kind.TUNNEL,
        expected=expected,
        source=client,
        target=address,
        protocol=protocol,
        port=port,
        act=act,
        by=group,
    )
