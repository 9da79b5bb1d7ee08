"""The pieces that CEL expressions are of, as far as it takes to name variables and to put expressions together."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Final

_TOKEN: Final = re.compile(
    r"(?P<space>\s+|//[^\n]*)"
    r"|(?P<string>[bB]?[rR][bB]?(?:'''(?s:.*?)'''|\"\"\"(?s:.*?)\"\"\"|'[^'\n]*'|\"[^\"\n]*\")"
    r"|[bB]?(?:'''(?:\\(?s:.)|(?s:[^\\]))*?'''|\"\"\"(?:\\(?s:.)|(?s:[^\\]))*?\"\"\""
    r"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`\n]*`)"
    r"|(?P<number>[0-9][0-9A-Za-z.]*)"
    r"|(?P<sign>[()\[\]{}.,?:!&|=<>+*/%-])",
    re.ASCII,
)
_CLOSING: Final = {")": "(", "]": "[", "}": "{"}


class TextError(ValueError):
    """The text is no expression that a policy may have."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """A piece of the text that is neither space nor comment."""

    kind: str
    text: str
    start: int
    end: int


def read(text: str) -> tuple[Token, ...]:
    """The pieces.

    Raises:
        TextError: a piece is none, or brackets do not match: such a text could reach out of what is put around it.
    """
    found: list[Token] = []
    opened: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise TextError(f"cannot be read from {text[at : at + 20]!r} on")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind=kind, text=match[0], start=at, end=match.end()))
            if match[0] in {"(", "[", "{"}:
                opened.append(match[0])
            elif match[0] in _CLOSING and (not opened or opened.pop() != _CLOSING[match[0]]):
                raise TextError("brackets do not match")
        at = match.end()
    if opened:
        raise TextError("brackets do not match")
    return tuple(found)


def begins(pieces: Sequence[Token], *wanted: str) -> bool:
    """Whether the first of them are these."""
    return [piece.text for piece in pieces[: len(wanted)]] == list(wanted)


def closing(pieces: Sequence[Token], opening: int) -> int:
    """Where the bracket at `opening` is closed."""
    depth = 0
    for index in range(opening, len(pieces)):
        depth += (pieces[index].text in _CLOSING.values()) - (pieces[index].text in _CLOSING)
        if not depth:
            return index
    raise TextError("brackets do not match")
