"""What Ansible is told of each machine: its roles and their variables."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import database_servers, databases, flows, services, shards

ENGINEER_INDEX = 1
"""In the lab the platform engineer's own address is the first of the management network."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ControllerFile:
    """A file where the roles are run from; a run turns it into a path."""

    folder: Literal["pki", "secrets", "tools"]
    name: str
    digest: bool = False
    """Its SHA-256 (hex) instead of its path."""


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


def plan(spec: inventory.Inventory, side: platforms.Side, side_shards: Sequence[shards.ShardPlan]) -> tuple[Host, ...]:
    """Every machine of one side, in the order of the inventory."""
    return tuple(
        _host(spec, machine, side_shards) for machine in spec.platform.spec.machines if spec.side_of(machine) is side
    )


def management(spec: inventory.Inventory, side: platforms.Side) -> platforms.ManagementNetwork | None:
    """The management network of one side."""
    networks = spec.platform.spec.management
    return networks.internal if side is platforms.Side.INTERNAL else networks.external


def engineers(spec: inventory.Inventory, side: platforms.Side) -> tuple[str, ...]:
    """Where platform engineers' commands come from, as prefixes: as declared, else the one address of the lab's."""
    network = management(spec, side)
    if network is None:
        return ()
    if network.engineers:
        return tuple(str(prefix) for prefix in network.engineers)
    return (f"{network.cidr[ENGINEER_INDEX]}/32", f"{network.cidr6[ENGINEER_INDEX]}/128")


def _host(spec: inventory.Inventory, machine: platforms.Machine, side_shards: Sequence[shards.ShardPlan]) -> Host:
    ssh = machine.ssh or platforms.Ssh(host=str(machine.management))
    variables = _baseline(spec, machine) | _zone_firewall(spec, machine)
    if platforms.Service.DATABASE in machine.services:
        variables |= _database(spec, machine, side_shards)
    if platforms.Service.KUBERNETES in machine.services:
        variables |= _kubernetes(machine)
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
        "baseline_ssh_listen_addresses": _management_addresses(machine),
        "baseline_ssh_port": machine.ssh.port if machine.ssh else services.SSH_PORT,
        "baseline_ssh_allow_users": [machine.ssh.user if machine.ssh else "root"],
        "baseline_ip_forward": platforms.Service.BORDER in machine.services,
        "baseline_time_servers": [] if serves_time else _time_servers(spec, machine),
        "baseline_time_serve_to": [str(p) for zone in zones for p in (zone.cidr, zone.cidr6)] if serves_time else [],
        "baseline_hosts": [
            {"name": other.id, "addresses": [str(a) for i in other.interfaces for a in (i.address, i.address6)]}
            for other in peers
        ],
    }


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
    zones = []
    for interface in machine.interfaces:
        zone = spec.zone(interface.zone)
        prefixes = [str(zone.cidr), str(zone.cidr6)]
        zones.append({"id": zone.id, "interface": interface.device_name, "prefixes": prefixes})
    return {
        "zone_firewall_zones": zones,
        "zone_firewall_management": {
            "interface": machine.management_device,
            "sources": list(engineers(spec, spec.side_of(machine))),
            "ports": list(services.management_ports(machine)),
        },
        "zone_firewall_forward_pairs": _pairs(flows.forwards(spec, machine)),
        "zone_firewall_input_pairs": _pairs(flows.inputs(spec, machine)),
        "zone_firewall_output_pairs": _pairs(flows.outputs(spec, machine)),
    }


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


def _database(
    spec: inventory.Inventory, machine: platforms.Machine, side_shards: Sequence[shards.ShardPlan]
) -> dict[str, Any]:
    zone_addresses = [str(a) for i in machine.interfaces for a in (i.address, i.address6)]
    own = _management_addresses(machine)
    certificate = database_servers.certificate(machine)
    return {
        "database_listen_addresses": [*zone_addresses, *own],
        "database_admin_listen_addresses": own,
        "database_admin_sources": list(engineers(spec, spec.side_of(machine))),
        "database_tls_certificate_file": ControllerFile(folder="pki", name=f"{certificate}.crt"),
        "database_tls_key_file": ControllerFile(folder="pki", name=f"{certificate}.key"),
        "database_tls_ca_file": ControllerFile(folder="pki", name="services-ca.crt"),
        "database_tenants": [
            # What is frozen is not listed, which also ends the sessions that its pods still have.
            _tenant(database)
            for shard in side_shards
            for database in shard.databases
            if database.machine == machine.id and not database.frozen
        ],
    }


def _tenant(database: databases.DatabasePlan) -> dict[str, Any]:
    return {
        "database": database.database,
        "access_role": database.access,
        "connections": database.connections,
    }


def _kubernetes(machine: platforms.Machine) -> dict[str, Any]:
    return {
        "kubernetes_apiserver_binary": ControllerFile(folder="tools", name="kube-apiserver"),
        "kubernetes_controller_manager_binary": ControllerFile(folder="tools", name="kube-controller-manager"),
        # Told, so that the roles need not read 200 MB to find that nothing changed.
        "kubernetes_apiserver_sha256": ControllerFile(folder="tools", name="kube-apiserver", digest=True),
        "kubernetes_controller_manager_sha256": ControllerFile(
            folder="tools", name="kube-controller-manager", digest=True
        ),
        "kubernetes_pki_folder": ControllerFile(folder="pki", name=""),
        "kubernetes_advertise_address": str(machine.interfaces[0].address),
    }


def _management_addresses(machine: platforms.Machine) -> list[str]:
    return [str(address) for address in (machine.management, machine.management6) if address is not None]


def addresses(machine: platforms.Machine) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
    """Every address of a machine, for its certificates."""
    zone = [address for interface in machine.interfaces for address in (interface.address, interface.address6)]
    return (*zone, *(address for address in (machine.management, machine.management6) if address is not None))
