"""Files that only grow: written to the disk's surface before we return, read from their end or in bounded lines."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Iterator

from govcloud_cli.governance import chain_lines
from govcloud_cli.run import workspace


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """What a file ends with."""

    line: bytes
    """The last whole line, with its newline; empty if there is none."""
    rest: bytes
    """What follows it."""
    size: int
    """Bytes of the file."""


def end(path: pathlib.Path) -> End | None:
    """The end of `path`; None if there is no such file. Reads at most two lines' length."""
    try:
        descriptor = _open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        # One byte more than both may have, so that what is longer is seen to be no line.
        file.seek(max(0, size - 2 * chain_lines.MAX_LINE - 1))
        data = file.read(2 * chain_lines.MAX_LINE + 1)
    whole, newline, rest = data.rpartition(b"\n")
    return End(line=whole.rpartition(b"\n")[2] + newline, rest=rest, size=size)


def append(path: pathlib.Path, data: bytes) -> None:
    """Add `data` to `path` (0600, made if there is none), on disk before we return.

    Raises `OSError`. What was written of `data` by then stays: whoever writes next knows what to do with it.
    """
    is_new = not path.exists()
    descriptor = _open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        workspace.sync_folder(path.parent)


def refuse_unwritable(path: pathlib.Path) -> None:
    """Raise `OSError` if nothing can be added to `path`, as far as that can be known before."""
    os.close(_open(path, os.O_WRONLY | os.O_APPEND))


def sync(path: pathlib.Path) -> None:
    """Have the content of `path` on disk."""
    descriptor = _open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cut(path: pathlib.Path, size: int) -> None:
    """Cut `path` to `size` bytes, on disk before we return."""
    descriptor = _open(path, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lines(path: pathlib.Path, size: int) -> Iterator[bytes]:
    """The lines of the first `size` bytes of `path`, with their newlines; one that is too long comes in pieces."""
    if size == 0:
        return
    with path.open("rb") as file:
        left = size
        while left > 0 and (line := file.readline(min(left, chain_lines.MAX_LINE + 1))):
            left -= len(line)
            yield line


def size(path: pathlib.Path) -> int:
    """Bytes of `path`; 0 if there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _open(path: pathlib.Path, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
