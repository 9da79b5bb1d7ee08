"""`govcloud audit access` and `collect`, and what `audit verify` finds of their files."""

from __future__ import annotations

import hashlib
import json
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.commands import runs
from govcloud_cli.run.access import collecting, lines, routine
from tests.run.access.test_collecting import Source
from tests.run.access.test_days import events
from tests.support import vpn
from tests.support.command_line import run

HOSTILE = b'{"event":"refused","time":"2026-11-21T23:59:00Z","person":"\\u001b[2J\\nroot","reason":"code-reused"}'


@pytest.fixture
def file(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The daily file, with two sessions and a log-in of yesterday under a hostile name."""
    place = vpn.place(tmp_path, monkeypatch)
    monkeypatch.setattr(runs, "site", lambda *_, **__: place.site)
    late = lines.of_gateway(HOSTILE, collected=vpn.START)
    sources = (Source("gateway", [events("li.wei", "wang.fang"), [late]]),)
    monkeypatch.setattr(routine, "sources", lambda *_: sources)
    result = run("audit", "collect")
    assert (result.code, result.stdout) == (0, "external: 3 events, 0 of them malformed\n"), result.stderr
    return collecting.folder_of(place.folder) / "2026-11-22.jsonl"


@pytest.mark.usefixtures("file")
def test_events_are_shown_by_their_own_time_and_steer_no_terminal() -> None:
    shown = run("audit", "access").stdout
    assert "\x1b" not in shown
    assert shown.index("refused") < shown.index("li.wei")
    assert "code-reused" in shown
    assert "root" not in run("audit", "access", "--since", "2026-11-22").stdout
    found = run("audit", "access", "--person", "li.wei", "--json").document
    assert (found["verified"], [one["person"] for one in found["events"]]) == (True, ["li.wei"])
    assert "No such events" in run("audit", "access", "--person", "nobody").stdout


@pytest.mark.usefixtures("file")
def test_nothing_is_taken_twice() -> None:
    assert run("audit", "collect").stdout == "external: 0 events, 0 of them malformed\n"
    assert run("audit", "verify").code == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: path.write_bytes(path.read_bytes().replace(b"li.wei", b"li.wow")), "record 1 says"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "record 2 says"),
        (lambda path: path.write_bytes(path.read_bytes() + b"{}\n"), "something was added"),
        (lambda path: path.unlink(), "the file is gone"),
    ],
    ids=["a line changed", "an end cut", "a line added", "a file gone"],
)
def test_verify_finds_what_was_done_to_a_daily_file(file: pathlib.Path, change: object, told: str) -> None:
    assert run("audit", "verify").code == 0
    change(file)  # type: ignore[operator]
    result = run("audit", "verify")
    assert result.code == 1
    assert "VERIFIED" in result.stdout, "the log itself is whole"
    assert told in result.stderr
    assert run("audit", "verify", "--json").document["ok"] is False
    assert told in run("audit", "access").stderr


def test_a_source_that_does_not_answer_fails_the_timer(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = vpn.place(tmp_path, monkeypatch)
    monkeypatch.setattr(runs, "site", lambda *_, **__: place.site)
    monkeypatch.setattr(routine, "sources", lambda *_: (Source("gateway", [], fails=True),))
    result = run("audit", "collect")
    assert result.code == errors.ExitCode.FAILED
    assert "gateway: it does not answer (no route)" in result.stdout


def test_a_file_is_not_vouched_for_by_a_record_that_was_changed_with_it(file: pathlib.Path) -> None:
    before = file.read_bytes()
    file.write_bytes(before.replace(b"li.wei", b"li.wow"))
    log = file.parent.parent / "log.jsonl"
    held = [json.loads(line)["details"] for line in log.read_bytes().splitlines()]
    text = log.read_bytes()
    for one in held:
        changed = hashlib.sha256(file.read_bytes()[: one["to"]]).hexdigest()
        text = text.replace(one["sha256"].encode(), changed.encode())
    log.write_bytes(text)
    assert run("audit", "access", "--json").document["verified"] is False
    assert run("audit", "verify").code == 1
