"""Which files a name on the command line stands for, and their text; bounded, and never out of the named folder."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

STDIN = "-"
MAX_BYTES = 64 * 1024 * 1024
_CHUNK = 256 * 1024
_SUFFIXES = (".yaml", ".yml", ".json")
_NOT_ENTERED = frozenset(
    {
        ".git",
        ".govcloud",
        ".hg",
        ".mypy_cache",
        ".nox",
        ".ruff_cache",
        ".svn",
        ".terraform",
        ".tox",
        ".venv",
        "node_modules",
    }
)
"""What tools keep for themselves. Every other hidden folder is entered: `kubectl create -R` takes what lies there."""
_OF_OTHERS = ("..", ".#")
"""Begins names of mounted volumes' copies, and of editors' locks."""


class UnreadError(Exception):
    """A file that cannot be read, and why."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """A file that is to be read, or a problem in its place."""

    name: str
    """As it is told: the name that the user gave, and the way below it."""
    identity: str
    """The same for the same file: its path without links."""
    named: bool = False
    """Whether the user named it himself: then it may be a pipe."""
    of_chart: bool = False
    """Whether it lies in the folder `templates` of a Helm chart."""
    content: str | None = None
    """Its text, if it was handed in."""
    problem: str = ""
    """Why it is not to be read."""

    def is_template(self, text: str) -> bool:
        """Whether it is no manifest yet: what it holds depends on values that Helm puts in."""
        return self.of_chart and "{{" in text

    def text(self) -> str:
        """Raises `UnreadError`."""
        if self.problem:
            raise UnreadError(self.problem)
        if self.content is not None:
            return self.content
        return _decoded(_read(self.name, named=self.named))


def given(text: str | None) -> File:
    """Standard input, that somebody has read."""
    if text is None:
        return _bad(STDIN, "no input was given")
    if len(text) > MAX_BYTES:
        return _bad(STDIN, _too_large())
    try:
        text.encode()
    except UnicodeEncodeError:
        return _bad(STDIN, "not UTF-8")
    return File(name=STDIN, identity=STDIN, content=text.removeprefix("\ufeff"))


def one(path: Path) -> File:
    """A file that the user named, whatever its suffix."""
    real = os.path.realpath(path)
    return File(name=str(path), identity=real, named=True, of_chart=_in_chart(Path(real).parent))


def below(path: Path) -> Iterator[File]:
    """A file itself; of a folder all YAML and JSON, sorted; tools' own folders and links that lead out left out."""
    if not path.is_dir():
        yield one(path)
        return
    root = os.path.realpath(path)
    pending = [(str(path), root)]
    while pending:
        folder, real = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield _bad(folder, _why(error))
            continue
        entries = [entry for entry in entries if not entry.name.startswith(_OF_OTHERS)]
        folders = [one for one in entries if one.is_dir(follow_symlinks=False)]
        entered = [one.name for one in folders if one.name not in _NOT_ENTERED]
        pending += [(_joined(folder, name), f"{real}/{name}") for name in reversed(entered)]
        yield from _files(folder, real, root, [entry for entry in entries if entry not in folders])


def _files(folder: str, real: str, root: str, entries: Iterable[os.DirEntry[str]]) -> Iterator[File]:
    of_chart = _in_chart(Path(real))
    for entry in entries:
        is_link, is_manifest = entry.is_symlink(), entry.name.endswith(_SUFFIXES)
        if not is_manifest and not is_link:
            continue
        name = _joined(folder, entry.name)
        try:
            identity = os.path.realpath(name) if is_link else f"{real}/{entry.name}"
        except OSError as error:
            # Links of the kernel's own (`/proc/1/exe`) may not be followed by everybody.
            yield _bad(name, _why(error))
            continue
        if is_link and not Path(identity).is_relative_to(root):
            # A link to a folder might hold manifests, so it is told of whatever its name.
            if is_manifest or entry.is_dir():
                yield _bad(name, f"a link out of {root}, or to nowhere; name what it leads to, if it is to be judged")
        elif is_manifest and not entry.is_dir():
            yield File(name=name, identity=identity, of_chart=of_chart)


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder.rstrip('/')}/{name}"


def _in_chart(real: Path) -> bool:
    if "templates" not in real.parts:
        return False
    return any(
        folder.name == "templates" and (folder.parent / "Chart.yaml").is_file() for folder in (real, *real.parents)
    )


def _bad(name: str, problem: str) -> File:
    return File(name=name, identity=name, problem=problem)


def _read(path: str, *, named: bool) -> bytearray:
    try:
        # What a folder holds may be a pipe that nobody writes to: opening it must not wait.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if named else os.O_NONBLOCK))
        try:
            status = os.fstat(descriptor)
            if not named and not stat.S_ISREG(status.st_mode):
                raise UnreadError("not a regular file")
            return _all_of(descriptor, status.st_size)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UnreadError(_why(error)) from error


def _all_of(descriptor: int, size: int) -> bytearray:
    data = bytearray()
    chunk = os.read(descriptor, min(max(size, _CHUNK), MAX_BYTES) + 1)
    while chunk and len(data) <= MAX_BYTES:
        data += chunk
        chunk = os.read(descriptor, _CHUNK)
    if len(data) > MAX_BYTES:
        raise UnreadError(_too_large())
    return data


def _decoded(data: bytearray) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadError(f"not UTF-8 (byte {error.start})") from error


def _why(error: OSError) -> str:
    return (error.strerror or "unreadable").lower()


def _too_large() -> str:
    return f"larger than {MAX_BYTES // 1024 // 1024} MB"
