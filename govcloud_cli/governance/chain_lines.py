"""The lines of the audit log: records and heads as bytes, and back.

A record is one line of canonical JSON (`chain.canonical`): a line that is not byte for byte what its content encodes to
is no record. That leaves one way to write each, so a change of any byte is either no record or another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from govcloud_cli.governance import chain

MAX_LINE = 65536
"""Bytes of one line, with its newline; nothing longer is read."""

_VERSION, _DEPTH = 1, 12
_RECORD_BEGINS, _HEAD_BEGINS = b'{"action":"', b'{"chain":"'
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


class MalformedError(ValueError):
    """A line that is no record, or no head; its text says why and holds nothing of the line."""


def is_torn_record(rest: bytes) -> bool:
    """Whether `rest`, after the last newline, is what an interrupted write of a record leaves."""
    return _is_torn(rest, _RECORD_BEGINS)


def is_torn_head(rest: bytes) -> bool:
    """Whether `rest`, after the last newline, is what an interrupted write of a head leaves."""
    return _is_torn(rest, _HEAD_BEGINS)


def _is_torn(rest: bytes, begins: bytes) -> bool:
    # After a power cut a file may have its length already and not yet its content: zeros.
    written = rest.rstrip(b"\0")
    return len(rest) <= MAX_LINE and (written.startswith(begins) or begins.startswith(written))


def encode(record: chain.Record) -> bytes:
    """The line of `record`, with its newline."""
    outer = {"chain": record.chain, "previous": record.previous, "signature": record.signature, "v": _VERSION}
    return chain.canonical({**chain.said(record.entry), **outer}) + b"\n"


def encode_head(head: chain.Head) -> bytes:
    """The line of `head`, with its newline."""
    return chain.canonical({**vars(head), "v": _VERSION}) + b"\n"


def decode(line: bytes) -> chain.Record:
    """The record that `line` (with its newline) is. Raises `MalformedError`."""
    found = _document(line)
    actor = found.get("actor")
    if not isinstance(actor, dict):
        raise MalformedError("it names no actor")
    entry = chain.Entry(
        number=_number(found, least=1),
        time=_time(found),
        actor=chain.Actor(person=_text(actor, "person"), source=_word(actor, "source")),
        action=_word(found, "action"),
        environment=_text(found, "environment"),
        side=_word(found, "side"),
        tenant=None if found.get("tenant") is None else _text(found, "tenant"),
        details=_details(found),
    )
    record = chain.Record(
        entry=entry,
        previous=_matching(found, "previous", _DIGEST),
        chain=_matching(found, "chain", _DIGEST),
        signature=_matching(found, "signature", _SIGNATURE),
    )
    # Also refuses duplicate and unknown keys, spaces, other escapes and another version.
    if encode(record) != line:
        raise MalformedError("it is not written as records are")
    return record


def decode_head(line: bytes) -> chain.Head:
    """The head that `line` (with its newline) is. Raises `MalformedError`."""
    found = _document(line)
    head = chain.Head(
        environment=_text(found, "environment"),
        side=_word(found, "side"),
        number=_number(found, least=0),
        time=_time(found),
        chain=_matching(found, "chain", _DIGEST),
        key=_matching(found, "key", _DIGEST),
        signature=_matching(found, "signature", _SIGNATURE),
    )
    if encode_head(head) != line:
        raise MalformedError("it is not written as heads are")
    return head


def _document(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE:
        raise MalformedError(f"it is longer than {MAX_LINE} bytes")
    try:
        found = json.loads(line.decode("ascii"), parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise MalformedError("it is no line of JSON") from None
    if not isinstance(found, dict):
        raise MalformedError("it is no JSON object")
    return found


def _no_number(_text: str) -> NoReturn:
    raise MalformedError("fractions have more than one form")


def _matching(found: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise MalformedError(f"'{name}' is missing or has not its form")
    return value


def _word(found: Mapping[str, Any], name: str) -> str:
    return _matching(found, name, _WORD)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedError(f"'{name}' is missing or no text")
    return _whole(value)


def _whole(value: str) -> str:
    # Half a character can be written in JSON, and then nowhere else.
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise MalformedError("it holds half a character")
    return value


def _number(found: Mapping[str, Any], *, least: int) -> int:
    value = found.get("number")
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 53:
        raise MalformedError("'number' is missing or no number of a record")
    return value


def _time(found: Mapping[str, Any]) -> str:
    value = _matching(found, "time", _TIME)
    try:
        chain.moment(value)
    except ValueError:
        raise MalformedError("'time' is no time") from None
    return value


def _details(found: Mapping[str, Any]) -> Mapping[str, Any]:
    value = found.get("details")
    if not isinstance(value, dict) or _is_deep(value, _DEPTH):
        raise MalformedError("'details' is missing, deep or no JSON object")
    _whole(json.dumps(value, ensure_ascii=False))
    return value


def _is_deep(value: object, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return depth == 0 or any(_is_deep(one, depth - 1) for one in (value.values() if isinstance(value, dict) else value))
