"""What the gateway forgets and tells, on a real database and log."""

from __future__ import annotations

import contextlib
import json
import pathlib
import sqlite3
from typing import Any

import pytest

from govcloud_cli.run.remote import vpn_attempts

OURS = "govcloud-probe-staff"


def ask(folder: pathlib.Path) -> dict[str, Any]:
    settings = folder / "gate.json"
    settings.write_text(json.dumps({"attempts": str(folder / "attempts.db"), "log": str(folder / "vpn.jsonl")}))
    since = "2026-11-02T08:00:00.000Z"
    return vpn_attempts.main({"settings": str(settings), "people": [OURS], "addresses": [], "since": since})


def test_only_the_probes_own_failures_are_forgotten(tmp_path: pathlib.Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "attempts.db", isolation_level=None)) as database:
        database.execute("CREATE TABLE failures (network TEXT, person TEXT, at REAL)")
        database.executemany("INSERT INTO failures VALUES ('10.30.0.100/32', ?, 1)", [(OURS,), (OURS,), ("li.wei",)])
        ask(tmp_path)
        assert database.execute("SELECT person FROM failures").fetchall() == [("li.wei",)]


@pytest.mark.parametrize("there", [True, False])
def test_a_gateway_that_nobody_tried_has_nothing_to_forget(tmp_path: pathlib.Path, there: bool) -> None:
    if there:
        (tmp_path / "attempts.db").touch()
    assert ask(tmp_path) == {"reasons": []}
    assert (tmp_path / "attempts.db").exists() is there


def test_the_reasons_are_those_of_this_run_and_of_our_people(tmp_path: pathlib.Path) -> None:
    lines = [
        {"time": "2026-11-02T07:59:59.999Z", "person": OURS, "reason": "of before"},
        {"time": "2026-11-02T08:00:01.000Z", "person": "li.wei", "reason": "another's"},
        {"time": "2026-11-02T08:00:02.000Z", "person": OURS, "reason": "banned: 9 failed attempts"},
        {"time": "2026-11-02T08:00:03.000Z", "person": OURS, "event": "began"},
    ]
    (tmp_path / "vpn.jsonl").write_text("torn\n" + "".join(json.dumps(line) + "\n" for line in lines))
    assert ask(tmp_path) == {"reasons": ["banned: 9 failed attempts", ""]}
