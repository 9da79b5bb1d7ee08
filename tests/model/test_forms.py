"""Every pattern of the models has its words, so that no fault shows a regular expression."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from govcloud_cli.inventory import schemas
from govcloud_cli.model import forms


def patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for value in schema.values():
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


@pytest.mark.parametrize("document", schemas.DOCUMENTS)
def test_every_pattern_is_told_in_words(document: str) -> None:
    assert set(patterns(schemas.schema(document))) <= set(forms.FORMS)


def test_no_words_are_left_over() -> None:
    used = {pattern for document in schemas.DOCUMENTS for pattern in patterns(schemas.schema(document))}
    assert set(forms.FORMS) == used
