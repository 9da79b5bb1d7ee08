"""Prints what a sync would do, or did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from govcloud_cli import counting
from govcloud_cli.commands import output, steering

if TYPE_CHECKING:
    from govcloud_cli.governance import people_changes
    from govcloud_cli.run.people import runs

_SHOWN = 5


def document(changes: people_changes.Changes) -> dict[str, Any]:
    """Changes as `--json` prints them."""
    return {
        "accounts": changes.accounts,
        "leave": [
            {"person": one.person, "reason": one.reason, "groups": list(one.groups), "rotate": list(one.rotate)}
            for one in changes.leaves
        ],
        "move": [
            {
                "person": one.person,
                "added": list(one.added),
                "removed": list(one.removed),
                "name": one.name,
                "rotate": list(one.rotate),
                "adopted": one.adopted,
                "heldTwoDuties": list(one.conflict),
            }
            for one in changes.moves
        ],
        "return": [
            {"person": one.person, "added": list(one.added), "removed": list(one.removed)} for one in changes.returns
        ],
        "join": [{"person": one.person, "name": one.name, "groups": list(one.groups)} for one in changes.joins],
        "missingGroups": {name: list(those) for name, those in changes.missing.items()},
    }


def show(side: str, changes: people_changes.Changes, rotate: Sequence[str]) -> None:
    """Print changes line by line: `-` leaves, `~` moves, `<` returns, `+` joins."""
    console = output.console()
    lines = [*_leaves(changes), *_moves(changes), *_arrivals(changes)]
    told = f"{counting.counted(len(lines), 'change')} to {counting.counted(changes.accounts, 'account')}"
    console.print(f"{side}: {told if lines else 'no changes'}")
    for line in (*lines, *missing(changes)):
        console.print(f"  {steering.plain(line)}", soft_wrap=True)
    if rotate:
        console.print(f"  ~ database passwords 数据库口令: {', '.join(rotate)}", soft_wrap=True)
    if changes.leavers > changes.most_leavers:
        told = f"{changes.leavers} leave at once: sync needs --leavers {changes.leavers}"
        output.console(stderr=True).print(told, soft_wrap=True)


def summary(result: runs.SideResult) -> str:
    """One side in a sentence."""
    done = result.outcome
    if not result.changed and result.whole:
        accounts = result.changes.accounts
        return f"{counting.counted(accounts, 'account')} {'is' if accounts == 1 else 'are'} as people.yaml says"
    told = [
        f"{number} {word}"
        for number, word in (
            (done.joined, "joined 入职"),
            (done.moved, "moved 调动"),
            (done.left, "left 离职"),
            (done.returned, "returned 返岗"),
        )
        if number
    ]
    if result.rotated:
        told.append(f"database passwords of {', '.join(result.rotated)} changed")
    return ", ".join(told) or "nothing was done"


def missing(changes: people_changes.Changes) -> Iterator[str]:
    """Groups that nobody offers on this side: of the other side's tenants, or misspelt."""
    for name, those in changes.missing.items():
        more = f" and {len(those) - _SHOWN} more" if len(those) > _SHOWN else ""
        yield f"? group {name} is not on this side: {', '.join(those[:_SHOWN])}{more}"


def _leaves(changes: people_changes.Changes) -> Iterator[str]:
    for one in changes.leaves:
        yield f"- {one.person} leaves ({one.reason}): {', '.join(one.groups) or 'no groups'}"


def _moves(changes: people_changes.Changes) -> Iterator[str]:
    for one in changes.moves:
        told = [*(f"+{name}" for name in one.added), *(f"-{name}" for name in one.removed)]
        told += [f"name {one.name}"] if one.name is not None else []
        told += ["made by somebody else: must be enrolled"] if one.adopted else []
        told += [f"held two duties at once 兼任: {', '.join(one.conflict)}"] if one.conflict else []
        yield f"~ {one.person} moves: {', '.join(told)}"


def _arrivals(changes: people_changes.Changes) -> Iterator[str]:
    for back in changes.returns:
        yield f"< {back.person} returns, and must be enrolled"
    for one in changes.joins:
        yield f"+ {one.person} joins ({one.name}): {', '.join(one.groups) or 'no groups'}"
