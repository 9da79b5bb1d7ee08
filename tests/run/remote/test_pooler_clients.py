from __future__ import annotations

import pathlib
import subprocess

import pytest

from govcloud_cli.run.remote import pooler_clients

POOLER = {"user": "pgbouncer", "folder": "/run/pgbouncer", "port": 6432}


def answering(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "runuser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_every_client_is_named_with_its_database(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "type,user,database,replication,state\\nC,a_rw,a_prod_x,none,active\\nC,nobody,,none,login\\n"
    answering(tmp_path, monkeypatch, f"printf '{lines}'")
    assert pooler_clients.main(POOLER) == [{"database": "a_prod_x", "user": "a_rw"}]


def test_it_asks_the_console_as_the_poolers_own_account(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(tmp_path, monkeypatch, f'echo "$@" >{tmp_path}/asked; echo database,user')
    assert pooler_clients.main(POOLER) == []
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("--user=pgbouncer -- psql --no-psqlrc")
    assert "--dbname=pgbouncer --command=SHOW CLIENTS" in asked


def test_a_pooler_that_does_not_answer_is_an_error_and_not_an_empty_list(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(tmp_path, monkeypatch, "exit 2")
    with pytest.raises(subprocess.CalledProcessError):
        pooler_clients.main(POOLER)
