"""Daily files of access events, and the records of the chained log that hold them.

`<side>/audit/access/<UTC day>.jsonl` takes what was collected on that day. Each batch is one record of the log, with
the digest of the file up to its end, so a line that is changed, added or gone is found by `audit verify`. What happened
late on a day and was collected on the next is in the next day's file, with its own time.

Order: `pending.json`, lines, record, `cursor.json`. What a kill left is finished if its record was written, else undone
and collected again.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import pathlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.run import workspace
from govcloud_cli.run.access import lines
from govcloud_cli.run.audit import files

_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl")
_BLOCK = 1 << 20

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """A daily file that is not as it was recorded."""

    file: str
    record: int | None
    """The number of the record that does not hold; None where it is the file as a whole."""
    message: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """What a record says of a daily file."""

    number: int
    details: Mapping[str, Any]


def cursor(folder: pathlib.Path) -> Json:
    """How far the sources were read; empty at the beginning."""
    try:
        found = json.loads((folder / "cursor.json").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(
    folder: pathlib.Path,
    batch: Sequence[lines.Line],
    *,
    reached: Json,
    gaps: Sequence[str],
    record: Callable[[Json], object],
    now: datetime.datetime,
) -> Json | None:
    """Add a batch to the day's file and have it recorded; return what was. The lock is held.

    `record` writes one record of the log. None if there was nothing to add.
    """
    if not batch and not gaps:
        workspace.write(folder / "cursor.json", json.dumps(reached))
        return None
    path = folder / f"{now.astimezone(datetime.UTC):%Y-%m-%d}.jsonl"
    start = files.size(path)
    data = b"".join(line.data for line in batch)
    total = _digest(path, start)
    total.update(data)
    counts = Counter(f"{line.source}/{line.event}" for line in batch)
    details: Json = {
        "file": path.name,
        "from": start,
        "to": start + len(data),
        "lines": len(batch),
        "sha256": total.hexdigest(),
        "counts": dict(counts.most_common(40)),
        "malformed": sum(line.event == lines.MALFORMED for line in batch),
        "gaps": list(gaps)[:20],
    }
    workspace.write(folder / "pending.json", json.dumps({"details": details, "cursor": reached}))
    if data:
        files.append(path, data)
    record(details)
    _settle(folder, reached)
    return details


def recover(folder: pathlib.Path, recorded: Callable[[Json], bool]) -> None:
    """Finish or undo what a kill left. `recorded` tells whether the log has a record with these details."""
    try:
        pending = json.loads((folder / "pending.json").read_text(encoding="ascii"))
    except FileNotFoundError:
        return
    details = pending["details"]
    if recorded(details):
        _settle(folder, pending["cursor"])
        return
    path = folder / details["file"]
    if files.size(path) > details["from"]:
        files.cut(path, details["from"])
    (folder / "pending.json").unlink()
    workspace.sync_folder(folder)


def is_recorded(details: Json, held: Iterable[Held]) -> bool:
    """Whether one of the log's records is the one with these details.

    The digest alone does not say: a batch without lines, which tells of a gap, has that of the batch before.
    """
    names = ("file", "from", "to", "lines", "sha256", "gaps")
    return any(all(one.details.get(name) == details.get(name) for name in names) for one in held)


def check(folder: pathlib.Path, held: Iterable[Held]) -> tuple[Finding, ...]:
    """What of the daily files is not as the log's records say; empty if all is."""
    by_file: dict[str, list[Held]] = {}
    found: list[Finding] = []
    for one in held:
        name = one.details.get("file")
        if isinstance(name, str) and _NAME.fullmatch(name):
            by_file.setdefault(name, []).append(one)
        else:
            found.append(Finding(file="", record=one.number, message=f"record {one.number} names no daily file"))
    for name, records in sorted(by_file.items()):
        found += _check_file(folder / name, records, pending=_pending(folder, name))
    known = {path.name for path in folder.glob("*.jsonl")} if folder.is_dir() else set()
    for name in sorted(known - set(by_file)):
        if _pending(folder, name) is None:
            found.append(Finding(file=name, record=None, message="no record of the log knows it"))
    return tuple(found)


def read(folder: pathlib.Path, held: Iterable[Held], *, since: str = "") -> Iterator[Json]:
    """The recorded events, in the order of collection; of files from the day `since` (`2026-11-22`) on."""
    ends: dict[str, int] = {}
    for one in held:
        name, end = one.details.get("file"), one.details.get("to")
        if isinstance(name, str) and _NAME.fullmatch(name) and isinstance(end, int):
            ends[name] = max(end, ends.get(name, 0))
    # An event is in the file of its own day or of a later one.
    for name in sorted(name for name in ends if name[:10] >= since):
        if not (folder / name).exists():
            continue
        for line in files.lines(folder / name, ends[name]):
            try:
                yield lines.parse(line)
            except ValueError:
                yield {"source": "?", "event": lines.MALFORMED, "time": name[:10], "raw": repr(line[:200])}


def _check_file(path: pathlib.Path, records: Sequence[Held], *, pending: int | None) -> Iterator[Finding]:
    if not path.exists():
        if any(one.details["to"] for one in records):
            yield Finding(file=path.name, record=records[0].number, message="the file is gone")
        return
    total, position = hashlib.sha256(), 0
    with path.open("rb") as file:
        for one in records:
            start, end = one.details.get("from"), one.details.get("to")
            if start != position or not isinstance(end, int) or end < position:
                yield Finding(file=path.name, record=one.number, message=f"record {one.number} does not continue it")
                return
            missing = _take(file, total, end - position)
            position = end
            if missing or total.hexdigest() != one.details.get("sha256"):
                what = "is shorter than" if missing else "is not"
                told = f"between byte {start} and {end} it {what} what record {one.number} says"
                yield Finding(file=path.name, record=one.number, message=told)
                return
    if path.stat().st_size > position and pending != position:
        yield Finding(file=path.name, record=None, message=f"after byte {position} something was added")


def _take(file: Any, total: Any, count: int) -> int:
    """Feed `count` bytes into the digest; return how many there were not."""
    while count:
        block = file.read(min(count, _BLOCK))
        if not block:
            return count
        total.update(block)
        count -= len(block)
    return 0


def _pending(folder: pathlib.Path, name: str) -> int | None:
    """Where in a file an interrupted batch begins; None for none."""
    try:
        details = json.loads((folder / "pending.json").read_text(encoding="ascii"))["details"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return int(details["from"]) if details.get("file") == name else None


def _digest(path: pathlib.Path, size: int) -> Any:
    total = hashlib.sha256()
    if size:
        with path.open("rb") as file:
            _take(file, total, size)
    return total


def _settle(folder: pathlib.Path, reached: Json) -> None:
    workspace.write(folder / "cursor.json", json.dumps(reached))
    (folder / "pending.json").unlink(missing_ok=True)
    workspace.sync_folder(folder)
