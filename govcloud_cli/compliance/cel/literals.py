"""Values as CEL text: what is written into an expression, and read back as the same value (CEL spec, literals).

Kubernetes takes only lists and maps whose values are of one type; where they are not, each is called `dyn`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def literal(value: Any) -> str:
    """JSON as a CEL literal; a mapping's keys are texts, sorted. Raises TypeError for what is no JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return text(value)
        case Mapping():
            keys = sorted(value)
            items = _items([value[key] for key in keys])
            return "{" + ", ".join(f"{text(key)}: {item}" for key, item in zip(keys, items, strict=True)) + "}"
        case list() | tuple():
            return "[" + ", ".join(_items(value)) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON")


def text(value: str) -> str:
    """A string literal. All but plain printable ASCII is escaped, so nothing in it ends or hides a part of it."""
    return "'" + "".join(_character(one) for one in value) + "'"


def texts(values: Iterable[str]) -> str:
    """A list of string literals."""
    return "[" + ", ".join(text(value) for value in values) + "]"


def _items(values: Sequence[Any]) -> list[str]:
    # Lists and maps may hold different things, so two of them may be of two types.
    plain = len({type(value) for value in values}) < 2 and not any(isinstance(one, list | dict) for one in values)
    return [literal(value) if plain or len(values) == 1 else f"dyn({literal(value)})" for value in values]


def _character(one: str) -> str:
    if " " <= one <= "~" and one not in "'\\":
        return one
    code = ord(one)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
