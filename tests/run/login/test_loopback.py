from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping

import pytest

from govcloud_cli import errors
from govcloud_cli.run.login import clocks, loopback

CLOCK = clocks.Clock(now=time.time, monotonic=time.monotonic, sleep=time.sleep)


@contextlib.contextmanager
def waiting(seconds: float = 5.0) -> Iterator[tuple[loopback.Listener, list[Mapping[str, str] | Exception]]]:
    found: list[Mapping[str, str] | Exception] = []

    def wait(listener: loopback.Listener) -> None:
        try:
            found.append(listener.wait(clock=CLOCK, seconds=seconds))
        except errors.GovcloudError as error:
            found.append(error)

    with loopback.listening() as listener:
        thread = threading.Thread(target=wait, args=(listener,))
        thread.start()
        yield listener, found
        thread.join(20)
        assert not thread.is_alive()


def send(port: int, request: str, *, host: str | None = None) -> str:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(f"{request}\r\nHost: {host or f'127.0.0.1:{port}'}\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            return answer.read().decode()


def test_the_first_answer_of_the_browser_is_what_counts_and_nothing_may_be_loaded_by_the_page() -> None:
    with waiting() as (listener, found):
        page = send(listener.port, "GET /callback?code=c%2F1&state=s HTTP/1.1")
    assert found == [{"code": "c/1", "state": "s"}]
    assert page.startswith("HTTP/1.1 200 OK")
    assert "Content-Security-Policy: default-src 'none'" in page
    assert "Cache-Control: no-store" in page
    assert "请回到终端" in page
    assert listener.redirect_uri == f"http://127.0.0.1:{listener.port}/callback"


@pytest.mark.parametrize(
    ("request_line", "host"),
    [
        ("GET /favicon.ico HTTP/1.1", None),
        ("GET /callbacks?code=c HTTP/1.1", None),
        ("POST /callback?code=c HTTP/1.1", None),
        ("GET /callback?code=c HTTP/1.1", "attacker.invalid"),
        ("GET /callback?code=c HTTP/1.1", "localhost"),
        ("nonsense", None),
    ],
)
def test_whatever_else_is_asked_for_is_not_there_and_waiting_goes_on(request_line: str, host: str | None) -> None:
    with waiting() as (listener, found):
        assert send(listener.port, request_line, host=host).startswith("HTTP/1.1 404")
        assert found == []
        send(listener.port, "GET /callback?state=s HTTP/1.1")
    assert found == [{"state": "s"}]


def test_who_connects_and_says_too_much_or_nothing_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "_READ_SECONDS", 0.1)
    with waiting() as (listener, found):
        with socket.create_connection(("127.0.0.1", listener.port)) as silent:
            time.sleep(0.3)
            silent.close()
        with contextlib.suppress(OSError):
            send(listener.port, "GET /" + "x" * 40_000)
        send(listener.port, "GET /callback?state=s HTTP/1.1")
    assert found == [{"state": "s"}]


def test_a_thing_said_twice_is_refused() -> None:
    with waiting() as (listener, found):
        send(listener.port, "GET /callback?code=a&code=b&state=s HTTP/1.1")
    assert "says a thing twice" in str(found[0])


def test_waiting_has_an_end() -> None:
    with waiting(0.2) as (_, found):
        pass
    assert "in time" in str(found[0])


def test_a_port_that_somebody_else_listens_on_is_not_shared() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        port = other.getsockname()[1]
        with pytest.raises(errors.UsageError, match="somebody else"), loopback.listening(port):
            pass


def test_nobody_else_can_share_ours() -> None:
    with loopback.listening() as listener, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", listener.port))
