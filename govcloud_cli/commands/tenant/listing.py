"""`govcloud tenant list`: every tenant of an environment, on one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import choosing

if TYPE_CHECKING:
    import datetime

    from govcloud_cli.model import inventory, tenants


@click.command("list", short_help="List tenants with their cost and state.")
@options.environment
@click.option("--organisation", metavar="ID", help="Only tenants of this organisation and of those below it.")
@click.option("--expiring", is_flag=True, help="Only tenants whose end is near, or past.")
@options.as_json
def list_(environment: str, organisation: str | None, expiring: bool, as_json: bool) -> None:
    """List tenants (租户): environments with their phase, quota, databases, and last day.

    \b
    Examples:
      govcloud tenant list
      govcloud tenant list --organisation yunxi-finance
      govcloud tenant list --expiring --json
    """
    _, spec = choosing.load(environment)
    today = runs.now().date()
    wanted = None if organisation is None else _below(spec, organisation)
    found = [
        entry(spec, tenant, today) for tenant in spec.tenants if wanted is None or tenant.spec.organisation in wanted
    ]
    if expiring:
        found = [one for one in found if any(_ends(item) for item in one["environments"])]
    if as_json:
        output.print_json({"environment": spec.environment, "tenants": found})
    else:
        _print(spec, found, today)


def entry(spec: inventory.Inventory, tenant: tenants.Tenant, today: datetime.date) -> dict[str, Any]:
    """One tenant as JSON documents hold it."""
    from govcloud_cli.model import names

    return {
        "id": tenant.metadata.id,
        "displayName": tenant.metadata.display_name,
        "organisation": tenant.spec.organisation,
        "zone": tenant.spec.zone,
        "environments": [
            environment(spec, tenant, item, today)
            for item in sorted(tenant.spec.environments, key=lambda one: names.ENVIRONMENTS.index(one.name.value))
        ],
    }


def environment(
    spec: inventory.Inventory, tenant: tenants.Tenant, shape: tenants.Environment, today: datetime.date
) -> dict[str, Any]:
    """One of a tenant's environments as JSON documents hold it."""
    from govcloud_cli.governance import lifecycle
    from govcloud_cli.model import quotas

    state = lifecycle.phase(tenant, shape, freezes=spec.freezes, today=today)
    return {
        "name": shape.name.value,
        "phase": state.phase.value,
        "reason": state.reason or None,
        "quota": quotas.label(shape),
        "databases": [database.id for database in shape.databases],
        "expiresOn": None if shape.expires_on is None else f"{shape.expires_on:%Y-%m-%d}",
        "daysLeft": state.days_left,
    }


def _ends(item: dict[str, Any]) -> bool:
    from govcloud_cli.governance import lifecycle

    return item["daysLeft"] is not None and item["daysLeft"] <= lifecycle.NOTICE_DAYS


def _below(spec: inventory.Inventory, organisation: str) -> set[str]:
    """The organisation and every one below it."""
    entries = spec.platform.spec.organisations
    if organisation not in {one.id for one in entries}:
        raise errors.UsageError(
            f"there is no organisation '{organisation}'",
            remedy=choosing.nearest(organisation, [one.id for one in entries]) or "platform.yaml lists them",
        )
    found = {organisation}
    # A tree of four levels and departments: parents may stand anywhere in the file.
    for _ in entries:
        found |= {one.id for one in entries if one.parent in found}
    return found


def _print(spec: inventory.Inventory, found: list[dict[str, Any]], today: datetime.date) -> None:
    from rich import table

    from govcloud_cli.governance import lifecycle

    console = output.console()
    grid = table.Table(box=None, pad_edge=False)
    # An id that is cut is no id; everything else is broken over lines before it is cut.
    grid.add_column("tenant 租户", no_wrap=True)
    for column in ("name 名称", "organisation 单位", "zone 网络", "environments 环境", "databases 数据库"):
        grid.add_column(column, overflow="fold")
    grid.add_column("ends 到期", no_wrap=True)
    for one in found:
        environments = one["environments"]
        last = min((item["expiresOn"] for item in environments if item["expiresOn"]), default="-")
        count = sum(len(item["databases"]) for item in environments)
        told = ", ".join(_shortly(item) for item in environments)
        grid.add_row(one["id"], one["displayName"], one["organisation"], one["zone"], told, str(count), last)
    console.print(grid)
    console.print(f"{len(found)} {'tenant' if len(found) == 1 else 'tenants'}")
    shown = {one["id"] for one in found}
    for notice in lifecycle.notices(spec, today=today):
        if notice.tenant in shown:
            console.print(f"{notice.level.value}: {notice.text}", soft_wrap=True)


def _shortly(item: dict[str, Any]) -> str:
    phase = "" if item["phase"] == "active" else f" {item['phase'].upper()}"
    return f"{item['name']}={item['quota']}{phase}"
