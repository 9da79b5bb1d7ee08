"""What the engine would not read as it is, is refused before anything is judged."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance.cel import documents, engine


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(depth):
        document = {"a": document}
    return document


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"image": "registry.internal/x\0@evil"}, "NUL"),
        ({"labels": {"a\0b": "c"}}, "NUL"),
        ({"name": "half \ud800 a character"}, "lone surrogate"),
        ({"at": datetime.date(2026, 1, 1)}, "plain JSON"),
        ({"of": {1, 2}}, "plain JSON"),
        ({"share": math.nan}, "plain JSON"),
        ({"share": math.inf}, "plain JSON"),
        (nested(documents.DEEPEST + 1), "nested"),
        (nested(100_000), "nested"),
        ({"list": [0] * (documents.LONGEST_LIST + 1)}, "elements"),
        ({"list": [0] * (documents.LONGEST_LIST + 1), "text": "x" * 65_536}, "elements"),
        ({"text": "x" * documents.LARGEST}, "larger"),
    ],
)
def test_a_document_is_refused(document: object, said: str) -> None:
    with pytest.raises(documents.DocumentError, match=said):
        documents.check(document)


@pytest.mark.parametrize(
    "document",
    [
        {"text": "\\u0000 written out", "emoji": "😀", "中文": "二"},
        nested(documents.DEEPEST - 1),
        {"list": [0] * documents.LONGEST_LIST, "text": "x" * 65_536},
        [None, True, 1, -1.5, "x"],
        None,
    ],
)
def test_a_document_is_taken(document: object) -> None:
    documents.check(document)


def test_a_large_document_is_known_as_one() -> None:
    assert not documents.check({"list": [0] * 2_000})
    assert documents.check({"list": [0] * 2_002})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.text(max_size=20))
def test_a_text_is_read_whole_or_not_at_all(value: object, text: str) -> None:
    asked = engine.Engine({})
    try:
        context = asked.context({"value": value, "text": text})
    except documents.DocumentError:
        return
    assert asked.compile(f"size(object.text) == {len(text)}").holds(context)
    assert asked.compile("object.value == object.value").holds(context)
