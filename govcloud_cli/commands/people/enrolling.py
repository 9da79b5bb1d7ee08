"""`govcloud people enrol`: password and one-time code, for a person who is there in person."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.people import services

if TYPE_CHECKING:
    from govcloud_cli.run.people import enrolling as run_enrolling
    from govcloud_cli.run.people import places

_MOST = 200
"""Characters of a password; who gives more has given a file of something else."""


@click.command(short_help="Set a person's password and one-time code, with the person present.")
@click.argument("person", metavar="ID", shell_complete=options.complete_person)
@options.environment
@options.side
@click.option("--password-file", metavar="FILE", help="Read the password from a file; `-` is standard input.")
@click.option("--code-only", is_flag=True, help="A new one-time code only; the password stays, or is the directory's.")
@options.as_json
def enrol(
    *, person: str, environment: str, side: str | None, password_file: str | None, code_only: bool, as_json: bool
) -> None:
    """Enrol a person (现场登记): the person types the password twice and takes the one-time code along.

    What is printed is printed once and kept nowhere. Every session of before ends, and every code.

    \b
    Examples:
      govcloud people enrol li.wei
      govcloud people enrol li.wei --code-only
      pass show li | govcloud people enrol li.wei --password-file -
    """
    if code_only and password_file is not None:
        raise errors.UsageError("--code-only leaves the password as it is", remedy="leave out --password-file")
    from govcloud_cli.governance import chain, people_refusals
    from govcloud_cli.run import ledger
    from govcloud_cli.run.people import directory
    from govcloud_cli.run.people import enrolling as run_people

    place = services.only(environment, side)
    with place.opened() as api:
        account = services.account(place, api, person)
        people_refusals.refuse_enrolment(account, password=not code_only)
        if code_only:
            people_refusals.refuse_code_alone(account, [one["type"] for one in directory.credentials(api, account.id)])
        password = None if code_only else _password(password_file)
        book = ledger.opened(place.site, clock=runs.now, verb="people enrol", environ=os.environ)
        told = {"person": person, "password": password is not None, "code": True}
        book.note(place.side, chain.Action.PERSON_ENROLLING, told)
        enrolled = run_people.enrol(api, account, password=password, issuer=_issuer(place))
        book.note(place.side, chain.Action.PERSON_ENROLLED, told)
    _print(person, enrolled, as_json=as_json)


def _issuer(place: places.Place) -> str:
    """How an authenticator app names the account: short, ASCII; the QR code shall fit a terminal of 80 columns."""
    return f"GovCloud {place.site.spec.environment} {place.side.value}"


def _password(file: str | None) -> str:
    """As typed twice, or as the file's first line has it."""
    if file is None:
        if not sys.stdin.isatty():
            raise errors.UsageError(
                "there is no terminal to type a password on", remedy="give it with --password-file FILE, or `-`"
            )
        from govcloud_cli.run.people import passwords

        click.echo(passwords.RULES, err=True)
        typed: str = click.prompt("Password 口令", hide_input=True, confirmation_prompt="Again 再次输入", err=True)
        return typed
    text = _read(file)
    if not text or len(text) > _MOST or not text.isprintable():
        raise errors.UsageError(
            "the password file does not hold one line of text", where=file, remedy="write the password alone into it"
        )
    return text


def _read(file: str) -> str:
    try:
        with click.open_file(file, encoding="utf-8") as opened:
            return str(opened.read(_MOST + 2)).removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "no UTF-8"
        raise errors.UsageError("the password file cannot be read", where=file, cause=cause) from None


def _print(person: str, enrolled: run_enrolling.Enrolled, *, as_json: bool) -> None:
    from govcloud_cli.commands.people import pictures

    if as_json:
        output.print_json({"ok": True, "person": person, "otpauth": enrolled.uri})
        return
    if sys.stdout.isatty():
        click.echo(pictures.qr(enrolled.uri))
    console = output.console()
    console.print(f"{person} is enrolled 登记完成. The authenticator app takes this, once 仅显示一次:", soft_wrap=True)
    console.print(f"  {enrolled.uri}", soft_wrap=True)
