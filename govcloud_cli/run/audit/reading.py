"""Reads an audit log as a whole, against its key and every head that is remembered. Changes nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterable, Iterator, Sequence

import filelock

from govcloud_cli import errors
from govcloud_cli.governance import chain, chain_check, chain_lines, chain_memory, chain_report
from govcloud_cli.run.audit import ends, files, keys, places

_PATIENCE = 10.0
"""Seconds to wait for a writer; each needs milliseconds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """A log that is being read: first `records`, then `report`."""

    log: pathlib.Path
    key: chain.PublicKey
    check: chain_check.Check
    size: int
    """Bytes of the log when reading began; what is added later is not looked at."""
    notes: tuple[str, ...] = ()

    def records(self) -> Iterator[tuple[chain.Record, bool]]:
        """Every record, and whether all is right up to and with it."""
        with _told():
            for record in self.check.records(files.lines(self.log, self.size)):
                yield record, self.check.intact

    def report(self) -> chain_report.Report:
        """What the log is, when `records` has come to its end."""
        with _told():
            found = self.check.report()
        return dataclasses.replace(found, notes=(*found.notes, *self.notes))


def verify(reading: Reading) -> chain_report.Report:
    """Read to the end."""
    for _ in reading.records():
        pass
    return reading.report()


def of_side(
    where: places.Places,
    *,
    environment: str,
    side: str,
    key: pathlib.Path | None = None,
    remembered: Sequence[pathlib.Path] = (),
) -> Reading | None:
    """The log of one side of an environment, with its second place; None if none was ever begun.

    `key`: another file with its public key than the one beside it; `remembered`: files with heads that people kept.
    Raises `errors.GovcloudError` for a log that is gone, `errors.UsageError` for a key or file that is none.
    """
    ends.refuse_lost(where)
    log, heads = _sizes(where)
    if not log and not heads:
        return None
    public = keys.load_public(key or where.public)
    memories, notes = [*_memories(remembered, public)], []
    try:
        if not heads:
            where.heads.stat()
        memories.append(_memory(where.heads, heads, complete=True, key=public))
    except OSError as error:
        notes.append(f"the second place {where.heads} cannot be read: {error.strerror}")
    if log:
        _readable(where.log)
    check = chain_check.Check(key=public, memories=memories, expected=(environment, side))
    return Reading(log=where.log, key=public, check=check, size=log, notes=tuple(notes))


def of_file(log: pathlib.Path, *, key: pathlib.Path | None = None, remembered: Sequence[pathlib.Path] = ()) -> Reading:
    """A log that somebody was given; `key` is `key.pub` beside it if nobody says. Raises as `of_side`."""
    public = keys.load_public(key or log.with_name("key.pub"))
    check = chain_check.Check(key=public, memories=_memories(remembered, public))
    return Reading(log=log, key=public, check=check, size=_readable(log))


def remember(path: pathlib.Path, head: chain.Head) -> None:
    """Add `head` to the heads in `path`, for a person to keep."""
    line = chain_lines.encode_head(head)
    end = files.end(path)
    if end is not None and end.rest:
        raise errors.UsageError(f"{path} does not end with a whole line", remedy="name a new file, or one of heads")
    if end is None or end.line != line:
        files.append(path, line)


def _memories(remembered: Iterable[pathlib.Path], key: chain.PublicKey) -> tuple[chain_memory.Memory, ...]:
    return tuple(_memory(path, _readable(path), complete=False, key=key) for path in remembered)


def _memory(path: pathlib.Path, size: int, *, complete: bool, key: chain.PublicKey) -> chain_memory.Memory:
    # A head that a person copied may have lost its newline on the way.
    lines = files.lines(path, size) if complete else (line.rstrip(b"\r\n") + b"\n" for line in files.lines(path, size))
    return chain_memory.Memory(str(path), lines, complete=complete, key=key)


def _readable(path: pathlib.Path) -> int:
    try:
        with path.open("rb"):
            return path.stat().st_size
    except OSError as error:
        raise errors.UsageError(
            f"{path} cannot be read", cause=error.strerror, remedy="name a log, or a file of heads, that is there"
        ) from error


def _sizes(where: places.Places) -> tuple[int, int]:
    """Bytes of log and heads at one moment: while no record is between the two places."""
    with contextlib.ExitStack() as stack:
        if where.lock.exists():
            lock = filelock.FileLock(where.lock, mode=0o600)
            # Where nobody may write there is no writer to wait for, and one that hangs must not keep us from reading.
            with contextlib.suppress(OSError, filelock.Timeout):
                stack.enter_context(lock.acquire(timeout=_PATIENCE, poll_interval=0.005))
        heads = files.size(where.heads)
        return files.size(where.log), heads


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.GovcloudError(
            "the audit log, or the heads that it is compared with, could not be read to its end",
            where=str(error.filename or ""),
            cause=error.strerror,
            remedy="verify again where both can be read",
        ) from error
