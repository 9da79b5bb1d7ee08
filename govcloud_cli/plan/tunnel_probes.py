"""What `verify` tries at the SSL-VPN's gateway: attacks that must fail, and what a tunnel leads to and what not.

One machine tries: the first client of the gateway's internet zone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import flows, identity_places, platform_flows, probes, services, vpn

_ALLOWED, _FORBIDDEN, _BLOCKED = probes.Outcome.ALLOWED, probes.Outcome.FORBIDDEN, probes.Outcome.BLOCKED

BEFORE, THROUGH = "before", "through"
"""Packets without a tunnel, and in it."""
LOG_IN, STILL_GOOD = "log-in", "still-good"
"""With everything right: at first, and after the attacks, which shows that no ban was what refused them."""
BANNED = "password-spraying"
"""With everything right too, after more wrong attempts than are allowed."""
HANDSHAKES = ("no-certificate", "other-authority", "revoked", "expired", "without-person")
"""Right password and code with no good certificate."""
SECRETS = ("wrong-code", "reused-code", "late-code", "early-code")
"""A good certificate, and a second factor that is not."""
OTHERS_PASSWORD = "others-password"  # noqa: S105 (an act's name)
STOLEN_COOKIE, REPLAYED_COOKIE = "cookie-with-others-certificate", "cookie-after-log-out"
SPOOFED = "spoofed-source"
ATTACKS = (*HANDSHAKES, OTHERS_PASSWORD, *SECRETS, STOLEN_COOKIE, REPLAYED_COOKIE, SPOOFED, BANNED)


def plan(spec: inventory.Inventory, side: platforms.Side) -> Iterator[probes.Probe]:
    """Everything that is tried on one side; nothing without a gateway, or without a client on the internet."""
    gateway = platform_flows.machine_of(spec, side, platforms.Service.SSLVPN)
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
    """To every address of the side's machines, management included: each known port, and what must not answer."""
    for machine in spec.platform.spec.machines:
        if spec.side_of(machine) is not side or machine.id == client:
            continue
        offered = {(services.OFFERS[one].protocol, services.OFFERS[one].port) for one in machine.services}
        for place in machine.interfaces:
            for protocol, port in probes.ports(spec):
                allowed = flows.lets_in(
                    spec, group=group, destination=machine, interface=place, protocol=protocol, port=port
                )
                listening = probes.Outcome.OPEN if (protocol, port) in offered else probes.Outcome.REFUSED
                for address in (place.address, place.address6):
                    name = f"{machine.id}/{place.zone}/{protocol}-{port}/v{address.version}"
                    expected = listening if allowed else _BLOCKED
                    yield _packet(client, group, f"{THROUGH}/{name}", address, (protocol, port), expected)
                    if allowed:
                        yield _packet(client, group, f"{BEFORE}/{name}", address, (protocol, port), _BLOCKED)
        for port in (services.SSH_PORT, identity_places.ADMIN_PORT):
            if machine.management is not None:
                name = f"{THROUGH}/{machine.id}/management/tcp-{port}/v4"
                yield _packet(client, group, name, machine.management, ("tcp", port), _BLOCKED)


def _packet(
    client: str,
    group: str,
    name: str,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    service: tuple[str, int],
    expected: probes.Outcome,
) -> probes.Probe:
    return probes.Probe(
        id=f"tunnel/{client}/{group}/{name}",
        kind=probes.Kind.TUNNEL,
        expected=expected,
        source=client,
        target=str(address),
        protocol=service[0],
        port=service[1],
        act=name.partition("/")[0],
        by=group,
    )


def _attempt(client: str, group: str, act: str, gateway: str, expected: probes.Outcome) -> probes.Probe:
    return probes.Probe(
        id=f"tunnel/{client}/{group}/{act}",
        kind=probes.Kind.TUNNEL,
        expected=expected,
        source=client,
        target=gateway,
        port=services.OFFERS[platforms.Service.SSLVPN].port or 0,
        act=act,
        by=group,
    )
