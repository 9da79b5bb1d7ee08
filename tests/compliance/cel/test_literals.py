"""Values written as CEL, and what the engine reads there."""

from __future__ import annotations

import string
from typing import Any

import hypothesis
import pytest
from cel_expr_python import cel
from hypothesis import strategies as st

from govcloud_cli.compliance.cel import literals
from tests.support import nasty

_ENVIRONMENT = cel.NewEnv()
_LINES = nasty.lines(least=1, most=80)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _LINES,
    lambda some: st.lists(some, max_size=4) | st.dictionaries(_LINES, some, max_size=4),
    max_leaves=12,
)


def read(expression: str) -> Any:
    return _ENVIRONMENT.compile(expression).eval(data={}).plain_value()


@hypothesis.given(st.one_of(_LINES, st.text(st.characters(exclude_categories=["Cs"]), max_size=20)))
def test_a_text_is_read_back_as_it_was_and_is_plain_ascii(value: str) -> None:
    written = literals.text(value)
    assert read(written) == value
    assert set(written) <= set(string.printable) - set("\t\n\r\x0b\x0c")


@hypothesis.given(_JSON)
def test_json_is_read_back_as_it_was(value: Any) -> None:
    assert read(literals.literal(value)) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("it's", r"'it\u0027s'"),
        ("a\\", r"'a\u005c'"),
        ("政务😀", r"'\u653f\u52a1\U0001f600'"),
        ({"registries": []}, "{'registries': []}"),
        ({"b": 1, "a": 2}, "{'a': 2, 'b': 1}"),
        ({"a": [], "b": "x"}, "{'a': dyn([]), 'b': dyn('x')}"),
        ([1, "a"], "[dyn(1), dyn('a')]"),
        (["a", "b"], "['a', 'b']"),
        ([True, None, 1.5], "[dyn(true), dyn(null), dyn(1.5)]"),
    ],
)
def test_a_literal_is_written_in_one_way(value: Any, written: str) -> None:
    assert literals.literal(value) == written


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes is no JSON"):
        literals.literal([b""])
