"""The files that judging writes: reports, baselines. Read by all, never half written, never over what is no file."""

from __future__ import annotations

import errno
import os
import pathlib
import secrets
from collections.abc import Iterable
from typing import TextIO

from govcloud_cli import errors
from govcloud_cli.run import workspace

_MODE = 0o644
"""Reports are read by who reviews, and name resources only."""


def refuse(targets: Iterable[tuple[str, pathlib.Path]]) -> None:
    """Raise `errors.UsageError` for what cannot be written, before anything is judged.

    `targets` are options and what each names.
    """
    seen: dict[pathlib.Path, str] = {}
    for option, path in targets:
        if str(path) in {"-", "."}:
            raise errors.UsageError(
                f"{option} needs the name of a file",
                cause="standard output is the text for people, or the document of --json",
                remedy=f"e.g. {option} govcloud.{option.strip('-')}",
            )
        if path.exists() and not path.is_file():
            raise errors.UsageError(f"{option} {path}: not a regular file", remedy="name a file")
        absolute = path.absolute()
        if absolute in seen:
            raise errors.UsageError(
                f"{seen[absolute]} and {option} name the same file {path}", remedy="give each its own"
            )
        seen[absolute] = option


def write(path: pathlib.Path, text: str) -> None:
    """Replace `path` in one step, making missing folders above it. Raises `errors.UsageError` if that cannot be."""
    try:
        _make_folders(path.parent)
        _replace(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise errors.UsageError(
            f"{path} cannot be written", cause=error.strerror, remedy="name a file in a folder that is yours"
        ) from error


def _make_folders(folder: pathlib.Path) -> None:
    for one in (*reversed(folder.parents), folder):
        if not one.exists():
            one.mkdir()
            one.chmod(0o755)


def _replace(path: pathlib.Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    workspace.sync_folder(path.parent)


def standard_input(stream: TextIO, *, most: int) -> str:
    """All of standard input, as text of at most `most` characters and one more; what is no UTF-8 stays seen as such."""
    binary = getattr(stream, "buffer", None)
    if binary is None:
        return stream.read(most + 1)
    data: bytes = binary.read(most + 1)
    return data.decode("utf-8", "surrogateescape")
