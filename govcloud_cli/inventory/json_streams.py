"""JSON as Kubernetes takes it: one document or several in a row, and nothing that two readers read differently."""

from __future__ import annotations

import collections
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from govcloud_cli.inventory import absences, composing, kubernetes_words, streams

Json = Any

_SPACE = re.compile(r"[ \t\r\n]*")
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


class _RefusalError(ValueError):
    """What JSON's grammar allows and we do not."""


def looks_like(text: str) -> bool:
    """Whether Kubernetes would try JSON first."""
    return text[_end_of_space(text, 0) : _end_of_space(text, 0) + 1] == "{"


def read(text: str, *, nulls: bool = True) -> Iterator[streams.Document]:
    """Every document. Raises `ValueError` where it is no JSON (perhaps YAML), `composing.StreamError` if it is bad.

    Without `nulls`, keys that are null are left out, as the API server does.
    """
    drop = not nulls and "null" in text
    mend = _HALF_CHARACTER.search(text) is not None
    at = _end_of_space(text, 0)
    for number in itertools.count():
        if at >= len(text):
            return
        try:
            value, after = _DECODER.raw_decode(text, at)
            _bound(value)
        except (_RefusalError, kubernetes_words.RefusedError) as error:
            raise composing.StreamError(str(error), line=text.count("\n", 0, at) + 1) from error
        except RecursionError as error:
            raise composing.StreamError(_TOO_DEEP, line=text.count("\n", 0, at) + 1) from error
        value = absences.as_sent(value) if drop else value
        yield streams.Document(number=number, value=_mended(value) if mend else value)
        at = _end_of_space(text, after)


def _end_of_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        [(twice, _)] = collections.Counter(name for name, _ in pairs).most_common(1)
        raise _RefusalError(f"key '{streams.shown(twice)}' is there twice in one object")
    return made


def _integer(digits: str) -> int:
    # Of thousands of digits `int` makes a ValueError; the YAML reader then says what is wrong.
    return kubernetes_words.bounded(int(digits))


def _constant(_: str) -> Json:
    raise _RefusalError("an infinite number, or none, which is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once,
    parse_int=_integer,
    parse_float=kubernetes_words.plain_float,
    parse_constant=_constant,
)
_TOO_DEEP = f"it is nested deeper than {composing.MAX_DEPTH} levels"


def _bound(value: Json) -> None:
    level = [value]
    for _ in range(composing.MAX_DEPTH + 1):
        level = [
            item
            for held in level
            if isinstance(held, dict | list)
            for item in (held.values() if isinstance(held, dict) else held)
        ]
        if not level:
            return
    raise _RefusalError(_TOO_DEEP)


def _mended(value: Json) -> Json:
    """Halves of characters (`\\ud800`) as U+FFFD, as Go reads them; no text file can hold them."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
