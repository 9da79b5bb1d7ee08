"""`govcloud request approve` and `reject`: a person's decision, signed with their own key."""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output
from govcloud_cli.commands.request import reports

if TYPE_CHECKING:
    from govcloud_cli.governance import changes, requests

F = TypeVar("F", bound=Callable[..., object])


def _key(function: F) -> F:
    return click.option(
        "--key",
        metavar="FILE",
        type=click.Path(path_type=pathlib.Path),
        help="Your private SSH key; left out: the one in ~/.ssh or the agent that people.yaml knows.",
    )(function)


def _yes(function: F) -> F:
    return click.option("--yes", is_flag=True, help="Do not ask on a terminal.")(function)


@click.command(short_help="Approve the request that waits, with your key (批准).")
@options.environment
@options.tenant
@click.option("--comment", metavar="TEXT", help="Kept with the approval, one line.")
@_key
@_yes
@options.as_json
def approve(
    environment: str, tenant: str, *, comment: str | None, key: pathlib.Path | None, yes: bool, as_json: bool
) -> None:
    """Approve what TENANT's request asks for: checked again, shown, and signed with your SSH key.

    \b
    Examples:
      govcloud request approve finance
      govcloud request approve finance --key ~/.ssh/id_ed25519_sk
    """
    _decide(environment, tenant, reason=comment, key=key, yes=yes, as_json=as_json, approve=True)


@click.command(short_help="Reject the request that waits, with a reason (驳回).")
@options.environment
@options.tenant
@click.option("--reason", metavar="TEXT", required=True, help="Why; one line.")
@_key
@_yes
@options.as_json
def reject(environment: str, tenant: str, *, reason: str, key: pathlib.Path | None, yes: bool, as_json: bool) -> None:
    """Reject what TENANT's request asks for, signed with your SSH key.

    \b
    Examples:
      govcloud request reject finance --reason "ask again after the audit"
    """
    _decide(environment, tenant, reason=reason, key=key, yes=yes, as_json=as_json, approve=False)


def _decide(
    environment: str,
    tenant: str,
    *,
    reason: str | None,
    key: pathlib.Path | None,
    yes: bool,
    as_json: bool,
    approve: bool,
) -> None:
    from govcloud_cli.run import request_desk, signing

    desk = reports.desk(environment)
    spec = desk.site.spec
    if not spec.needs_approval:
        raise reports.none_needed()
    try:
        signer = signing.find_key(spec.people, key, os.environ)
    except errors.UsageError:
        # Who mistyped the tenant is not told about keys.
        request_desk.waiting(desk, tenant)
        raise
    terminal = sys.stdin.isatty() and sys.stderr.isatty()

    def shown(request: requests.Request, change: changes.Change) -> None:
        if not as_json:
            reports.show(request, spec, reasons=change.reasons)
        if terminal and not yes:
            click.confirm("Approve and sign?" if approve else "Reject and sign?", abort=True, err=True)

    made = request_desk.decide(
        desk,
        tenant,
        key=signer,
        reason=reason,
        terminal=terminal,
        shown=shown,
        approve=approve,
    )
    if as_json:
        output.print_json({"request": reports.document(made, spec)})
        return
    by = made.decision.approver if made.decision else ""
    output.console().print(f"\n{made.name} is {made.state.value} ({reports.STATES[made.state.value]}) by {by}")
    output.console().print(f"Next: commit {desk.folder / 'requests' / (made.name + '.json')}", soft_wrap=True)
