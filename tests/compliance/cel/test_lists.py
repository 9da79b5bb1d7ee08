"""Lists of several types: an error here, where Kubernetes may come to a value that means nothing."""

from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance.cel import lists


@pytest.mark.parametrize("items", [[True, 2], [1, "a"], ["a", None], [1, [2]], [{"a": 1}]])
def test_what_cannot_be_compared_is_not_sorted_and_not_summed(items: list[Any]) -> None:
    for function in (lists.is_sorted, lists.total):
        with pytest.raises(ValueError, match="no such overload"):
            function(items)


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [(1, 1.0, 0), (True, 1, -1), (1, True, -1), ([True], [1], -1), ({"a": True}, {"a": 1}, -1), ({"a": 1}, {}, -1)],
)
def test_items_are_equal_as_in_cel(one: object, other: object, place: int) -> None:
    assert lists.index_of([one], other) == lists.last_index_of([one], other) == place


def test_integers_and_doubles_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        lists.total([1, 2.5])
