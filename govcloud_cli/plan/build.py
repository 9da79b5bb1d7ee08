"""From an inventory to the plan of a whole environment."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Mapping, Sequence

from govcloud_cli.governance import lifecycle
from govcloud_cli.model import interfaces, inventory, platforms
from govcloud_cli.plan import (
    administration,
    cluster,
    database_servers,
    databases,
    hosts,
    identity,
    identity_places,
    identity_probes,
    namespaces,
    network,
    plans,
    probes,
    services,
    shards,
    tunnel_probes,
    vpn,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LabPlace:
    """Where one side of a lab is on this host."""

    prefix: str
    """Begins the names of its network namespaces; different for every side of every lab."""
    data_folder: str
    """Absolute path for the machines' disks."""
    image: str
    """Absolute path of the base image's folder."""
    authorized_key: str
    """The public SSH key that may log in, as one line."""


def build(
    spec: inventory.Inventory,
    *,
    places: Mapping[platforms.Side, LabPlace],
    sides: Sequence[platforms.Side],
    today: datetime.date,
    guards: Sequence[namespaces.Manifest] = (),
) -> plans.Plan:
    """The plan of the given sides. `places` has an entry for each of them where the lab makes the machines.

    `guards` are the policies that every cluster enforces (`compliance.admission`), the last of its objects.
    On `today` (UTC) what is past its last day is frozen.
    """
    settled = lifecycle.settled(spec, today=today)
    return plans.Plan(
        inventory=settled, sides=tuple(_side(settled, side, places.get(side), guards, today) for side in sides)
    )


def _side(
    spec: inventory.Inventory,
    side: platforms.Side,
    place: LabPlace | None,
    guards: Sequence[namespaces.Manifest],
    today: datetime.date,
) -> plans.SidePlan:
    side_shards = shards.plan(spec, side)
    kubernetes = _first(spec, side, platforms.Service.KUBERNETES)
    servers = database_servers.machines(spec, side)
    kubeconfig = spec.platform.spec.kubeconfig.get(side)
    gateway = vpn.plan(spec, side, today=today)
    return plans.SidePlan(
        side=side,
        network=None if place is None else _network(spec, side, place, kubernetes),
        hosts=hosts.plan(spec, side, side_shards, gateway=gateway),
        cluster=() if kubernetes is None and kubeconfig is None else (*cluster.manifests(spec, side), *guards),
        shards=side_shards,
        endpoints=tuple(_endpoints(spec, side)),
        tenants=tuple(_tenants(spec, side)),
        probes=(
            *probes.packets(spec, side),
            *probes.tenants(_accesses(spec, side)),
            *identity_probes.plan(spec, side),
            *tunnel_probes.plan(spec, side),
        ),
        kubernetes=kubernetes,
        database=next((server for server in servers if server.dedicated_to is None), None),
        databases=servers,
        machines=tuple(machine for machine in spec.platform.spec.machines if spec.side_of(machine) is side),
        identity=identity.plan(spec, side),
        vpn=gateway,
        kubeconfig=kubeconfig,
    )


def _first(spec: inventory.Inventory, side: platforms.Side, service: platforms.Service) -> platforms.Machine | None:
    found = (m for m in spec.platform.spec.machines if service in m.services and spec.side_of(m) is side)
    return next(found, None)


MANAGEMENT_SWITCH = "management"
API_FORWARD = "kubernetes"
IDENTITY_FORWARD = "identity"
"""Leads from the host's loopback to where people log in; everybody on the host may use it, so not to the console."""


def _network(
    spec: inventory.Inventory, side: platforms.Side, place: LabPlace, kubernetes: platforms.Machine | None
) -> network.NetworkPlan:
    machines = [machine for machine in spec.platform.spec.machines if spec.side_of(machine) is side]
    zones = [zone for zone in spec.platform.spec.zones if zone.side is side]
    return network.NetworkPlan(
        side=side.value,
        prefix=place.prefix,
        data_folder=place.data_folder,
        image=place.image,
        authorized_key=place.authorized_key,
        switches=(_management(spec, side), *(network.Switch(name=zone.id) for zone in zones)),
        machines=tuple(_machine(spec, machine) for machine in machines),
        forwards=tuple(_forwards(spec, side, kubernetes)),
    )


def _management(spec: inventory.Inventory, side: platforms.Side) -> network.Switch:
    own = administration.network(spec, side)
    addresses: tuple[str, ...] = ()
    if own is not None:
        index = administration.ENGINEER_INDEX
        addresses = (
            f"{own.cidr[index]}/{own.cidr.prefixlen}",
            f"{own.cidr6[index]}/{own.cidr6.prefixlen}",
        )
    return network.Switch(name=MANAGEMENT_SWITCH, addresses=addresses, isolated=True)


