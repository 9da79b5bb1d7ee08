"""`govcloud status`: how the platform is, now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli.commands import options, output, runs, steering, summary

if TYPE_CHECKING:
    from govcloud_cli.governance import lifecycle
    from govcloud_cli.run import sites
    from govcloud_cli.run import status as run_status


@click.command(short_help="Show zones, machines, services and tenants.")
@options.environment
@options.side
@options.as_json
def status(environment: str, side: str | None, as_json: bool) -> None:
    """Show zones, machines with the memory they hold, services with their health, tenants, and what ends soon.

    Warns 30 days ahead of a certificate's end (证书到期): the platform's own, which `deploy` renews, and the VPN's.

    \b
    Examples:
      govcloud status
      govcloud status --json | jq '.services[] | select(.healthy | not)'
    """
    from govcloud_cli.governance import lifecycle
    from govcloud_cli.run import sites
    from govcloud_cli.run import status as run_status

    site = runs.site(environment, side)
    now = runs.now()
    today = now.date()
    found = run_status.look(site, sites.plan(site, today=today, guards=()), now=now)
    ours = {tenant.id for tenant in found.tenants}
    notices = [one for one in lifecycle.notices(site.spec, today=today) if one.tenant in ours]
    if as_json:
        output.print_json(_document(site, found, notices))
    else:
        _print(site, found, environment)
        summary.show_notices(output.console(), notices)
        for told in found.expiring:
            output.console(stderr=True).print(f"warning 警告: {steering.plain(told)}", soft_wrap=True)


def _document(site: sites.Site, found: run_status.Status, notices: Sequence[lifecycle.Notice]) -> dict[str, Any]:
    return {
        "environment": site.spec.environment,
        "deployed": found.deployed,
        "zones": [
            {"name": zone.id, "cidr": str(zone.cidr), "cidr6": str(zone.cidr6), "displayName": zone.display_name}
            for zone in site.spec.platform.spec.zones
            if zone.side in site.sides
        ],
        "machines": [
            {
                "name": machine.name,
                "zone": machine.zone,
                "address": machine.address,
                "side": machine.side,
                "running": machine.running,
                "residentBytes": machine.resident_bytes,
            }
            for machine in found.machines
        ],
        "services": [
            {
                "name": service.endpoint.name,
                "zone": service.endpoint.zone,
                "machine": service.endpoint.machine,
                "address": service.endpoint.address,
                "port": service.endpoint.port,
                "protocol": service.endpoint.protocol,
                "healthy": service.healthy,
            }
            for service in found.services
        ],
        "tenants": [
            {
                "id": tenant.id,
                "zone": tenant.zone,
                "namespaces": list(tenant.namespaces),
                "databases": list(tenant.databases),
            }
            for tenant in found.tenants
        ],
        "notices": [summary.notice(one) for one in notices],
        "expiring": list(found.expiring),
    }


def _print(site: sites.Site, found: run_status.Status, environment: str) -> None:
    from rich import table

    console = output.console()
    if not found.deployed:
        told = (
            f"Environment '{site.spec.environment}' is not deployed. Next: govcloud deploy{options.flag(environment)}"
        )
        console.print(told, soft_wrap=True)
        return
    machines = table.Table("machine", "zone", "address", "state", "resident", box=None, pad_edge=False)
    for machine in found.machines:
        state = "running" if machine.running else "no answer"
        machines.add_row(machine.name, machine.zone, machine.address, state, f"{machine.resident_bytes >> 20} MiB")
    total = sum(machine.resident_bytes for machine in found.machines) >> 20
    console.print(machines)
    console.print(f"{len(found.machines)} machines, {total} MiB resident\n")
    services = table.Table("service", "zone", "machine", "endpoint", "health", box=None, pad_edge=False)
    for service in found.services:
        point = service.endpoint
        place = f"{point.address}:{point.port}/{point.protocol}"
        services.add_row(point.name, point.zone, point.machine, place, "healthy" if service.healthy else "UNHEALTHY")
    console.print(services)
    names = {tenant.metadata.id: tenant.metadata.display_name for tenant in site.spec.tenants}
    tenants = table.Table("tenant", "name", "zone", "namespaces", "databases", box=None, pad_edge=False)
    for tenant in found.tenants:
        tenants.add_row(
            tenant.id, names[tenant.id], tenant.zone, ", ".join(tenant.namespaces), str(len(tenant.databases))
        )
    console.print()
    console.print(tenants)
