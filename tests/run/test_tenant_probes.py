"""What answers of a database and an API server mean to a tenant's probe."""

from __future__ import annotations

import asyncio
import contextlib
import types
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import psycopg
import pytest

from govcloud_cli.run import tenant_probes
from tests.support import threads

CLUSTER: Any = types.SimpleNamespace(server="https://api", server_name="kubernetes")
PROBE = {
    "id": "x", "source": "a_prod_main_ro", "target": "a_prod_main", "password": "p", "host": "127.0.0.1", "port": 6432,
}  # fmt: skip


def run(attempt: Coroutine[Any, Any, str]) -> str:
    """What an attempt comes to."""
    return threads.beside(lambda: asyncio.run(attempt))


class Session:
    """An API server that answers everything alike."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[tuple[str, dict[str, str]]] = []

    @contextlib.asynccontextmanager
    async def get(self, url: str, *, headers: dict[str, str], server_hostname: str | None) -> AsyncIterator[Session]:
        assert server_hostname == CLUSTER.server_name
        self.asked.append((url, headers))
        yield self


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "allowed"), (401, "forbidden"), (403, "forbidden"), (500, "error: HTTP 500"), (404, "error: HTTP 404")],
)
def test_an_answer_of_the_api_server_is_an_outcome(status: int, outcome: str) -> None:
    session: Any = Session(status)
    probe = {"id": "x", "source": "a:owners", "target": "a-prod"}
    assert run(tenant_probes._namespace(probe, CLUSTER, session)) == outcome
    assert session.asked == [
        (
            "https://api/api/v1/namespaces/a-prod/configmaps?limit=1",
            {"Impersonate-User": "govcloud:verify", "Impersonate-Group": "a:owners"},
        )
    ]


def test_nobody_impersonates_nobody() -> None:
    session: Any = Session(401)
    run(tenant_probes._namespace({"id": "x", "source": "", "target": "a-prod"}, CLUSTER, session))
    assert session.asked[0][1] == {}


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("connection failed: FATAL:  no such user", "forbidden"),
        ("connection failed: Connection refused", "error: connection failed: Connection refused"),
        ("certificate verify failed", "error: certificate verify failed"),
    ],
)
def test_only_a_refusal_by_the_server_itself_is_forbidden(
    monkeypatch: pytest.MonkeyPatch, text: str, outcome: str
) -> None:
    async def connect(**settings: Any) -> None:
        assert (settings["sslmode"], settings["sslrootcert"]) == ("verify-full", "/none")
        raise psycopg.OperationalError(text)

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", connect)
    assert run(tenant_probes._database(PROBE, "/none")) == outcome


def test_an_attempt_that_takes_too_long_is_an_error_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_probes, "_TIMEOUT", 0.05)

    async def attempt() -> str:
        return await tenant_probes._gated(asyncio.Semaphore(1), asyncio.sleep(60))

    assert run(attempt()).startswith("error: TimeoutError")
