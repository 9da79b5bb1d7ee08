"""What Kubernetes adds to lists (k8s.io/apiserver/pkg/cel/library, `Lists`)."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

from govcloud_cli.compliance.cel import declarations

_SUMMABLE: Final = ("int", "uint", "double")
_GIVEN: Final = (*_SUMMABLE, "bool", "string")
"""What the engine takes back where only the document says what it will be; Kubernetes has times and bytes too."""
_COMPARABLE: Final = (*_GIVEN, "duration", "timestamp", "bytes")
_LARGEST: Final = 2**63 - 1


def _family(item: Any) -> type:
    """What it may be compared with; `bool` is no number in CEL."""
    if isinstance(item, bool):
        return bool
    for family in (int, str, datetime.timedelta, datetime.datetime):
        if isinstance(item, family):
            return family
    if isinstance(item, float):
        return int
    if isinstance(item, (bytes, bytearray)):
        return bytes
    raise ValueError("no such overload: the list holds what cannot be compared")


def _check(items: Sequence[Any]) -> None:
    if len({_family(item) for item in items}) > 1:
        raise ValueError("no such overload: the list is of several types")


def total(items: Sequence[Any]) -> Any:
    """The sum of numbers; 0 of nothing.

    Raises:
        ValueError: it is a list of something else, or the sum is no 64-bit integer.
    """
    _check(items)
    if not items:
        return 0
    if _family(items[0]) is not int:
        raise ValueError("no such overload: the list cannot be summed")
    if len({type(item) for item in items}) > 1:
        raise ValueError("no such overload: integers and doubles do not add up")
    result = sum(items)
    if isinstance(result, int) and not -_LARGEST - 1 <= result <= _LARGEST:
        raise ValueError("integer overflow")
    return result


def _extreme(name: str, pick: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    def extreme(items: Sequence[Any]) -> Any:
        if not items:
            raise ValueError(f"{name} called on empty list")
        _check(items)
        return pick(items)

    return extreme


def is_sorted(items: Sequence[Any]) -> bool:
    """Whether none is greater than the next.

    Raises:
        ValueError: they cannot be compared.
    """
    _check(items)
    return not any(one > other for one, other in itertools.pairwise(items))


def _equal(one: Any, other: Any) -> bool:
    """CEL's equality: numbers by value, nothing else across types."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_equal(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(item, other[key]) for key, item in one.items())
    return bool(one == other)


def index_of(items: Sequence[Any], item: Any) -> int:
    """The first place that has it, or -1."""
    return next((index for index, one in enumerate(items) if _equal(one, item)), -1)


def last_index_of(items: Sequence[Any], item: Any) -> int:
    """The last place that has it, or -1."""
    return next((index for index in range(len(items) - 1, -1, -1) if _equal(items[index], item)), -1)


OVERLOADS: Final = (
    *(declarations.method("sum", (f"list<{name}>",), name, total) for name in _SUMMABLE),
    *(declarations.method("min", (f"list<{name}>",), name, _extreme("min", min)) for name in _GIVEN),
    *(declarations.method("max", (f"list<{name}>",), name, _extreme("max", max)) for name in _GIVEN),
    *(declarations.method("isSorted", (f"list<{name}>",), "bool", is_sorted) for name in _COMPARABLE),
    declarations.method("indexOf", ("list<dyn>", "dyn"), "int", index_of),
    declarations.method("lastIndexOf", ("list<dyn>", "dyn"), "int", last_index_of),
)
