"""Changes of people as a plan prints them."""

from __future__ import annotations

from govcloud_cli.governance import people_changes
from govcloud_cli.plan import people_entries, steps

CHANGES = people_changes.Changes(
    leaves=(people_changes.Leave(person="gone", account="1", reason="not in people.yaml", rotate=("office",)),),
    moves=(people_changes.Move(person="moved", account="2", rotate=("finance",)),),
    returns=(people_changes.Return(person="back", account="3", name="B"),),
    joins=(people_changes.Join(person="new", name="N", groups=()),),
)


def test_people_are_entries_with_the_plans_symbols() -> None:
    told = [
        (one.action.value, one.entry) for one in (*people_entries.leavers(CHANGES), *people_entries.others(CHANGES))
    ]
    assert told == [("-", "Person/gone"), ("+", "Person/back"), ("~", "Person/moved"), ("+", "Person/new")]


def test_what_movers_knew_changes_after_they_moved() -> None:
    assert people_entries.secrets(CHANGES) == (steps.Change(action=steps.Action.CHANGE, entry="Secrets/finance"),)
