"""Why an expression came to no verdict, in words that hold nothing of the document."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable
from typing import Any, Final

_CODE: Final = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_KEY: Final = re.compile(r"no such key: '?(?P<key>[^']*)'?|Key not found in map : \"?(?P<other>[^\"]*)\"?")
_TYPES: Final = re.compile(r"No matching overloads found : [^()]*(\([A-Za-z0-9_.<>, ()-]*\))?[^()]*(\([a-z0-9_, ]*\))?")
_OURS: Final = re.compile(r"function (?P<name>[A-Za-z.]+): (?P<why>[^\n]{1,120})")
_LONGEST: Final = 300


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """An expression came to no verdict."""

    reason: str


OUT_OF_MEMORY: Final = Failure(reason="takes more memory than there is")


def no_verdict(kind: str) -> Failure:
    """It came to a value that says neither yes nor no."""
    return Failure(reason=f"comes to a value of type {kind.lower()}, not to true or false")


def told(name: str, implementation: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its name in what it raises."""

    @functools.wraps(implementation)
    def call(*arguments: Any) -> Any:
        try:
            return implementation(*arguments)
        except ValueError as failure:
            raise ValueError(f"function {name}: {failure}") from None

    return call


def of(words: str, source: str) -> Failure:
    """The engine's words, as far as they are not of the document.

    Args:
        source: the expression; a key that it names may be told.
    """
    ours = _OURS.search(words)
    if ours:
        return Failure(reason=f"{ours['name']}: {ours['why']}")
    key = _KEY.search(words)
    if key:
        name = (key["key"] or key["other"] or "").strip("\"' ")
        return Failure(reason=f"reads {name}, which is not there" if name and name in source else _MISSING)
    types = _TYPES.search(words)
    if types:
        return Failure(reason=f"types do not fit: {types[0].removeprefix('No matching overloads found : ')}"[:_LONGEST])
    for sign, reason in _KNOWN.items():
        if sign in words.lower():
            return Failure(reason=reason)
    return Failure(reason="cannot be evaluated")


_MISSING: Final = "reads a field that is not there"
_KNOWN: Final = {
    "iteration budget": "takes more than 10,000 steps of iteration",
    "divi": "divides by zero",
    "out of bounds": "reads an element that is not there",
    "conver": "a value cannot be converted",
    "out of range": "a number is out of range",
    "overflow": "a number is out of range",
}


def without_code(words: str) -> str:
    """A compile error without the status code around it."""
    return _CODE.sub("", _CODE.sub("", words)).strip()
