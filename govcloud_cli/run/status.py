"""How the platform is, now."""

from __future__ import annotations

import dataclasses
import datetime

from govcloud_cli.model import platforms
from govcloud_cli.plan import plans, services, shards
from govcloud_cli.run import applied, expiring, machines, reach, sites


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineStatus:
    """One machine."""

    name: str
    zone: str
    address: str
    side: str
    running: bool
    resident_bytes: int
    """Memory that its processes hold; 0 if it does not answer."""
    units: dict[str, str]
    """Its services' states, as systemd says them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServiceStatus:
    """One service of one machine."""

    endpoint: plans.Endpoint
    healthy: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """The platform as a whole."""

    deployed: bool
    machines: tuple[MachineStatus, ...]
    services: tuple[ServiceStatus, ...]
    tenants: tuple[plans.TenantPlace, ...]
    """Those that are deployed."""
    expiring: tuple[str, ...] = ()
    """What ends within 30 days, as sentences."""


def look(site: sites.Site, plan: plans.Plan, *, now: datetime.datetime) -> Status:
    """Ask every machine; one that does not answer is shown as not running."""
    found: list[MachineStatus] = []
    tenants: list[plans.TenantPlace] = []
    for side in plan.sides:
        found += _machines(site, side)
        record = applied.load(site.space.side(side.side))
        tenants += [tenant for tenant in side.tenants if shards.shard_of(tenant.id) in record.digests]
    by_name = {machine.name: machine for machine in found}
    endpoints = [endpoint for side in plan.sides for endpoint in side.endpoints]
    return Status(
        deployed=any(machine.running for machine in found),
        machines=tuple(found),
        services=tuple(
            ServiceStatus(endpoint=endpoint, healthy=_healthy(endpoint, by_name[endpoint.machine]))
            for endpoint in endpoints
        ),
        tenants=tuple(tenants),
        expiring=tuple(told for side in site.sides for told in expiring.warnings(site.space.side(side), now=now)),
    )


def _machines(site: sites.Site, side: plans.SidePlan) -> list[MachineStatus]:
    folder, way = site.space.side(side.side), reach.of(side)
    arguments = {host.name: {"units": list(services.units_of(host.roles))} for host in side.hosts}
    known = way.exists and (folder.ssh / "config").exists()
    answers = machines.run_script("health", arguments, folder=folder, way=way) if known else {}
    found = []
    for host in side.hosts:
        machine = site.spec.machine(host.name)
        answer = answers.get(host.name, {})
        running = isinstance(answer, dict) and bool(answer)
        found.append(
            MachineStatus(
                name=host.name,
                zone=machine.interfaces[0].zone,
                address=str(machine.interfaces[0].address),
                side=side.side.value,
                running=running,
                resident_bytes=answer["residentBytes"] if running else 0,
                units=answer["units"] if running else {},
            )
        )
    return found


def _healthy(endpoint: plans.Endpoint, machine: MachineStatus) -> bool:
    return machine.running and all(
        machine.units.get(unit) == "active" for unit in services.OFFERS[platforms.Service(endpoint.name)].units
    )
