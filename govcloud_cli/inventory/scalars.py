"""What an unquoted YAML word means here: YAML 1.2's core types, and nothing that YAML 1.1 reads differently.

An editor, a linter and this reader must see the same value. Where the two YAML versions disagree
(`no`, `010`, `1:30`) the word is refused, and its author says with quotes what was meant.
"""

from __future__ import annotations

import functools
import re

Plain = str | int | float | bool | None

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_NUMBER_LIKE = re.compile(r"[-+0-9._:,eExob]+\Z")
_DIGITS_MAX = 18
_WORD_MAX = 64

_AMBIGUOUS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i:y|n|yes|no|on|off)\Z"), "YAML 1.1 reads this word as true or false, YAML 1.2 as text"),
    (re.compile(r"(True|TRUE|False|FALSE)\Z"), "some readers take this for text; the word is true or false"),
    (re.compile(r"(~|Null|NULL)\Z"), "some readers take this for text; the word is null"),
    (re.compile(r"[-+]?0[0-9_]+\Z"), "YAML 1.1 reads a leading zero as octal, YAML 1.2 as decimal"),
    (re.compile(r"[-+]?0[oOxXbB][0-9A-Fa-f_]+\Z"), "not every reader takes this for the same number"),
    (re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?\Z"), "YAML 1.1 reads this as a number of base 60"),
    (re.compile(r"[-+]?[0-9][0-9,]*_[0-9_.,]*\Z"), "YAML 1.1 reads this as a number, YAML 1.2 as text"),
    (re.compile(r"\+[0-9.]+\Z"), "not every reader takes this for a number"),
    (re.compile(r"[-+]?([0-9]+\.|\.[0-9]+|[0-9]*\.?[0-9]+[eE][-+]?[0-9]+|[0-9]+\.[eE][-+]?[0-9]+)\Z"),
     "not every reader takes this for a number"),
    (re.compile(r"[-+]?0[0-9]+\.[0-9]*\Z"), "not every reader takes this for a number"),
    (re.compile(r"[-+]?\.(?i:inf)\Z|\.(?i:nan)\Z"), "no field here takes an infinite number"),
    (re.compile(r"=\Z"), "YAML 1.1 gives this sign a meaning of its own"),
)  # fmt: skip


def ambiguity(word: str) -> str | None:
    """Why readers of YAML would disagree about this unquoted word; None if they agree."""
    if len(word) > _WORD_MAX:  # no number or truth is this long, and the patterns above would take their time
        return None
    return _ambiguity(word)


# An inventory's keys and values are the same few hundred words in every file.
@functools.lru_cache(maxsize=8192)
def _ambiguity(word: str) -> str | None:
    return next((reason for pattern, reason in _AMBIGUOUS if pattern.match(word)), None)


def is_too_long_a_number(word: str) -> bool:
    """True for digits that would not survive JSON, or would take long to convert."""
    return len(word) > _DIGITS_MAX and (
        bool(_INTEGER.match(word) or _FLOAT.match(word))
        or (len(word) > _WORD_MAX and word[0] in "+-.0123456789" and bool(_NUMBER_LIKE.match(word)))
    )


def resolve(word: str) -> Plain:
    """The value of an unquoted, unambiguous word. A date stays text: both versions show people the same."""
    if word in {"", "null"}:
        return None
    if word in {"true", "false"}:
        return word == "true"
    if _INTEGER.match(word):
        return int(word)
    if _FLOAT.match(word):
        return float(word)
    return word
