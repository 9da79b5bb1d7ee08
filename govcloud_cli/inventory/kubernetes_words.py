"""What an unquoted YAML word is to Kubernetes: what sigs.k8s.io/yaml makes of it on its way to JSON.

Neither YAML 1.1 nor 1.2 (go.yaml.in/yaml/v2, resolve.go): `y` is true and `0644` is 420, but `1:30` and
dates are text. A manifest must be judged by the values that the API server will see.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

Json = Any
Word = str | int | float | bool | None

_LARGEST = 2**63
_LONGEST, _MOST = 100, 200_000
"""Characters of a word, and words, that are remembered."""
_HINTS = frozenset("0123456789+-.~yYnNtTfFoO<")
_NAMED: dict[str, Word] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NO_JSON = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)
_POINT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?\Z", re.ASCII)
"""What begins with a point goes to Go's ParseFloat as it is, with underscores between digits."""
_BASES = ((2, 16), (3, 2), (4, 8), (5, 10))


class RefusedError(ValueError):
    """A number that JSON, or 64 bits, cannot hold; the text says which."""


class Words(dict[str, Json]):
    """Word to value, by a function that may refuse a word; remembers what it was asked lately.

    With `nulls` a key without a value is kept as null, else left out.
    """

    def __init__(self, resolve: Callable[[str], Json], *, nulls: bool) -> None:
        super().__init__()
        self.nulls = nulls
        self._resolve = resolve

    def __missing__(self, word: str) -> Json:
        value = self._resolve(word)
        if len(word) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[word] = value
        return value


def resolve(word: str) -> Word:
    """The value of an unquoted word. Raises `RefusedError`."""
    if word and word[0] not in _HINTS:
        return word
    return _NAMED[word] if word in _NAMED else number(word)


DOCUMENTS = Words(resolve, nulls=True)
"""What Kubernetes makes of unquoted words; a lookup, since manifests repeat the same few thousand words."""
OBJECTS = Words(resolve, nulls=False)
"""As `DOCUMENTS`; for objects, in which the API server takes a key that is null for one that is not there."""


def number(word: str) -> Word:
    """The number that a word is, else the word itself. Raises `RefusedError`."""
    if word[:1] not in "0123456789+-.":
        return word
    if _NO_JSON.match(word):
        raise RefusedError("an infinite number, or none, which JSON cannot hold")
    plain = word.replace("_", "")
    if word[0] == ".":
        return plain_float(plain, otherwise=word) if _POINT.match(word) else word
    integer = _INTEGER.match(plain)
    if integer:
        return _integer(integer)
    return plain_float(plain, otherwise=word) if _FLOAT.match(plain) else word


def _integer(match: re.Match[str]) -> int:
    group, base = next((group, base) for group, base in _BASES if match[group] is not None)
    digits = match[group]
    # Longer than any 64 bits: Python would take its time, or refuse with words of its own.
    if len(digits.lstrip("0")) > 64:
        raise RefusedError("a number of more than 64 bits")
    return bounded(int(match[1] + digits, base))


def bounded(value: int) -> int:
    """A whole number that fits 64 bits. Raises `RefusedError` for others, which JSON readers round."""
    if not -_LARGEST <= value < _LARGEST:
        raise RefusedError("a number of more than 64 bits")
    return value


def plain_float(text: str, *, otherwise: str | None = None) -> Word:
    """A number with a fraction; a whole one becomes an int, as on its way through JSON.

    One that is too large for a float is `otherwise`, as in Kubernetes; without that it is refused.
    """
    value = float(text)
    if math.isinf(value):
        if otherwise is None:
            raise RefusedError("a number that is too large")
        return otherwise
    if value.is_integer() and abs(value) < 1e21:
        return bounded(int(value))
    return value
