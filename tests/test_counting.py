"""Numbers in sentences."""

from __future__ import annotations

from govcloud_cli import counting


def test_numbers_are_told_with_their_noun() -> None:
    assert counting.counted(1, "policy", "policies") == "1 policy"
    assert counting.counted(0, "finding") == "0 findings"
    assert counting.counted(2, "policy", "policies") == "2 policies"
