from __future__ import annotations

import hypothesis
from hypothesis import strategies

from govcloud_cli.run import drift

SNAPSHOT = strategies.dictionaries(
    strategies.sampled_from(["file /etc/a", "unit b", "firewall"]), strategies.sampled_from("12")
)


@hypothesis.given(SNAPSHOT, SNAPSHOT)
def test_what_changed_came_or_went_is_named_and_nothing_else(recorded: dict[str, str], seen: dict[str, str]) -> None:
    found = drift.differences(recorded, seen)
    assert found == tuple(sorted(set(found)))
    same = {name for name in recorded if seen.get(name) == recorded[name]}
    assert set(found) == {*recorded, *seen} - same


def test_a_machine_that_is_as_it_was_has_not_drifted() -> None:
    assert drift.differences({"firewall": "1"}, {"firewall": "1"}) == ()
