"""`find` and `findAll` (k8s.io/apiserver/pkg/cel/library, `Regex`), and `matches`; with RE2, as everywhere in CEL.

The engine has a `matches` of its own, and compiles the pattern again each time it is called, which is most of what
judging would take. Here a pattern is compiled once.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import re2

from govcloud_cli.compliance.cel import declarations

MATCHES: Final = "_match_"
"""What the engine knows our `matches` as; as long as that word, for errors to be told at the right column."""
_KEPT_TEXT: Final = 256
_Pattern = Any


@functools.lru_cache(maxsize=256)
def _pattern(text: str | bytes) -> _Pattern:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as failure:
        raise ValueError("not a regular expression") from failure


def matches(text: str, pattern: str) -> bool:
    """Whether the pattern is anywhere in the text.

    Raises:
        ValueError: the pattern is no RE2 expression.
    """
    return _matches(text, pattern) if len(text) <= _KEPT_TEXT else _search(text, pattern)


def _search(text: str, pattern: str) -> bool:
    return _pattern(pattern.encode()).search(text.encode()) is not None


_matches: Final = functools.lru_cache(maxsize=16_384)(_search)
"""Many objects have the same images, names and labels."""


def find(text: str, pattern: str) -> str:
    """The first match, or nothing.

    Raises:
        ValueError: the pattern is no RE2 expression.
    """
    found = _pattern(pattern.encode()).search(text.encode())
    return str(found.group(0).decode()) if found else ""


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """The matches, at most `limit` of them unless that is negative.

    Go's regexp finds no empty match right behind another match.

    Raises:
        ValueError: the pattern is no RE2 expression.
    """
    matches: list[str] = []
    end = -1
    for found in _pattern(pattern).finditer(text):
        if len(matches) == limit:
            break
        if not found.group(0) and found.start() == end:
            continue
        end = found.end()
        matches.append(str(found.group(0)))
    return matches


OVERLOADS: Final = (
    declarations.function(MATCHES, ("string", "string"), "bool", matches),
    declarations.method(MATCHES, ("string", "string"), "bool", matches),
    declarations.method("find", ("string", "string"), "string", find),
    declarations.method("findAll", ("string", "string"), "list<string>", find_all),
    declarations.method("findAll", ("string", "string", "int"), "list<string>", find_all),
)
