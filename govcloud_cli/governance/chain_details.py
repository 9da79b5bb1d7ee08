"""What a caller tells beside who, what and whom, made fit for a record: plain JSON that has one form, and small."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 2000
"""Characters of one text; what is longer is cut, and says so."""

MAX_DETAILS = 32768
"""Bytes of all details; what is larger is left out, and only its digest recorded."""

_DEPTH = 8


def plain(details: Mapping[str, Any]) -> dict[str, Any]:
    """`details` as a record holds them: text, whole numbers, true, false, null, and lists and mappings of these.

    Everything else becomes text. A deploy must not fail because what it found is long, so what does not fit is cut or
    left out, visibly, with a digest of the whole.
    """
    made = {text(str(name)): _plain(value, _DEPTH) for name, value in details.items()}
    size = len(json.dumps(made))
    if size <= MAX_DETAILS:
        return made
    whole = json.dumps(made, sort_keys=True).encode()
    return {"omitted": f"{size} bytes", "sha256": hashlib.sha256(whole).hexdigest()}


def text(value: str, *, most: int = MAX_TEXT) -> str:
    """`value` without half characters, and cut after `most` characters."""
    whole = value.encode("utf-8", "backslashreplace").decode()
    if len(whole) <= most:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return f"{whole[:most]}… ({len(whole)} characters, sha256 {digest})"


def _plain(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 1 << 53:
        return int(value)
    if depth > 0 and isinstance(value, Mapping):
        return {text(str(name)): _plain(one, depth - 1) for name, one in value.items()}
    if depth > 0 and isinstance(value, list | tuple):
        return [_plain(one, depth - 1) for one in value]
    return text(str(value))
