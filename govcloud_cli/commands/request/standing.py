"""`govcloud request status`: where requests stand, and whether what was decided still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output
from govcloud_cli.commands.request import reports

if TYPE_CHECKING:
    from govcloud_cli.governance import requests
    from govcloud_cli.run import request_desk, request_standing


_NAMED = 10
"""At most so many tenants are named that never asked."""


@click.command(short_help="Show requests, who has to decide, and whether decisions hold (进度).")
@options.environment
@click.argument("tenant", required=False, shell_complete=options.complete_tenant)
@click.option("--all", "everything", is_flag=True, help="Every request, not only each tenant's newest.")
@click.option("--check", is_flag=True, help="Exit with code 3 unless what the files say now is approved; for CI.")
@options.as_json
@click.pass_context
def status(
    context: click.Context, environment: str, tenant: str | None, *, everything: bool, check: bool, as_json: bool
) -> None:
    """Show the newest request of TENANT, or of every tenant that has one.

    \b
    Examples:
      govcloud request status
      govcloud request status finance --all
      govcloud request status finance --check --json
    """
    from govcloud_cli.run import request_standing

    desk = reports.desk(environment)
    rows = request_standing.standing(desk, tenant)
    shown = rows if everything else [row for row in rows if row.newest]
    refused = [row for row in rows if row.newest and row.refusal is not None]
    if check:
        _refuse_unasked(desk, tenant, {row.request.tenant for row in rows})
    if as_json:
        output.print_json({"ok": not refused, "requests": [_document(desk, row) for row in shown]})
    else:
        _print(desk, shown, single=tenant is not None)
    if check and refused:
        context.exit(int(errors.ExitCode.POLICY_DENIED))


def _refuse_unasked(desk: request_desk.Desk, tenant: str | None, asked: set[str]) -> None:
    """Refuse tenants that have a file and no request, where people decide: CI must not take silence for consent."""
    spec = desk.site.spec
    if not spec.needs_approval:
        return
    wanted = [one.metadata.id for one in spec.tenants if tenant in {None, one.metadata.id}]
    missing = [identifier for identifier in wanted if identifier not in asked]
    if missing:
        more = f", and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise errors.PolicyDeniedError(
            f"no request of {', '.join(missing[:_NAMED])}{more} was submitted (未提交申请)",
            remedy="\n".join(f"govcloud request submit {identifier}" for identifier in missing[:_NAMED]),
        )


def _document(desk: request_desk.Desk, row: request_standing.Standing) -> dict[str, Any]:
    found = reports.document(row.request, desk.site.spec, state=row.state.value)
    return {**found, "approved": row.refusal is None and row.newest, "why": row.refusal}


def _print(desk: request_desk.Desk, rows: list[request_standing.Standing], *, single: bool) -> None:
    from rich import table

    from govcloud_cli.governance import jurisdiction

    console = output.console()
    if not rows:
        console.print("No requests (没有申请).")
        return
    if single:
        for row in rows:
            _print_one(desk, row)
        return
    shown = table.Table("request", "change", "state", "since", "by", "who decides", box=None, pad_edge=False)
    for row in rows:
        last: requests.Transition = row.request.history[-1]
        names = ", ".join(person.id for person in jurisdiction.approvers(row.request, desk.site.spec))
        waits = row.state.value == "PENDING"
        state = f"{row.state.value} {reports.STATES[row.state.value]}"
        shown.add_row(
            row.request.name, row.request.change.value, state, last.at, last.by, (names or "nobody") if waits else ""
        )
    console.print(shown)


def _print_one(desk: request_desk.Desk, row: request_standing.Standing) -> None:
    console = output.console()
    reports.show(row.request, desk.site.spec)
    for step in row.request.history:
        console.print(f"  {step.at}  {step.state.value} by {step.by}", soft_wrap=True)
    if row.state is not row.request.state:
        console.print(f"  deploy: {row.state.value} ({reports.STATES[row.state.value]})")
    if row.newest:
        console.print(f"  now: {'approved (可部署)' if row.refusal is None else row.refusal}", soft_wrap=True)
