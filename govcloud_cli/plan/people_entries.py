"""Changes of people as entries of a plan: `Person/<id>`, and `Secrets/<tenant>` of what movers knew."""

from __future__ import annotations

from collections.abc import Collection

from govcloud_cli.governance import people_changes
from govcloud_cli.plan import steps


def leavers(changes: people_changes.Changes) -> tuple[steps.Change, ...]:
    """Who is shut out before anything else is done."""
    return tuple(steps.Change(action=steps.Action.DESTROY, entry=_entry(one.person)) for one in changes.leaves)


def others(changes: people_changes.Changes) -> tuple[steps.Change, ...]:
    """Who joins, moves and returns when the stacks have run, ordered by entry."""
    arriving = [steps.Change(action=steps.Action.ADD, entry=_entry(one.person)) for one in changes.joins]
    arriving += [steps.Change(action=steps.Action.ADD, entry=_entry(one.person)) for one in changes.returns]
    moving = [steps.Change(action=steps.Action.CHANGE, entry=_entry(one.person)) for one in changes.moves]
    return tuple(sorted((*arriving, *moving), key=lambda one: one.entry))


def secrets(changes: people_changes.Changes, withdrawn: Collection[str] = ()) -> tuple[steps.Change, ...]:
    """Tenants whose secrets change once more after the movers have moved, ordered.

    `withdrawn`: tenants whose file lets fewer groups read them.
    """
    known = {tenant for move in changes.moves for tenant in move.rotate} | {*withdrawn}
    return tuple(steps.Change(action=steps.Action.CHANGE, entry=f"Secrets/{tenant}") for tenant in sorted(known))


def _entry(person: str) -> str:
    return f"Person/{person}"
