"""Writing: durable or refused, in one order, whatever kills the writer."""

from __future__ import annotations

import datetime
import json
import multiprocessing
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
import tracemalloc
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import chain, chain_lines
from govcloud_cli.model import platforms
from govcloud_cli.run import workspace
from govcloud_cli.run.audit import files, log, places, reading
from tests.run.audit import attacks

NOW = attacks.START
_FORK = multiprocessing.get_context("fork")


def folder_of(root: pathlib.Path) -> workspace.SideFolder:
    side = platforms.Side.INTERNAL
    return workspace.SideFolder(path=root / ".govcloud" / "lab" / side.value, side=side)


def opened(root: pathlib.Path, now: datetime.datetime = NOW) -> log.Log:
    return log.Log.open(folder_of(root), environment="lab", copy_to=root / "second", now=now)


def append(writer: log.Log, now: datetime.datetime = NOW, **rest: Any) -> chain.Record:
    return writer.append(**{"actor": attacks.LI, "action": chain.Action.DEPLOY_BEGAN, "now": now, **rest})


def verdict(root: pathlib.Path) -> str:
    found = reading.of_side(attacks.victim(root), environment="lab", side="internal")
    assert found is not None
    return str(reading.verify(found).verdict)


def records(root: pathlib.Path) -> list[chain.Record]:
    return [chain_lines.decode(line) for line in attacks.victim(root).log.read_bytes().splitlines(keepends=True)]


def test_a_record_says_who_did_what_to_whom_when_and_where(tmp_path: pathlib.Path) -> None:
    shanghai = datetime.timezone(datetime.timedelta(hours=8))
    moment = datetime.datetime(2026, 3, 1, 16, 30, 1, 5000, tzinfo=shanghai)
    record = append(opened(tmp_path), now=moment, tenant="finance", details={"digest": "ab", "probes": 3})

    assert vars(record.entry) == {
        "number": 1,
        "time": "2026-03-01T08:30:01.005Z",
        "actor": attacks.LI,
        "action": "deploy-began",
        "environment": "lab",
        "side": "internal",
        "tenant": "finance",
        "details": {"digest": "ab", "probes": 3},
    }
    assert records(tmp_path) == [record]


def test_the_log_and_its_key_are_for_nobody_else(tmp_path: pathlib.Path) -> None:
    append(opened(tmp_path))
    where = attacks.victim(tmp_path)
    for path in (where.log, where.private, where.public, where.heads, where.lock):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for path in (where.folder, where.private.parent, where.second):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path


