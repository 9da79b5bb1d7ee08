from __future__ import annotations

import datetime
import json
import pathlib
from collections.abc import Callable

import pytest

from govcloud_cli.run import workspace
from govcloud_cli.run.access import days, lines

DAY = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.UTC)


class Log:
    """Records of a chained log."""

    def __init__(self) -> None:
        self.held: list[days.Held] = []

    def record(self, details: days.Json) -> None:
        self.held.append(days.Held(number=len(self.held) + 1, details=json.loads(json.dumps(details))))

    def recorded(self, details: days.Json) -> bool:
        return days.is_recorded(details, self.held)


def events(*people: str) -> list[lines.Line]:
    told = [{"time": "2026-11-22T07:00:00Z", "event": "began", "person": person} for person in people]
    return [lines.of_gateway(json.dumps(one).encode(), collected=DAY) for one in told]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return workspace.make_folder(tmp_path / "access")


@pytest.fixture
def log(folder: pathlib.Path) -> Log:
    """Two batches on one day and one on the next."""
    made = Log()
    for number, (people, now) in enumerate(
        ((("li", "wang"), DAY), (("zhao",), DAY), (("late",), DAY + datetime.timedelta(days=1)))
    ):
        days.keep(folder, events(*people), reached={"at": number}, gaps=(), record=made.record, now=now)
    return made


def test_batches_are_whole_and_read_back_in_order(folder: pathlib.Path, log: Log) -> None:
    assert days.check(folder, log.held) == ()
    assert [event["person"] for event in days.read(folder, log.held)] == ["li", "wang", "zhao", "late"]
    assert [event["person"] for event in days.read(folder, log.held, since="2026-11-23")] == ["late"]
    assert log.held[0].details["counts"] == {"gateway/began": 2}
    assert days.cursor(folder) == {"at": 2}
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}


def replace(old: bytes, new: bytes) -> Callable[[pathlib.Path], None]:
    def do(path: pathlib.Path) -> None:
        path.write_bytes(path.read_bytes().replace(old, new))

    return do


TAMPERING = {
    "a line says something else": (replace(b'"wang"', b'"wong"'), 1),
    "a line is gone": (lambda path: path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:])), 1),
    "the last line is gone": (
        lambda path: path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1])),
        2,
    ),
    "a line is added": (lambda path: path.write_bytes(path.read_bytes() + b'{"event":"began"}\n'), None),
    "lines change places": (
        lambda path: path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True)))),
        1,
    ),
    "the file is gone": (lambda path: path.unlink(), 1),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_a_changed_file_is_found_with_the_record_that_does_not_hold(folder: pathlib.Path, log: Log, name: str) -> None:
    change, record = TAMPERING[name]
    change(folder / "2026-11-22.jsonl")
    (found,) = days.check(folder, log.held)
    assert (found.file, found.record) == ("2026-11-22.jsonl", record)


def test_a_file_that_nobody_recorded_is_found(folder: pathlib.Path, log: Log) -> None:
    (folder / "2026-11-24.jsonl").write_bytes(b"{}\n")
    assert [one.message for one in days.check(folder, log.held)] == ["no record of the log knows it"]


def test_a_record_cannot_lead_out_of_the_folder(folder: pathlib.Path) -> None:
    held = days.Held(number=1, details={"file": "../log.jsonl", "from": 0, "to": 0, "sha256": ""})
    assert [one.message for one in days.check(folder, [held])] == ["record 1 names no daily file"]
    assert list(days.read(folder, [held])) == []


@pytest.mark.parametrize("recorded", [False, True])
def test_a_kill_around_the_record_loses_and_doubles_nothing(folder: pathlib.Path, log: Log, recorded: bool) -> None:
    def killed(details: days.Json) -> None:
        if recorded:
            log.record(details)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        days.keep(folder, events("sun"), reached={"at": 3}, gaps=(), record=killed, now=DAY)
    assert days.check(folder, log.held) == (), "an interrupted batch is no tampering"
    days.recover(folder, log.recorded)
    assert days.cursor(folder) == {"at": 3 if recorded else 2}
    if not recorded:
        days.keep(folder, events("sun"), reached={"at": 3}, gaps=(), record=log.record, now=DAY)
    assert days.check(folder, log.held) == ()
    assert [event["person"] for event in days.read(folder, log.held)] == ["li", "wang", "zhao", "sun", "late"]


def test_nothing_new_is_no_record(folder: pathlib.Path) -> None:
    made = Log()
    assert days.keep(folder, [], reached={"at": 9}, gaps=(), record=made.record, now=DAY) is None
    assert (made.held, days.cursor(folder)) == ([], {"at": 9})


def test_a_record_that_is_missing_between_two_is_found(folder: pathlib.Path, log: Log) -> None:
    (found,) = days.check(folder, log.held[1:])
    assert (found.record, found.message) == (2, "record 2 does not continue it")


def test_a_gap_without_lines_is_not_taken_for_the_batch_before(folder: pathlib.Path) -> None:
    made = Log()
    days.keep(folder, events("li"), reached={"at": 1}, gaps=(), record=made.record, now=DAY)

    def killed(_: days.Json) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        days.keep(folder, (), reached={"at": 2}, gaps=["it was begun anew"], record=killed, now=DAY)
    days.recover(folder, made.recorded)
    assert days.cursor(folder) == {"at": 1}, "the gap is not on record, so it is told again"
