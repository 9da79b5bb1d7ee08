"""`govcloud request cancel`: withdraw a request that waits."""

from __future__ import annotations

import os

import click

from govcloud_cli.commands import options, output
from govcloud_cli.commands.request import reports


@click.command(short_help="Withdraw the request that waits (撤回).")
@options.environment
@options.tenant
@click.option("--reason", metavar="TEXT", help="Why; one line.")
@options.as_json
def cancel(environment: str, tenant: str, reason: str | None, as_json: bool) -> None:
    """Withdraw TENANT's request; its requester and the tenant's owner may.

    \b
    Examples:
      govcloud request cancel finance
    """
    from govcloud_cli.run import identity, request_desk

    desk = reports.desk(environment)
    who = identity.current(desk.site.spec.people, os.environ)
    made = request_desk.cancel(desk, tenant, who=who, reason=reason)
    if as_json:
        output.print_json({"request": reports.document(made, desk.site.spec)})
    else:
        output.console().print(f"{made.name} is CANCELLED (已撤回)")
