"""What Ansible is told of each machine: its roles and their variables."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import administration, controller_files, flows, identity_places, services, shards, vpn
from govcloud_cli.plan.host_variables import database as database_variables
from govcloud_cli.plan.host_variables import identity as identity_variables
from govcloud_cli.plan.host_variables import kubernetes as kubernetes_variables
from govcloud_cli.plan.host_variables import sslvpn as sslvpn_variables

ControllerFile = controller_files.ControllerFile
"""Among the variables: a file where the roles are run from."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Host:
    """A machine as Ansible sees it."""

    name: str
    address: str
    """Address or name for SSH."""
    user: str
    port: int
    roles: tuple[str, ...]
    """In the order they run."""
    variables: Mapping[str, Any]
    """Role variables: JSON and `ControllerFile`; never a secret."""


def plan(
    spec: inventory.Inventory,
    side: platforms.Side,
    side_shards: Sequence[shards.ShardPlan],
    *,
    gateway: vpn.VpnPlan | None = None,
) -> tuple[Host, ...]:
    """Every machine of one side, in the order of the inventory; `gateway` is the side's SSL-VPN, if it has one."""
    return tuple(
        _host(spec, machine, side_shards, gateway)
        for machine in spec.platform.spec.machines
        if spec.side_of(machine) is side
    )


def _host(
    spec: inventory.Inventory,
    machine: platforms.Machine,
    side_shards: Sequence[shards.ShardPlan],
    gateway: vpn.VpnPlan | None,
) -> Host:
    place = identity_places.of(spec, spec.side_of(machine))
    ssh = machine.ssh or platforms.Ssh(host=str(machine.management))
    variables = _baseline(spec, machine) | _zone_firewall(spec, machine)
    if platforms.Service.DATABASE in machine.services:
        variables |= database_variables.of(spec, machine, side_shards)
    if platforms.Service.KUBERNETES in machine.services:
        variables |= kubernetes_variables.of(spec, machine)
    if place is not None and place.machine is machine:
        variables |= identity_variables.of(spec, place)
    if gateway is not None and gateway.machine == machine.id:
        variables |= sslvpn_variables.of(spec, machine, gateway)
    return Host(
        name=machine.id,
        address=ssh.host,
        user=ssh.user,
        port=ssh.port,
        roles=services.roles_of(machine),
        variables=variables,
    )


def _baseline(spec: inventory.Inventory, machine: platforms.Machine) -> dict[str, Any]:
    side = spec.side_of(machine)
    peers = [other for other in spec.platform.spec.machines if spec.side_of(other) is side]
    zones = [spec.zone(interface.zone) for interface in machine.interfaces]
    serves_time = platforms.Service.TIME in machine.services
    return {
        # None known: on all addresses, and the firewall alone keeps SSH to the management interface.
        "baseline_ssh_listen_addresses": administration.addresses(machine),
        "baseline_ssh_port": machine.ssh.port if machine.ssh else services.SSH_PORT,
        "baseline_ssh_allow_users": [machine.ssh.user if machine.ssh else "root"],
        "baseline_ip_forward": services.forwards(machine),
        "baseline_time_servers": [] if serves_time else _time_servers(spec, machine),
        "baseline_time_serve_to": [str(p) for zone in zones for p in (zone.cidr, zone.cidr6)] if serves_time else [],
        "baseline_hosts": [
            {"name": name, "addresses": administration.zone_addresses(other)}
            for other in peers
            for name in _names(spec, other)
        ],
    }


def _names(spec: inventory.Inventory, machine: platforms.Machine) -> tuple[str, ...]:
    """What others on its side call a machine."""
    place = identity_places.of(spec, spec.side_of(machine))
    if place is None or place.machine is not machine:
        return (machine.id,)
    return tuple(dict.fromkeys((machine.id, place.host)))


def _time_servers(spec: inventory.Inventory, machine: platforms.Machine) -> list[str]:
    """The addresses in its own zones at which a time server may be asked."""
    return [
        str(interface.address)
        for server in spec.platform.spec.machines
        if platforms.Service.TIME in server.services and spec.side_of(server) is spec.side_of(machine)
        for interface in server.interfaces
        if flows.allows(spec, source=machine, destination=server, interface=interface, protocol="udp", port=123)
    ]


def _zone_firewall(spec: inventory.Inventory, machine: platforms.Machine) -> dict[str, Any]:
    zones: list[dict[str, Any]] = []
    published = flows.published(spec, machine)
    for interface in machine.interfaces:
        zone = spec.zone(interface.zone)
        prefixes = [str(zone.cidr), str(zone.cidr6)]
        zones.append({"id": zone.id, "interface": interface.device_name, "prefixes": prefixes})
        if published is not None and zone.id == published.source:
            zones[-1]["foreign"] = list(administration.elsewhere(spec, zone))
    if platforms.Service.SSLVPN in machine.services:
        for group in vpn.groups(spec):
            # Tunnels share their devices' name, so that a packet's source has to tell the groups apart.
            prefixes = [str(group.pool), str(group.pool6)]
            zones.append({"id": vpn.zone_of(group), "interface": f"{vpn.DEVICE}*", "prefixes": prefixes})
    return {
        "zone_firewall_zones": zones,
        **({} if published is None else {"zone_firewall_published": _published(published)}),
        "zone_firewall_management": {
            "interface": machine.management_device,
            "sources": list(administration.engineers(spec, spec.side_of(machine))),
            "ports": list(services.management_ports(machine)),
        },
        "zone_firewall_forward_pairs": _pairs(flows.forwards(spec, machine)),
        "zone_firewall_input_pairs": _pairs(flows.inputs(spec, machine)),
        "zone_firewall_output_pairs": _pairs(flows.outputs(spec, machine)),
    }


def _published(pair: flows.ZonePair) -> list[dict[str, Any]]:
    return [
        {
            "id": rule.id,
            "zone": pair.source,
            "protocol": rule.protocol,
            "ports": list(rule.ports),
            "destinations": list(rule.destinations),
            "reason": rule.reason,
        }
        for rule in pair.rules
    ]


def _pairs(pairs: Sequence[flows.ZonePair]) -> list[dict[str, Any]]:
    return [
        {
            "from": pair.source,
            "to": pair.destination,
            "flows": [
                {
                    "id": rule.id,
                    "protocol": rule.protocol,
                    "ports": list(rule.ports),
                    "sources": list(rule.sources),
                    "destinations": list(rule.destinations),
                    "reason": rule.reason,
                }
                for rule in pair.rules
            ],
        }
        for pair in pairs
    ]


def addresses(machine: platforms.Machine) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
    """Every address of a machine, for its certificates."""
    zone = [address for interface in machine.interfaces for address in (interface.address, interface.address6)]
    return (*zone, *(address for address in (machine.management, machine.management6) if address is not None))
