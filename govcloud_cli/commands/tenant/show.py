"""`govcloud tenant show`: everything about one tenant."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import choosing, listing

if TYPE_CHECKING:
    import pathlib

    from govcloud_cli.model import inventory, tenants


@click.command(short_help="Show everything about one tenant.")
@choosing.argument
@options.environment
@options.as_json
def show(tenant: str, environment: str, as_json: bool) -> None:
    """Show a tenant: who answers for it, what it costs (用量), its phase, members, and passages to others.

    A passage is open only where both sides list it and neither is frozen.

    \b
    Examples:
      govcloud tenant show finance
      govcloud tenant show finance --json | jq .cost
    """
    from govcloud_cli.commands.tenant import reports
    from govcloud_cli.governance import demand

    folder, spec = choosing.load(environment)
    found = choosing.find(spec, tenant)
    document = _document(spec, found) | {"request": _request(folder, tenant)}
    if as_json:
        output.print_json(document)
    else:
        _print(document, reports.cost(demand.of(found)))


def _document(spec: inventory.Inventory, tenant: tenants.Tenant) -> dict[str, Any]:
    from govcloud_cli.governance import budgets, demand

    today = runs.now().date()
    said = tenant.spec
    cost = dataclasses.asdict(demand.of(tenant))
    return {
        **listing.entry(spec, tenant, today),
        "dataClass": said.data_class.value,
        "mlps": said.mlps,
        "owner": said.owner,
        "technicalLead": said.technical_lead,
        "contact": {"mailbox": said.contact.mailbox, "phone": said.contact.phone},
        "cost": {choosing.camel(name): amount for name, amount in cost.items()},
        "budgetOwner": budgets.owner(said.organisation, spec.platform.spec.organisations),
        "members": [{"group": member.group, "role": member.role.value} for member in said.members],
        "allowances": _allowances(spec, tenant),
    }


def _allowances(spec: inventory.Inventory, tenant: tenants.Tenant) -> list[dict[str, Any]]:
    """What it asks for, and whether the other end consents."""
    from govcloud_cli.governance import lifecycle
    from govcloud_cli.model import consents

    frozen = lifecycle.frozen(lifecycle.settled(spec, today=runs.now().date()).freezes)
    agreed = {
        passage
        for passage in consents.agreed(spec.tenants)
        if (passage.source, passage.source_environment) not in frozen
        and (passage.destination, passage.destination_environment) not in frozen
    }
    by_id = {one.metadata.id: one for one in spec.tenants}
    found = []
    for allowance in tenant.spec.network.allow:
        other = by_id.get(allowance.peer.tenant or "")
        # A zone has no file that could consent: the platform's own flows decide about it.
        is_open = other is None or bool(consents.wished(tenant, allowance, other) & agreed)
        peer = allowance.peer.environment
        found.append(
            {
                "direction": allowance.direction.value,
                "peer": allowance.peer.tenant or f"zone {allowance.peer.zone}",
                "peerEnvironment": None if peer is None else peer.value,
                "protocol": allowance.protocol,
                "ports": list(allowance.ports),
                "reason": allowance.reason,
                "open": is_open,
            }
        )
    return found


def _request(folder: pathlib.Path, tenant: str) -> dict[str, Any] | None:
    """The newest request, in short."""
    from govcloud_cli.governance import requests
    from govcloud_cli.run import decisions, request_files, workspace
    from govcloud_cli.run import requests as run_requests

    newest = requests.newest(request_files.load(folder, {tenant}))
    if newest is None:
        return None
    known = decisions.load(workspace.locate(folder).side(newest.side)).tenants.get(tenant)
    state = run_requests.observed(newest, known)
    return {"name": newest.name, "change": newest.change.value, "state": state.value}


def _print(document: dict[str, Any], cost: str) -> None:
    from rich import table

    console = output.console()
    console.print(f"{document['id']}  {document['displayName']}")
    contact = document["contact"]
    request = document["request"]
    for label, value in (
        (
            "organisation 单位",
            f"{document['organisation']} (budget 预算: {document['budgetOwner'] or 'none declared'})",
        ),
        ("zone 网络", document["zone"]),
        ("data class 数据级别", f"{document['dataClass']}, MLPS 等保 {document['mlps']}"),
        ("owner 负责人", document["owner"]),
        ("technical lead 技术", document["technicalLead"]),
        ("contact 联系", f"{contact['mailbox']}, {contact['phone']}"),
        ("cost 用量", cost),
        ("members 成员", ", ".join(f"{one['group']} ({one['role']})" for one in document["members"])),
        ("last request 申请", f"{request['name']} {request['state']}" if request else "none"),
    ):
        console.print(f"  {label}: {value}", soft_wrap=True)
    grid = table.Table(
        "environment 环境", "phase 状态", "quota 配额", "databases 数据库", "ends 到期", box=None, pad_edge=False
    )
    for one in document["environments"]:
        phase = f"{one['phase']}: {one['reason']}" if one["reason"] else one["phase"]
        grid.add_row(one["name"], phase, one["quota"], ", ".join(one["databases"]) or "-", one["expiresOn"] or "-")
    console.print()
    console.print(grid)
    for one in document["allowances"]:
        ports = ",".join(str(port) for port in one["ports"])
        end = one["peer"] + (f" {one['peerEnvironment']}" if one["peerEnvironment"] else "")
        state = "open (已放行)" if one["open"] else "CLOSED (未放行): the other side does not list it, or is frozen"
        console.print(f"{one['direction']} {end} {one['protocol']}/{ports}: {state} ({one['reason']})", soft_wrap=True)
