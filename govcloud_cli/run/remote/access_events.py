"""On the gateway: what was added to a log since it was last read, also where it was rotated meanwhile."""

from __future__ import annotations

import base64
import hashlib
import os
import pathlib
from typing import Any

_MARK = 256


def main(argument: dict[str, Any]) -> dict[str, Any]:
    """`{path, cursor: {inode?, offset?, mark?}, limit}` to `{data, cursor, more, gap}`.

    `data` (base64) are whole lines, at most `limit` bytes; `mark` is a digest of what is before `offset`, so that
    another file under the same inode is told apart. `gap`: the place was not found again, reading began anew.
    """
    path = pathlib.Path(argument["path"])
    cursor, limit = argument["cursor"], int(argument["limit"])
    found = sorted(path.parent.glob(path.name + "*"), key=lambda one: (one == path, one.stat().st_mtime_ns))
    files = [one for one in found if not one.name.endswith((".gz", ".xz", ".zst"))]
    start, offset, gap = 0, 0, False
    if cursor:
        places = [number for number, one in enumerate(files) if _is_there(one, cursor)]
        gap = not places
        start, offset = (places[0], int(cursor["offset"])) if places else (0, 0)
    data, reached, more = b"", dict(cursor), False
    for one in files[start:]:
        block, whole = _read(one, offset, limit - len(data), ended=one != path, alone=not data)
        data += block
        if whole and block and not block.endswith(b"\n"):
            data += b"\n"
        reached = _place(one, offset + len(block))
        offset = 0
        if not whole:
            more = True
            break
    return {"data": base64.b64encode(data).decode("ascii"), "cursor": reached, "more": more, "gap": gap}


def _is_there(path: pathlib.Path, cursor: dict[str, Any]) -> bool:
    found = path.stat()
    if found.st_ino != cursor["inode"] or found.st_size < cursor["offset"]:
        return False
    return bool(_mark(path, int(cursor["offset"])) == cursor["mark"])


def _place(path: pathlib.Path, offset: int) -> dict[str, Any]:
    return {"inode": path.stat().st_ino, "offset": offset, "mark": _mark(path, offset)}


def _mark(path: pathlib.Path, offset: int) -> str:
    with path.open("rb") as file:
        file.seek(max(0, offset - _MARK))
        return hashlib.sha256(file.read(min(offset, _MARK))).hexdigest()


def _read(path: pathlib.Path, offset: int, limit: int, *, ended: bool, alone: bool) -> tuple[bytes, bool]:
    """Whole lines from `offset`, and whether that is all; `ended`: nobody writes it any more."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        file.seek(offset)
        data = file.read(limit + 1)
    if len(data) <= limit:
        # The last line may be half written; in a file that was rotated away nobody ends it.
        return (data if ended else data[: data.rfind(b"\n") + 1]), True
    data = data[:limit]
    cut = data.rfind(b"\n") + 1
    # A line longer than all we take is no event; it comes in pieces, and is counted as malformed.
    return (data[:cut] if cut or not alone else data), False
