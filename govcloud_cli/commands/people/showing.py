"""`govcloud people show`: one person's account."""

from __future__ import annotations

import datetime
from typing import Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, steering
from govcloud_cli.commands.people import services


@click.command(short_help="Show everything about one person's account.")
@click.argument("person", metavar="ID", shell_complete=options.complete_person)
@options.environment
@options.side
@options.as_json
def show(*, person: str, environment: str, side: str | None, as_json: bool) -> None:
    """Show what people.yaml and the identity service have of a person (人员).

    \b
    Examples:
      govcloud people show li.wei
      govcloud people show li.wei --json
    """
    place = services.only(environment, side)
    entry = next((one for one in place.site.spec.people if one.id == person), None)
    with place.opened() as api:
        from govcloud_cli.run.people import directory

        account = directory.read(api).account(person)
        found = [] if account is None else directory.credentials(api, account.id)
        sessions = [] if account is None else api.get(f"{directory.ADMIN}/users/{account.id}/sessions")
    if entry is None and account is None:
        raise errors.UsageError(f"nobody is known as '{person}'", remedy="`govcloud people list` names everybody")
    document: dict[str, Any] = {
        "person": person,
        "side": place.side.value,
        "file": None if entry is None else _entry(entry),
        "account": None if account is None else _account(account),
        "credentials": [{"kind": one["type"], "since": _time(one.get("createdDate"))} for one in found],
        "sessions": [
            {"since": _time(one.get("start")), "from": one.get("ipAddress"), "used": _time(one.get("lastAccess"))}
            for one in sessions
        ],
    }
    if as_json:
        output.print_json({"ok": True, **document})
        return
    _print(document)


def _entry(person: Any) -> dict[str, Any]:
    return {
        "displayName": person.display_name,
        "organisation": person.organisation,
        "groups": list(person.groups),
        "duty": None if person.duty is None else person.duty.value,
        "leavesOn": None if person.leaves_on is None else f"{person.leaves_on:%Y-%m-%d}",
        "approves": list(person.approves),
    }


def _account(account: Any) -> dict[str, Any]:
    return {
        "enabled": account.enabled,
        "name": account.name,
        "groups": sorted(account.groups),
        "origin": account.origin.value,
        "duties": list(account.duties),
    }


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return f"{datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _print(document: dict[str, Any]) -> None:
    console = output.console()
    entry, account = document["file"], document["account"]
    lines = [f"{document['person']} ({document['side']})"]
    if entry is None:
        lines.append("people.yaml: not there 未登记")
    else:
        told = ", ".join(f"{name} {_shown(value)}" for name, value in entry.items() if value)
        lines.append(f"people.yaml: {told}")
    if account is None:
        lines.append("account 账号: none; `govcloud people sync` makes it")
    else:
        state = "enabled 启用" if account["enabled"] else "disabled 停用"
        lines.append(f"account 账号: {state}, {account['name']}, from {account['origin']}")
        lines.append(f"groups 组: {_shown(account['groups'])}")
    lines += [f"credential 凭据: {one['kind']} since {one['since']}" for one in document["credentials"]]
    lines += [f"session 会话: from {one['from']} since {one['since']}" for one in document["sessions"]]
    for line in lines:
        console.print(steering.plain(line), soft_wrap=True)


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
