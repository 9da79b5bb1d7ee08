"""The packet probe against real sockets of the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Iterator

import pytest

from govcloud_cli.run.remote import packets
from tests.support import threads

FAMILIES = [pytest.param("127.0.0.1", socket.AF_INET, id="v4"), pytest.param("::1", socket.AF_INET6, id="v6")]


@contextlib.contextmanager
def bound(family: int, address: str, kind: int) -> Iterator[socket.socket]:
    with socket.socket(family, kind) as sock:
        sock.bind((address, 0))
        sock.settimeout(5)
        yield sock


def probe(address: str, port: int, protocol: str = "tcp", *, patience: float = 1.0) -> str:
    job = {"id": "x", "address": address, "port": port, "protocol": protocol}
    return threads.beside(lambda: packets.main({"timeout": patience, "probes": [job]}))["x"]


@pytest.mark.parametrize(("address", "family"), FAMILIES)
def test_a_listener_is_open_and_without_one_the_port_is_refused(address: str, family: int) -> None:
    with bound(family, address, socket.SOCK_STREAM) as sock:
        port = sock.getsockname()[1]
        sock.listen()
        assert probe(address, port) == "open"
    assert probe(address, port) == "refused"


@pytest.mark.parametrize(("address", "family"), FAMILIES)
def test_a_time_server_that_answers_is_open(address: str, family: int) -> None:
    with bound(family, address, socket.SOCK_DGRAM) as sock:
        asked: list[bytes] = []

        def answer() -> None:
            request, peer = sock.recvfrom(512)
            asked.append(request)
            sock.sendto(b"\x24" + 47 * b"\0", peer)

        server = threading.Thread(target=answer)
        server.start()
        assert probe(address, sock.getsockname()[1], "udp", patience=5) == "open"
        server.join()
    assert len(asked[0]) == 48, "a request in the protocol's form, or a real server keeps silent"


@pytest.mark.parametrize(("address", "family"), FAMILIES)
def test_one_that_keeps_silent_is_blocked_and_none_at_all_is_refused(address: str, family: int) -> None:
    with bound(family, address, socket.SOCK_DGRAM) as sock:
        port = sock.getsockname()[1]
        assert probe(address, port, "udp", patience=0.1) == "blocked"
    assert probe(address, port, "udp") == "refused"


@pytest.mark.parametrize(("address", "family"), FAMILIES)
def test_a_listener_whose_queue_is_full_does_not_answer_and_is_blocked(address: str, family: int) -> None:
    with bound(family, address, socket.SOCK_STREAM) as sock, contextlib.ExitStack() as stack:
        sock.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            waiting.setblocking(False)
            waiting.connect_ex(sock.getsockname()[:2])
        assert probe(address, sock.getsockname()[1], patience=0.3) == "blocked"


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.ETIMEDOUT])
def test_where_the_network_says_that_there_is_no_way_it_is_blocked(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    async def no_way(*_: object) -> None:
        raise OSError(number, "no way")

    monkeypatch.setattr(asyncio, "open_connection", no_way)
    assert probe("127.0.0.1", 9) == "blocked"


def test_any_other_trouble_is_not_mistaken_for_a_firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trouble(*_: object) -> None:
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(asyncio, "open_connection", trouble)
    assert probe("127.0.0.1", 9).startswith("error: ")


def test_what_is_no_address_is_an_error_and_spoils_no_other_probe() -> None:
    with bound(socket.AF_INET, "127.0.0.1", socket.SOCK_STREAM) as sock:
        sock.listen()
        jobs = [
            {"id": "bad", "address": "::1::1", "port": 1, "protocol": "tcp"},
            {"id": "good", "address": "127.0.0.1", "port": sock.getsockname()[1], "protocol": "tcp"},
        ]
        found = threads.beside(lambda: packets.main({"timeout": 2, "probes": jobs}))
    assert found["bad"].startswith("error: ")
    assert found["good"] == "open"
