"""One YAML file of one model: read fast where nothing is wrong, and with every fault in its line where something is.

Both ways take the same files and make the same of them; whatever the fast one does not know goes the other way.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from pathlib import Path
from typing import Any, Generic, TypeVar

import pydantic

from govcloud_cli import errors
from govcloud_cli.inventory import composing, explain, kubernetes_words, reader, scalars, sources, streams, wording

Json = Any
Model = TypeVar("Model", bound=pydantic.BaseModel)

# What the slow reader refuses, or looks at more closely: anchors, directives, characters written as escapes.
_UNUSUAL = re.compile(r"&[A-Za-z0-9_-]|^%|\\[^\\\"'.dswDSWnt(){}\[\]*+?|$^/-]", re.MULTILINE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loaded(Generic[Model]):
    """A file, read: either a model or faults."""

    path: Path
    model: Model | None
    faults: tuple[errors.Fault, ...] = ()


def load(path: Path, model: type[Model]) -> Loaded[Model]:
    """Read a file that must hold one document of this model. Never raises for what it holds."""
    try:
        return Loaded(path=path, model=_made(model, plain(path)))
    except (ValueError, sources.RefusalError, composing.StreamError):
        return _explained(path, model)


def plain(path: Path) -> Json:
    """The one document of a file, the fast way.

    Raises `ValueError`, `sources.RefusalError` or `composing.StreamError` for what only the slow reader can tell.
    """
    text = sources.read_text(path)
    if _UNUSUAL.search(text):
        raise ValueError("for the slow reader")
    found = list(itertools.islice(composing.compose(text), 2))
    if len(found) != 1:
        raise ValueError("not one document")
    return streams.plain(found[0], _WORDS)


def fault(
    document: reader.Document,
    code: str,
    path: reader.Path_,
    *,
    message: str,
    found: str = "",
    allowed: str = "",
    remedy: str = "",
    on_key: bool = False,
) -> errors.Fault:
    """A fault at a path, placed at the nearest value that is written in the file."""
    written = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in document.marks), None)
    mark = document.marks[written] if written is not None else reader.Mark(line=0, column=0)
    # An absent field is shown at the key of the mapping that lacks it, which is where it belongs.
    key = (on_key or written != path) and mark.key_line > 0
    return explain.fault(
        code,
        file=document.file,
        line=mark.key_line if key else mark.line,
        column=mark.key_column if key else mark.column,
        field=reader.join(path),
        message=message,
        found=found,
        allowed=allowed,
        remedy=remedy,
    )


def _made(model: type[Model], value: Json) -> Model:
    # As JSON: strictness then takes a string for an enum or a day, but never "3" for 3.
    return model.model_validate_json(json.dumps(value), by_alias=True, by_name=False)


def _explained(path: Path, model: type[Model]) -> Loaded[Model]:
    document = reader.read(path)
    made: Model | None = None
    faults = list(document.faults)
    if document.complete:
        try:
            made = _made(model, document.value)
        except pydantic.ValidationError as error:
            known = {one.field for one in faults}
            told = [_told(document, one) for one in wording.tell(model, error)]
            faults += [one for one in told if one.field not in known]
    ordered = tuple(sorted(faults, key=lambda one: (one.line, one.column, one.code)))
    return Loaded(path=path, model=None if ordered else made, faults=ordered)


def _told(document: reader.Document, one: wording.Wording) -> errors.Fault:
    return fault(
        document,
        one.code,
        one.path,
        message=one.message,
        found=one.found,
        allowed=one.allowed,
        remedy=one.remedy,
        on_key=one.on_key,
    )


def _word(word: str) -> Json:
    if scalars.is_too_long_a_number(word) or scalars.ambiguity(word) is not None:
        raise ValueError("for the slow reader")
    return scalars.resolve(word)


_WORDS = kubernetes_words.Words(_word, nulls=True)
