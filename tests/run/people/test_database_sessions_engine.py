"""Ending what a former password opened, on a real PostgreSQL."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import psycopg
import pytest

from govcloud_cli import errors
from govcloud_cli.run.people import database_sessions
from tests.support import postgres

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def database() -> Iterator[postgres.Running]:
    with postgres.running() as running:
        yield running


def test_sessions_of_the_roles_end_and_nobody_elses(database: postgres.Running) -> None:
    with psycopg.connect(**database.superuser) as admin:
        for role in ("finance_prod_a_rw", "office_prod_a_rw"):
            admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'".encode())
        admin.execute("GRANT finance_prod_a_rw TO govcloud_admin WITH ADMIN OPTION")
        admin.execute("GRANT office_prod_a_rw TO govcloud_admin WITH ADMIN OPTION")
        access = database.superuser
        gone = psycopg.connect(**{**access, "user": "finance_prod_a_rw"})
        stays = psycopg.connect(**{**access, "user": "office_prod_a_rw"})
        assert database_sessions.end(database.administrator, ["finance_prod_a_rw", "finance_prod_a_ro"]) == 1
        with pytest.raises(psycopg.OperationalError):
            gone.execute("SELECT 1")
        assert stays.execute("SELECT 1").fetchone() == (1,)
        stays.close()
        gone.close()


def test_a_server_that_does_not_answer_is_told(
    database: postgres.Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    access = {**database.administrator, "port": 1, "connectTimeout": 2}
    with pytest.raises(errors.GovcloudError):
        database_sessions.end(access, ["finance_prod_a_rw"])
    job = {"servers": [{"machine": "external-db", "access": access, "roles": ["finance_prod_a_rw"]}]}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(job)))
    monkeypatch.setattr("sys.stdout", out := io.StringIO())
    database_sessions.main()
    ended, reason = json.loads(out.getvalue())["external-db"]
    assert ended == 0
    assert reason
