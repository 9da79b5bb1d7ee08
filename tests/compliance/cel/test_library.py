"""Every function that the API server has beside the language; a test against a real one holds the same cases to it."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import yaml

from govcloud_cli.compliance.cel import engine, failures, library, texts

CASES = sorted((pathlib.Path(__file__).parents[2] / "cases" / "cel").glob("*.yaml"))
EXPRESSIONS = [
    pytest.param(case, id=f"{path.stem}-{case['expression']}")
    for path in CASES
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def verdict(expression: str) -> bool | str | failures.Failure:
    asked = engine.Engine({})
    read = texts.read(expression, {})
    try:
        asked.compile(read.alone)
        return asked.compile(read.body).evaluate(asked.context({}))
    except engine.CompileError as failure:
        return failures.Failure(reason=str(failure))


@pytest.mark.parametrize("case", EXPRESSIONS)
def test_an_expression_comes_to_what_kubernetes_makes_of_it(case: dict[str, Any]) -> None:
    found = verdict(case["expression"])
    if case.get("error"):
        assert isinstance(found, failures.Failure)
    else:
        assert found is case["value"]


def test_every_function_has_a_case() -> None:
    texts_ = " ".join(path.read_text(encoding="utf-8") for path in CASES)
    inner = {"_match_", "_compare_"}
    assert [one.name for one in library.OVERLOADS if one.name not in inner and f"{one.name}(" not in texts_] == []
