"""What unquoted words are, word by word; `test_kubernetes_words_engine.py` asks a real API server about the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.inventory import kubernetes_words

WORDS: dict[str, kubernetes_words.Word] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("~", "null", "Null", "NULL"), None),
    "yEs": "yEs",
    "tRue": "tRue",
    "nuLL": "nuLL",
    "1": 1,
    "0": 0,
    "-7": -7,
    "+7": 7,
    "0644": 420,
    "00": 0,
    "0o644": 420,
    "0O17": 15,
    "08": 8,
    "09.5": 9.5,
    "0x1F": 31,
    "-0x1f": -31,
    "0b101": 5,
    "0B101": 5,
    "1_000": 1000,
    "1__0": 10,
    "0x_ff": 255,
    "_1": "_1",
    "1.5": 1.5,
    "1.": 1,
    ".5": 0.5,
    "-.5": -0.5,
    "._5": "._5",
    ".5_0": 0.5,
    ".5_": ".5_",
    ".5__0": ".5__0",
    ".5e1_0": 5_000_000_000,
    ".5e_1": ".5e_1",
    "+.5_0": 0.5,
    "+._5": 0.5,
    "1.0": 1,
    "1e3": 1000,
    "1E-2": 0.01,
    "1e999": "1e999",
    "1:30": "1:30",
    "190:20:30.15": "190:20:30.15",
    "2026-03-01": "2026-03-01",
    "2026-03-01T10:00:00Z": "2026-03-01T10:00:00Z",
    "0o8": "0o8",
    "0xg": "0xg",
    "100m": "100m",
    "128Mi": "128Mi",
    "-": "-",
    "+": "+",
    ".": ".",
    "=": "=",
    "9223372036854775807": 9223372036854775807,
    "-9223372036854775808": -9223372036854775808,
    "1.2.3": "1.2.3",
    "0.1.": "0.1.",
    "1e": "1e",
    "\N{FULLWIDTH DIGIT ONE}": "\N{FULLWIDTH DIGIT ONE}",
    "1\N{ARABIC-INDIC DIGIT ONE}": "1\N{ARABIC-INDIC DIGIT ONE}",
}
REFUSED = (".inf", "-.Inf", "+.INF", ".nan", ".NaN", "9223372036854775808", "-9223372036854775809", "1e20", "9" * 5000)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_what_kubernetes_makes_of_it(word: str) -> None:
    found = kubernetes_words.OBJECTS[word]

    assert found == WORDS[word]
    assert type(found) is type(WORDS[word])


@pytest.mark.parametrize("word", REFUSED)
def test_what_json_or_64_bits_cannot_hold_is_refused(word: str) -> None:
    with pytest.raises(kubernetes_words.RefusedError):
        kubernetes_words.OBJECTS[word]


def test_words_are_remembered_and_not_for_ever() -> None:
    asked: list[str] = []

    def resolve(word: str) -> str:
        asked.append(word)
        return word

    words = kubernetes_words.Words(resolve, nulls=True)
    long = "x" * 1000
    assert [words["a"], words["a"], words[long], words[long]] == ["a", "a", long, long]
    assert asked == ["a", long, long]


@given(st.text(alphabet="0123456789+-._eExXoObBaAfFnNyY~:", max_size=30))
def test_every_word_has_a_meaning_or_is_refused(word: str) -> None:
    try:
        found = kubernetes_words.resolve(word)
    except kubernetes_words.RefusedError:
        return

    assert found is None or isinstance(found, str | int | float | bool)
    assert not isinstance(found, str) or found == word
