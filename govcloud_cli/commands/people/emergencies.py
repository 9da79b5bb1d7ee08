"""`govcloud people break-glass`: the account for when nobody else can get in."""

from __future__ import annotations

import os
from typing import Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.people import services

_FEW_WORDS = 10


@click.command(name="break-glass", short_help="Open or seal the account for emergencies.")
@options.environment
@options.side
@click.option("--reason", help="Why it is opened; goes into the audit log before the password is shown.")
@click.option("--seal", is_flag=True, help="Make the password that was shown worthless, now.")
@options.as_json
def break_glass(*, environment: str, side: str | None, reason: str | None, seal: bool, as_json: bool) -> None:
    """Show the emergency account's password (应急账号), after it is on record that and why you did; or seal it again.

    The password is in no file. It works until it is sealed, which the next deploy does too.

    \b
    Examples:
      govcloud people break-glass --reason "identity service refuses everybody, incident 2026-31"
      govcloud people break-glass --seal
    """
    if (reason is None) == (not seal):
        raise errors.UsageError("give either --reason TEXT, to open it, or --seal")
    if reason is not None and len(reason.strip()) < _FEW_WORDS:
        raise errors.UsageError("the reason says nothing", remedy="write what happened; others will read it")
    from govcloud_cli.governance import chain
    from govcloud_cli.run import ledger
    from govcloud_cli.run.people import emergencies

    place = services.only(environment, side)
    with runs.locked(environment, "people break-glass", runs.now()):
        book = ledger.opened(place.site, clock=runs.now, verb="people break-glass", environ=os.environ)
        if seal:
            generation = emergencies.seal(place)
            book.note(place.side, chain.Action.BREAK_GLASS_SEALED, {"generation": generation})
            told: dict[str, Any] = {"ok": True, "sealed": True, "generation": generation}
            text = "sealed 已封存: the password that was shown works no more, and its sessions have ended"
        else:
            # Before the password is even read: who cannot be on record does not get it.
            book.note(place.side, chain.Action.BREAK_GLASS_OPENED, {"reason": reason})
            opened = emergencies.unseal(place)
            told = {"ok": True, "account": opened.account, "password": opened.password, "url": opened.url}
            text = (
                f"account 账号: {opened.account}\npassword 口令: {opened.password}\nat: {opened.url}\n"
                "Recorded. Seal it when you are done 用毕封存: govcloud people break-glass --seal"
            )
    if as_json:
        output.print_json(told)
        return
    output.console().print(text, soft_wrap=True)