def test_each_record_has_its_head_in_the_second_place(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    done = [append(writer) for _ in range(3)]
    heads = [
        chain_lines.decode_head(line) for line in attacks.victim(tmp_path).heads.read_bytes().splitlines(keepends=True)
    ]
    assert [head.number for head in heads] == [0, 1, 2, 3]
    assert [head.chain for head in heads[1:]] == [record.chain for record in done]
    assert verdict(tmp_path) == "verified"


def test_the_record_is_on_disk_before_its_head_and_both_before_append_returns(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, synced = opened(tmp_path), []
    monkeypatch.setattr(os, "fsync", lambda one: synced.append(pathlib.Path(f"/proc/self/fd/{one}").readlink().name))
    append(writer)
    append(writer)
    assert synced == ["log.jsonl", "audit", "lab-internal.heads.jsonl", "log.jsonl", "lab-internal.heads.jsonl"]


def test_the_key_is_made_once(tmp_path: pathlib.Path) -> None:
    opened(tmp_path)
    key = attacks.victim(tmp_path).private.read_bytes()
    append(opened(tmp_path))
    assert attacks.victim(tmp_path).private.read_bytes() == key


def test_a_log_without_its_key_is_not_continued(tmp_path: pathlib.Path) -> None:
    append(opened(tmp_path))
    attacks.victim(tmp_path).private.unlink()
    with pytest.raises(errors.GovcloudError, match="the key of the audit log is gone"):
        opened(tmp_path)
    attacks.victim(tmp_path).private.write_text("no key")
    with pytest.raises(errors.GovcloudError, match="no Ed25519 key") as refusal:
        opened(tmp_path)
    assert "no key" not in str(refusal.value.cause), "what stands in a key file is not told"


def test_a_lost_public_half_is_written_again(tmp_path: pathlib.Path) -> None:
    append(opened(tmp_path))
    public = attacks.victim(tmp_path).public
    before = public.read_bytes()
    public.unlink()
    opened(tmp_path)
    assert public.read_bytes() == before


def test_a_log_of_which_only_the_heads_are_left_is_not_begun_anew(tmp_path: pathlib.Path) -> None:
    append(opened(tmp_path))
    where = attacks.victim(tmp_path)
    for path in (where.log, where.public, where.private):
        path.unlink()
    with pytest.raises(errors.GovcloudError, match="the audit log is gone") as refusal:
        opened(tmp_path)
    assert str(where.heads) in str(refusal.value.cause)
    where.heads.unlink()
    assert append(opened(tmp_path)).entry.number == 1


def test_a_replaced_key_is_told_as_such(tmp_path: pathlib.Path) -> None:
    append(opened(tmp_path))
    attacker = attacks.Attacker(tmp_path, tmp_path)
    attacker.apply([["new_key"], ["rewrite", 1]])
    with pytest.raises(errors.GovcloudError) as refusal:
        opened(tmp_path)
    assert re.search(
        r"the log's key is [0-9a-f]{16}…, and the second place remembers [0-9a-f]{16}…", str(refusal.value.cause)
    )


@pytest.mark.parametrize("size", [0, 40])
def test_a_log_whose_first_opening_was_killed_begins(tmp_path: pathlib.Path, size: int) -> None:
    opened(tmp_path)
    heads = attacks.victim(tmp_path).heads
    heads.write_bytes(heads.read_bytes()[:size])
    append(opened(tmp_path))
    assert verdict(tmp_path) == "verified"


def test_a_file_that_is_no_heads_is_not_overwritten(tmp_path: pathlib.Path) -> None:
    opened(tmp_path)
    heads = attacks.victim(tmp_path).heads
    heads.write_bytes(b"somebody's notes")
    with pytest.raises(errors.GovcloudError, match="not as its second place remembers"):
        opened(tmp_path)
    assert heads.read_bytes() == b"somebody's notes"


def test_a_link_in_the_place_of_the_log_is_not_followed(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    attacks.victim(tmp_path).log.symlink_to(elsewhere)
    with pytest.raises(errors.GovcloudError, match="could not be written"):
        append(writer)
    assert elsewhere.read_bytes() == b""


def test_a_link_in_the_place_of_the_heads_is_not_followed(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    append(writer)
    heads = attacks.victim(tmp_path).heads
    elsewhere = heads.rename(tmp_path / "elsewhere")
    heads.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    with pytest.raises(errors.GovcloudError, match="nothing is done") as refusal:
        append(writer)
    assert refusal.value.cause == "Too many levels of symbolic links"
    assert elsewhere.read_bytes() == before
    assert len(records(tmp_path)) == 1


def test_a_line_without_an_end_is_read_in_bounded_memory_and_told_as_tampering(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    append(writer)
    with attacks.victim(tmp_path).log.open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) + 24 * 1024 * 1024)
    tracemalloc.start()
    assert verdict(tmp_path) == "tampered"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024
    with pytest.raises(errors.GovcloudError, match="nothing is recorded"):
        append(writer)


def test_the_second_place_is_where_the_inventory_says_and_never_beside_the_log(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = workspace.Workspace(path=tmp_path / ".govcloud" / "lab")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert places.second_place(space, None) == tmp_path / "state" / "govcloud" / "audit" / space.prefix
    assert places.second_place(space, "/mnt/usb") == pathlib.Path("/mnt/usb")
    with pytest.raises(errors.UsageError, match="in the folder of the log itself"):
        places.second_place(space, str(tmp_path / "x" / ".." / ".govcloud" / "lab" / "heads"))


# -- what callers tell


def test_details_become_small_plain_json(tmp_path: pathlib.Path) -> None:
    told = {
        "text": "名\x1b[31m\udcff",
        "whole": 3,
        "fraction": 0.5,
        "large": 1 << 80,
        "none": None,
        "path": pathlib.Path("/x"),
        "list": (1, {"deep": True}),
        "long": "x" * 5000,
    }
    details = append(opened(tmp_path), details=told).entry.details
    assert {name: value for name, value in details.items() if name != "long"} == {
        "text": "名\x1b[31m\\udcff",
        "whole": 3,
        "fraction": "0.5",
        "large": str(1 << 80),
        "none": None,
        "path": "/x",
        "list": [1, {"deep": True}],
    }
    assert str(details["long"]).startswith("x" * 2000 + "… (5000 characters, sha256 ")
    assert verdict(tmp_path) == "verified"


def test_details_that_are_too_large_are_left_out_and_their_digest_recorded(tmp_path: pathlib.Path) -> None:
    details = append(opened(tmp_path), details={"before": ["x" * 1000] * 100}).entry.details
    assert sorted(details) == ["omitted", "sha256"]
    nested: Any = 1
    for _ in range(100):
        nested = [nested]
    append(opened(tmp_path), details={"nested": nested, "names": {str(n): "é" * 100 for n in range(400)}})
    assert verdict(tmp_path) == "verified"


def test_text_of_others_cannot_break_a_line(tmp_path: pathlib.Path) -> None:
    actor = chain.Actor(person='li\n{"action":"x"}\u2028', source="git")
    append(opened(tmp_path), actor=actor, tenant="a\r\nb")
    (line,) = attacks.victim(tmp_path).log.read_bytes().splitlines()
    assert line.isascii()
    assert json.loads(line)["actor"]["person"] == actor.person


@pytest.mark.parametrize("wrong", [{"action": "no-such"}, {"now": datetime.datetime(2026, 1, 1)}, {"tenant": ""}])  # noqa: DTZ001 - meant
def test_what_readers_would_refuse_is_not_written(tmp_path: pathlib.Path, wrong: dict[str, Any]) -> None:
    writer = opened(tmp_path)
    with pytest.raises(ValueError, match=r"."):
        append(writer, **wrong)
    assert not attacks.victim(tmp_path).log.exists()


def test_a_clock_that_runs_backwards_stops_what_would_be_recorded(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    append(writer)
    append(writer, now=NOW - datetime.timedelta(minutes=4))
    with pytest.raises(errors.GovcloudError, match="the clock says") as refusal:
        append(writer, now=NOW - datetime.timedelta(hours=1))
    assert refusal.value.remedy is not None
    assert len(records(tmp_path)) == 2


# -- full, read-only, gone


def test_nothing_is_done_when_the_second_place_cannot_be_written(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    append(writer)
    where = attacks.victim(tmp_path)
    where.heads.rename(tmp_path / "kept")
    with pytest.raises(errors.GovcloudError, match="does not remember it"):
        append(writer)
    (tmp_path / "kept").rename(where.heads)
    assert len(records(tmp_path)) == 1
    append(writer)
    assert verdict(tmp_path) == "verified"


def test_a_disk_that_refuses_the_head_before_the_record_leaves_neither(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = opened(tmp_path)
    append(writer)

    def refuse(path: pathlib.Path) -> None:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(files, "refuse_unwritable", refuse)
    with pytest.raises(errors.GovcloudError, match="nothing is done") as refusal:
        append(writer)
    assert refusal.value.cause == "Read-only file system"
    assert refusal.value.where == str(attacks.victim(tmp_path).heads)
    assert len(records(tmp_path)) == 1


@pytest.mark.parametrize("room", [1, 100, 400, 1000])
def test_a_full_disk_stops_what_would_be_recorded_and_is_mended_when_there_is_room(
    tmp_path: pathlib.Path, room: int
) -> None:
    """A real limit of the kernel on the size of files, in a process of its own."""
    writer = opened(tmp_path)
    record = append(writer)
    size = len(chain_lines.encode(record))
    # With room for the whole record it is the second file that does not fit.
    limit = size + min(room, size)
    ours, theirs = _FORK.Pipe()

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            append(writer)
        except errors.GovcloudError as error:
            theirs.send(error.cause)

    child = _FORK.Process(target=fill)
    child.start()
    assert ours.poll(20)
    assert ours.recv() == "File too large"
    child.join(20)
    assert verdict(tmp_path) in {"torn", "verified"}, "no tampering"
    append(writer)
    assert verdict(tmp_path) == "verified"
    assert [one.entry.action for one in records(tmp_path)].count("log-mended") == (0 if room == 1000 else 1)


@pytest.mark.engine
def test_a_full_file_system_stops_what_would_be_recorded(tmp_path: pathlib.Path) -> None:
    """A tmpfs of one page, in a mount namespace that ends with the test."""
    script = f"""
import pathlib, sys
from tests.run.audit import attacks, test_log
from govcloud_cli import errors
root = pathlib.Path({str(tmp_path)!r})
writer = test_log.opened(root)
done = 0
try:
    while True:
        test_log.append(writer)
        done += 1
except errors.GovcloudError as error:
    print(error.cause)
print(done, len(attacks.victim(root).log.read_bytes().splitlines()), test_log.verdict(root))
(root / "second" / "ballast").unlink()
test_log.append(test_log.opened(root))
print(test_log.verdict(root))
"""
    (tmp_path / "second").mkdir(mode=0o700)
    mount = (
        'mount -t tmpfs -o size=16k,mode=0700 none "$1" && head -c 4096 /dev/zero > "$1/ballast" && exec "$2" -c "$3"'
    )
    run = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, "sh", str(tmp_path / "second"), sys.executable, script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    full, counted, after = run.stdout.splitlines()
    done, written, found = counted.split()
    assert full == "No space left on device"
    assert found == "verified"
    assert int(written) - int(done) in {0, 1}, "at most the one that nobody acted on"
    assert after == "verified"


# -- killed, and at once


def _write_until_killed(writer: log.Log, root: pathlib.Path) -> None:
    done = os.open(root / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while True:
        record = append(writer, details={"padding": "x" * 1500})
        os.write(done, f"{record.entry.number}\n".encode())


def _wait_for_more(path: pathlib.Path, size: int) -> None:
    deadline = time.monotonic() + 30
    while not path.exists() or path.stat().st_size <= size:
        assert time.monotonic() < deadline, "the writer writes nothing"
        time.sleep(0.001)


def test_a_writer_that_is_killed_anywhere_loses_nothing_and_leaves_no_sign_of_tampering(tmp_path: pathlib.Path) -> None:
    chance, acknowledged, known = random.Random(7), tmp_path / "acknowledged", 0
    writer = opened(tmp_path)
    for kill in range(30):
        child = _FORK.Process(target=_write_until_killed, args=(writer, tmp_path))
        child.start()
        _wait_for_more(acknowledged, known)
        time.sleep(chance.uniform(0, 0.01))
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join(20)
        known = acknowledged.stat().st_size
        if kill % 5 == 4:
            assert verdict(tmp_path) in {"verified", "torn"}
    append(writer)
    assert verdict(tmp_path) == "verified"
    numbers = {record.entry.number for record in records(tmp_path)}
    assert {int(line) for line in acknowledged.read_text().split()} <= numbers


@pytest.mark.parametrize("at", ["record", "record-half", "head", "head-half"])
def test_a_writer_that_is_killed_between_two_writes_is_mended_by_the_next(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    writer = opened(tmp_path)
    append(writer)
    where, real = attacks.victim(tmp_path), files.append

    class Killed(BaseException):
        pass

    def dying(path: pathlib.Path, data: bytes) -> None:
        if path == (where.log if at.startswith("record") else where.heads):
            if at.endswith("half"):
                real(path, data[:100])
            raise Killed
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(files, "append", dying)
        with pytest.raises(Killed):
            append(writer)
    assert verdict(tmp_path) == ("torn" if at == "record-half" else "verified")
    append(opened(tmp_path))
    assert verdict(tmp_path) == "verified"
    actions = [record.entry.action for record in records(tmp_path)]
    assert ("log-mended" in actions) == (at == "record-half"), "what was cut is told, and nothing else is"
    assert len(actions) == {"record": 2, "record-half": 3, "head": 3, "head-half": 3}[at]


def test_mending_says_what_was_cut(tmp_path: pathlib.Path) -> None:
    import hashlib

    append(opened(tmp_path))
    with attacks.victim(tmp_path).log.open("ab") as file:
        file.write(b'{"action":"deploy-be')
    append(opened(tmp_path))
    (_, mended, _) = records(tmp_path)
    assert mended.entry.details == {"cutBytes": 20, "sha256": hashlib.sha256(b'{"action":"deploy-be').hexdigest()}


def _append_many(root: pathlib.Path, count: int) -> None:
    writer = opened(root)
    for index in range(count):
        append(writer, now=datetime.datetime.now(datetime.UTC), details={"pid": os.getpid(), "n": index})


def test_writers_at_once_have_one_total_order(tmp_path: pathlib.Path) -> None:
    children = [_FORK.Process(target=_append_many, args=(tmp_path, 50)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    found = records(tmp_path)
    assert [record.entry.number for record in found] == list(range(1, 201))
    for child in children:
        own = [record.entry.details["n"] for record in found if record.entry.details["pid"] == child.pid]
        assert own == list(range(50)), "each writer's records in its own order"
    assert verdict(tmp_path) == "verified"


def test_a_writer_that_hangs_is_named_after_a_while(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = opened(tmp_path)
    monkeypatch.setattr(log, "_PATIENCE", 0.02)
    with log._locked(attacks.victim(tmp_path)), pytest.raises(errors.LockedError) as refusal:
        append(writer)
    assert refusal.value.where == str(attacks.victim(tmp_path).lock)


def test_opening_a_long_log_reads_only_its_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(opened(tmp_path))
    where = attacks.victim(tmp_path)
    whole = where.log.read_bytes()
    # A hole in front: whoever reads it all would find nothing that is a record, and need memory for it.
    with where.log.open("wb") as file:
        file.seek(256 << 20)
        file.write(b"\n" + whole)
    tracemalloc.start()
    append(opened(tmp_path))
    (_, most) = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20


# -- a lab that ends


def test_the_log_of_a_destroyed_lab_is_kept_and_the_next_lab_begins_another(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    append(writer)
    kept = writer.retire(actor=attacks.LI, now=NOW)
    where = attacks.victim(tmp_path)

    assert not where.log.exists()
    assert not where.private.exists()
    found = reading.of_file(kept / "log.jsonl", remembered=[kept / "heads.jsonl"])
    assert [record.entry.action for record, _ in found.records()] == ["deploy-began", "lab-destroyed"]
    assert found.report().verdict == "verified"
    assert append(opened(tmp_path)).entry.number == 1
    assert verdict(tmp_path) == "verified"


@pytest.mark.parametrize("at", range(6))
def test_retiring_a_log_may_be_killed_anywhere(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    append(opened(tmp_path))
    where, left = attacks.victim(tmp_path), [at]

    class Killed(BaseException):
        pass

    def dying(function: Any) -> Any:
        def call(*arguments: Any, **rest: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return function(*arguments, **rest)

        return call

    writer = opened(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", dying(shutil.copyfile))
        patch.setattr(pathlib.Path, "rename", dying(pathlib.Path.rename))
        patch.setattr(pathlib.Path, "unlink", dying(pathlib.Path.unlink))
        with pytest.raises(Killed):
            writer.retire(actor=attacks.LI, now=NOW)
    if where.heads.exists():
        assert verdict(tmp_path) == "verified"
        opened(tmp_path).retire(actor=attacks.LI, now=NOW)
    assert append(opened(tmp_path)).entry.number == 1
    assert verdict(tmp_path) == "verified"
    assert len(list(where.second.glob("lab-internal-*"))) >= 1, "the old log is kept"


def test_a_log_whose_heads_are_gone_is_not_taken_for_a_retired_one(tmp_path: pathlib.Path) -> None:
    writer = opened(tmp_path)
    append(writer, action=chain.Action.LAB_DESTROYED)
    attacks.victim(tmp_path).heads.unlink()
    with pytest.raises(errors.GovcloudError, match="does not remember it"):
        opened(tmp_path)
    assert len(records(tmp_path)) == 1
