"""`govcloud request submit`: ask for approval of a tenant's file as it is now."""

from __future__ import annotations

import os

import click

from govcloud_cli.commands import options, output
from govcloud_cli.commands.request import reports


@click.command(short_help="Ask for approval of a tenant's file as it is now (提交).")
@options.environment
@options.tenant
@click.option("--decommission", is_flag=True, help="Ask to remove the tenant with its data; its file stays until then.")
@click.option("--comment", metavar="TEXT", help="For the approver, one line.")
@options.as_json
def submit(environment: str, tenant: str, decommission: bool, comment: str | None, as_json: bool) -> None:
    """Write a request for TENANT as its file is now; commit it with the file.

    Prints the cost (用量), what is left of the budget (预算), the change class with its reasons, and whom to ask.

    \b
    Examples:
      govcloud request submit finance --comment "second data centre"
      govcloud request submit finance --decommission
    """
    from govcloud_cli.run import identity, request_desk

    desk = reports.desk(environment)
    spec = desk.site.spec
    if not spec.needs_approval:
        desk.tenant(tenant)
        if as_json:
            output.print_json({"required": False, "request": None})
        else:
            output.console().print("No approval is needed (无需审批): people.yaml names nobody who approves.")
        return
    who = identity.current(spec.people, os.environ)
    made = request_desk.submit(desk, tenant, who=who, decommission=decommission, comment=comment)
    if as_json:
        output.print_json({"required": True, "request": reports.document(made, spec)})
        return
    reports.show(made, spec)
    output.console().print(f"\nNext: commit {desk.folder / 'requests' / (made.name + '.json')}", soft_wrap=True)
