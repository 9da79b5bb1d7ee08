from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run.remote import pooler_cut

POOLER = {"user": "pgbouncer", "folder": "/run/pgbouncer", "port": 6432}


def program(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, script: str) -> pathlib.Path:
    path = tmp_path / "runuser"
    path.write_text(f'#!/bin/sh\nfor last; do :; done\necho "$last" >> {tmp_path}/asked\n{script}\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "asked"


def test_connections_end_and_the_database_is_open_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = program(tmp_path, monkeypatch, "exit 0")
    assert pooler_cut.main({**POOLER, "databases": ["finance_prod_a"]}) == {"finance_prod_a": ""}
    assert asked.read_text().splitlines() == ["--command=KILL finance_prod_a", "--command=RESUME finance_prod_a"]


def test_a_failed_end_opens_the_database_all_the_same(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = program(tmp_path, monkeypatch, "echo broken >&2; exit 1")
    assert pooler_cut.main({**POOLER, "databases": ["finance_prod_a"]}) == {"finance_prod_a": "broken"}
    assert asked.read_text().splitlines()[-1] == "--command=RESUME finance_prod_a"


def test_what_the_pooler_does_not_list_has_nobody(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo 'ERROR:  no such database: finance_prod_a' >&2; exit 1")
    assert pooler_cut.main({**POOLER, "databases": ["finance_prod_a"]}) == {"finance_prod_a": ""}


def test_a_name_that_is_none_of_ours_is_never_told_to_the_pooler(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = program(tmp_path, monkeypatch, "exit 0")
    told = pooler_cut.main({**POOLER, "databases": ["x; SHUTDOWN"]})
    assert told == {"x; SHUTDOWN": "no name of a database of ours"}
    assert not asked.exists()
