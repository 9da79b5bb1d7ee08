"""How `deploy` sums up a platform, and how it and `status` tell of tenants whose last day is near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from govcloud_cli import counting
from govcloud_cli.commands import output

if TYPE_CHECKING:
    from rich.console import Console

    from govcloud_cli.governance import lifecycle
    from govcloud_cli.run import deploy as run_deploy
    from govcloud_cli.run import drift, sites

_SHOWN = 10


def show(site: sites.Site, result: run_deploy.Result, seconds: float) -> None:
    """Print what there is now, and what somebody should look at."""
    from rich import table

    console = output.console()
    if result.changed:
        console.print(f"Deployed '{site.spec.environment}' in {seconds:.0f} s.")
    else:
        console.print(f"No changes. '{site.spec.environment}' is as specified, looked at in {seconds:.1f} s.")
        console.print("Plan, machines, clusters and databases are as when they were last applied; nothing drifted.")
    plan = result.plan
    zones = [zone for zone in site.spec.platform.spec.zones if zone.side in site.sides]
    console.print("\nZones: " + ", ".join(f"{zone.id} {zone.cidr} ({zone.display_name})" for zone in zones))
    console.print("Machines: " + ", ".join(host.name for side in plan.sides for host in side.hosts))
    grid = table.Table("service", "zone", "machine", "endpoint", box=None, pad_edge=False)
    for side in plan.sides:
        for endpoint in side.endpoints:
            place = f"{endpoint.address}:{endpoint.port}/{endpoint.protocol}"
            grid.add_row(endpoint.name, endpoint.zone, endpoint.machine, place)
    console.print(grid)
    tenants = [tenant for side in plan.sides for tenant in side.tenants]
    namespaces = sum(len(tenant.namespaces) for tenant in tenants)
    databases = sum(len(tenant.databases) for tenant in tenants)
    held = f"{counting.counted(namespaces, 'namespace')} and {counting.counted(databases, 'database')}"
    console.print(f"Tenants: {len(tenants)}, with {held}")
    console.print(f"Checks passed: {len(result.probes)}")
    _attention(console, result)
    clients = [machine.id for machine in site.spec.platform.spec.machines if "client" in machine.services]
    entry = f", govcloud exec {clients[0]} -- ip address" if clients else ""
    console.print(f"\nNext: govcloud status, govcloud verify{entry}")


def notice(one: lifecycle.Notice) -> dict[str, Any]:
    """A notice as verbs print it with `--json`."""
    return {
        "tenant": one.tenant,
        "environment": one.environment,
        "level": one.level.value,
        "daysLeft": one.days_left,
        "text": one.text,
    }


def show_notices(console: Console, notices: Sequence[lifecycle.Notice]) -> None:
    """Print whose last day is near, the nearest first."""
    for one in notices:
        console.print(f"{one.level.value} 即将到期: {one.text}", soft_wrap=True)


def _attention(console: Console, result: run_deploy.Result) -> None:
    for title, findings in (("Restored 已恢复", result.repaired), ("Drifted 漂移", result.left)):
        if findings:
            console.print(f"\n{title}: {len(findings)}")
            for finding in findings[:_SHOWN]:
                console.print(f"  {_told(finding)}", soft_wrap=True)
    show_notices(console, result.notices)


def _told(finding: drift.Finding) -> str:
    return f"{finding.side} {finding.subject} {finding.field}".rstrip() + f": {finding.what.value}"
