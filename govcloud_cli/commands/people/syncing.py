"""`govcloud people sync`: who joins, moves and leaves, done and audited."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs, steering
from govcloud_cli.commands.people import services, telling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcloud_cli.run.people import places
    from govcloud_cli.run.people import runs as people_runs


@click.command(short_help="Bring accounts to what people.yaml says: join, move, leave.")
@options.environment
@options.side
@click.option("--plan", "only_plan", is_flag=True, help="Print what would be done; change nothing.")
@click.option("--leavers", type=click.IntRange(min=0), metavar="N", help="So many leave, exactly; needed when many do.")
@options.as_json
def sync(*, environment: str, side: str | None, only_plan: bool, leavers: int | None, as_json: bool) -> int:
    """Bring accounts to what people.yaml says (人员同步): who is new joins, who changed moves, who is gone leaves.

    A leaver (离职) can log in no more, has no session, tunnel or certificate, and the database passwords that were his
    to read change. Exit code 6: some of it is done, and running again does the rest.

    \b
    Examples:
      govcloud people sync --plan
      govcloud people sync
      govcloud people sync --leavers 12
    """
    if only_plan:
        _print_plan(services.find(environment, side), as_json=as_json)
        return errors.ExitCode.DONE
    moment = runs.now()
    with runs.locked(environment, "people sync", moment) as holding:
        from govcloud_cli.run.people import runs as run_people

        site = runs.site(environment, side)
        order = run_people.Order(
            site=site,
            holding=holding,
            clock=runs.now,
            environ=os.environ,
            logs=runs.log_folder(site.space, "people-sync", moment),
            leavers=leavers,
        )
        with runs.journal(quiet=as_json) as journal:
            results = run_people.sync(order, journal)
    return _print(results, as_json=as_json)


def _print_plan(found: Sequence[places.Place], *, as_json: bool) -> None:
    from govcloud_cli.run.people import runs as run_people

    outlooks = run_people.look(found, today=runs.now().date())
    if as_json:
        sides = [_outlook(place, outlooks[place.side.value].changes) for place in found]
        output.print_json({"ok": True, "plan": True, "sides": sides})
        return
    for place in found:
        telling.show(
            place.side.value,
            outlooks[place.side.value].changes,
            run_people.due(place, outlooks[place.side.value].changes),
        )


def _outlook(place: places.Place, changes: Any) -> dict[str, Any]:
    from govcloud_cli.run.people import runs as run_people

    return {"side": place.side.value, **telling.document(changes), "rotate": list(run_people.due(place, changes))}


def _print(results: Sequence[people_runs.SideResult], *, as_json: bool) -> int:
    done = all(one.whole for one in results)
    changed = any(one.changed for one in results)
    # What waits for a deploy is not lost, and not done either.
    partly = changed or not any(one.failures for one in results)
    code = errors.ExitCode.DONE if done else errors.ExitCode.PARTLY_DONE if partly else errors.ExitCode.FAILED
    if as_json:
        output.print_json({"ok": done, "plan": False, "changed": changed, "sides": [_result(one) for one in results]})
        return code
    console = output.console()
    for one in results:
        console.print(f"{one.side}: {telling.summary(one)}", soft_wrap=True)
        for told in (*telling.missing(one.changes), *(f"failed 失败: {text}" for text in one.failures)):
            console.print(f"  {steering.plain(told)}", soft_wrap=True)
        if one.waiting:
            told = ", ".join(one.waiting)
            console.print(f"  database passwords of {told} change with the next govcloud deploy", soft_wrap=True)
    if not done:
        output.console(stderr=True).print("Not everything is done; run it again 请重新运行.", soft_wrap=True)
    return code


def _result(one: people_runs.SideResult) -> dict[str, Any]:
    return {
        "side": one.side,
        "joined": one.outcome.joined,
        "moved": one.outcome.moved,
        "left": one.outcome.left,
        "returned": one.outcome.returned,
        "accounts": one.changes.accounts,
        "missingGroups": {name: list(those) for name, those in one.changes.missing.items()},
        "rotated": list(one.rotated),
        "sessionsEnded": one.sessions,
        "waitingForDeploy": list(one.waiting),
        "failures": list(one.failures),
    }
