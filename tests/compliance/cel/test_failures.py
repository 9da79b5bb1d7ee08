"""Why an expression came to no verdict is told, without what the document holds."""

from __future__ import annotations

import pytest

from govcloud_cli.compliance.cel import failures


@pytest.mark.parametrize(
    ("words", "source", "reason"),
    [
        ('NOT_FOUND: Key not found in map : "spec"', "object.spec.x", "reads spec, which is not there"),
        ("NOT_FOUND: no such key: 'hunter2'", "{}[object.x]", "reads a field that is not there"),
        ("NOT_FOUND: no such key: ''", "{}[object.x]", "reads a field that is not there"),
        (
            "UNKNOWN: No matching overloads found : (string).isLessThan(struct)",
            "",
            "types do not fit: (string).isLessThan(struct)",
        ),
        ("UNKNOWN: No matching overloads found : _&&_", "", "types do not fit: _&&_"),
        ("OUT_OF_RANGE: function quantity: not a quantity", "", "quantity: not a quantity"),
        ("INVALID_ARGUMENT: divide by zero", "", "divides by zero"),
        ("INTERNAL: Iteration budget exceeded", "", "takes more than 10,000 steps of iteration"),
        ("INVALID_ARGUMENT: Index out of bounds: index=5 size=2", "", "reads an element that is not there"),
        ("INVALID_ARGUMENT: integer overflow", "", "a number is out of range"),
        ("INVALID_ARGUMENT: cannot parse 'hunter2' as an integer", "'hunter2'", "cannot be evaluated"),
        ("", "", "cannot be evaluated"),
    ],
)
def test_a_reason_is_told(words: str, source: str, reason: str) -> None:
    assert failures.of(words, source).reason == reason


def test_a_function_of_ours_says_its_name() -> None:
    def refuse(text: str) -> bool:
        raise ValueError("it is not so")

    with pytest.raises(ValueError, match=r"^function isGood: it is not so$"):
        failures.told("isGood", refuse)("x")


def test_a_compile_error_comes_without_its_code() -> None:
    words = "INVALID_ARGUMENT: ERROR: <input>:1:1: undeclared reference [INVALID_ARGUMENT]"
    assert failures.without_code(words) == "<input>:1:1: undeclared reference"