def _machine(spec: inventory.Inventory, machine: platforms.Machine) -> network.Machine:
    own = administration.network(spec, spec.side_of(machine))
    nics = []
    if own is not None:
        addresses = (f"{machine.management}/{own.cidr.prefixlen}", f"{machine.management6}/{own.cidr6.prefixlen}")
        nics.append(network.Nic(name=network.MANAGEMENT_NIC, switch=MANAGEMENT_SWITCH, addresses=addresses))
    for interface in machine.interfaces:
        zone = spec.zone(interface.zone)
        addresses = (f"{interface.address}/{zone.cidr.prefixlen}", f"{interface.address6}/{zone.cidr6.prefixlen}")
        nics.append(network.Nic(name=interfaces.interface_name(zone.id), switch=zone.id, addresses=addresses))
    routes = services.forwards(machine)
    forwarding = {"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1"}
    return network.Machine(
        name=machine.id,
        nics=tuple(nics),
        gateways=() if routes else _gateways(spec, machine),
        routes=tuple(_vpn_routes(spec, machine)),
        sysctls=forwarding if routes else {},
    )


def _gateways(spec: inventory.Inventory, machine: platforms.Machine) -> tuple[str, ...]:
    """The border's addresses in the machine's zone, if the zone has a border."""
    for border in spec.platform.spec.machines:
        if platforms.Service.BORDER in border.services:
            for interface in border.interfaces:
                if interface.zone == machine.interfaces[0].zone:
                    return (str(interface.address), str(interface.address6))
    return ()


def _vpn_routes(spec: inventory.Inventory, machine: platforms.Machine) -> Iterator[network.Route]:
    """Back to those who came in by VPN: by the gateway's addresses, for whoever stands in its external zone."""
    gateway = services.machine_of(spec, spec.side_of(machine), platforms.Service.SSLVPN)
    inward = None if gateway is None else vpn.inward(spec, gateway)
    if gateway is None or inward is None or machine is gateway:
        return
    if any(place.zone == inward.zone for place in machine.interfaces):
        for group in vpn.groups(spec):
            yield network.Route(prefix=str(group.pool), gateway=str(inward.address))
            yield network.Route(prefix=str(group.pool6), gateway=str(inward.address6))


def _forwards(
    spec: inventory.Inventory, side: platforms.Side, kubernetes: platforms.Machine | None
) -> Iterator[network.Forward]:
    place = identity_places.of(spec, side)
    found = [
        (API_FORWARD, kubernetes, services.port(platforms.Service.KUBERNETES)),
        (IDENTITY_FORWARD, None if place is None else place.machine, identity_places.PORT),
    ]
    for name, machine, port in found:
        if machine is not None:
            yield network.Forward(name=name, switch=MANAGEMENT_SWITCH, address=str(machine.management), port=port)


def _endpoints(spec: inventory.Inventory, side: platforms.Side) -> Iterator[plans.Endpoint]:
    for machine in spec.platform.spec.machines:
        for service in machine.services:
            offer = services.OFFERS[service]
            if spec.side_of(machine) is side and offer.port is not None:
                place = _front(spec, machine, service)
                yield plans.Endpoint(
                    name=service.value,
                    zone=place.zone,
                    machine=machine.id,
                    address=str(place.address),
                    port=offer.port,
                    protocol=offer.protocol,
                )


def _front(spec: inventory.Inventory, machine: platforms.Machine, service: platforms.Service) -> platforms.Interface:
    """Where those whom a service is for find it: staff find the gateway on the internet."""
    outward = vpn.outward(spec, machine) if service is platforms.Service.SSLVPN else None
    return outward or machine.interfaces[0]


def _tenants(spec: inventory.Inventory, side: platforms.Side) -> Iterator[plans.TenantPlace]:
    scopes = namespaces.scopes(spec, side)
    planned = databases.plans(spec, side)
    for tenant in spec.tenants:
        if spec.zone(tenant.spec.zone).side is side:
            identifier = tenant.metadata.id
            yield plans.TenantPlace(
                id=identifier,
                zone=tenant.spec.zone,
                namespaces=tuple(scope.namespace for scope in scopes if scope.tenant is tenant),
                databases=tuple(database.database for database in planned if database.tenant == identifier),
            )


def _accesses(spec: inventory.Inventory, side: platforms.Side) -> tuple[probes.TenantAccess, ...]:
    return tuple(
        probes.TenantAccess(
            tenant=scope.tenant.metadata.id,
            namespace=scope.namespace,
            groups=tuple(member.group for member in scope.tenant.spec.members),
            databases=tuple((database.database, database.ro) for database in databases.plan(scope)),
            frozen=scope.frozen is not None,
        )
        for scope in namespaces.scopes(spec, side)
    )
