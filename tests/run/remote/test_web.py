"""The front's probe against real sockets and real TLS of the loopback."""

from __future__ import annotations

import pathlib
import socket
import ssl
import threading
from typing import Any

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import identity_probes, probes
from govcloud_cli.run.remote import web
from tests.run.login import test_transport
from tests.support import control_plane, inventories


def ask(port: int, authority: str, act: str, by: str, *, host: str = "localhost") -> str:
    probe = {"id": "x", "target": "127.0.0.1", "port": port, "act": act, "by": by}
    return web.main({"timeout": (2.0, 2.0), "host": host, "authority": authority, "probes": [probe]})["x"]


def test_whatever_is_planned_is_tried_and_nothing_else() -> None:
    planned = identity_probes.plan(inventories.lab(), platforms.Side.EXTERNAL)
    assert {probe.act for probe in planned if probe.kind is probes.Kind.WEB} == set(web._STEPS)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "allowed"), (302, "allowed"), (400, "forbidden"), (403, "forbidden"), (404, "forbidden"),
        (401, "error: HTTP 401"), (405, "error: HTTP 405"), (503, "error: HTTP 503"),
    ],
)  # fmt: skip
def test_a_page_that_wants_a_password_is_there_all_the_same(status: int, outcome: str) -> None:
    assert web.judge(status) == outcome


def test_a_path_is_sent_as_it_is(tmp_path: pathlib.Path) -> None:
    seen: list[str] = []

    def handle(request: Any) -> None:
        seen.append(request.path)
        test_transport.say(b"{}")(request)

    with test_transport.serving(tmp_path, handle) as (address, authority):
        port = int(address.rpartition(":")[2])
        for path in ("/a/../../admin/", "/a/%2e%2e/admin/", "/a/..;/admin/"):
            assert ask(port, authority, "page", path) == "allowed"
        assert ask(port, authority, "page", "/", host="other").startswith("error: SSLCertVerificationError")
    assert seen == ["/a/../../admin/", "/a/%2e%2e/admin/", "/a/..;/admin/"]


def test_no_listener_is_no_way_there() -> None:
    authority = test_transport.pem(control_plane._authority())
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    assert ask(port, authority, "page", "/") == "blocked"
    assert ask(port, authority, "plain", "/") == "forbidden"


def test_what_talks_in_clear_is_found(tmp_path: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:

        def answer() -> None:
            peer, _ = sock.accept()
            with peer:
                peer.recv(512)
                peer.sendall(b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://localhost/\r\n\r\n")

        server = threading.Thread(target=answer)
        server.start()
        assert ask(sock.getsockname()[1], "", "plain", "/") == "allowed"
        server.join()
    with test_transport.serving(tmp_path, test_transport.say(b"")) as (address, authority):
        assert ask(int(address.rpartition(":")[2]), authority, "plain", "/") == "forbidden"


@pytest.mark.parametrize("old", [False, True])
def test_only_what_the_other_end_refuses_counts_as_refused(tmp_path: pathlib.Path, *, old: bool) -> None:
    authority = control_plane._authority()
    (tmp_path / "server.pem").write_text("".join(authority.issue("server", server=True)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    if old:
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")
    seen = {}
    with socket.create_server(("127.0.0.1", 0)) as sock:
        for version in ("1.0", "1.1", "1.2", "1.3"):
            server = threading.Thread(target=_shake, args=(sock, context))
            server.start()
            seen[version] = ask(sock.getsockname()[1], test_transport.pem(authority), "tls", version)
            server.join()
    before = "allowed" if old else "forbidden"
    assert seen == {"1.0": before, "1.1": before, "1.2": "allowed", "1.3": "allowed"}


def _shake(sock: socket.socket, context: ssl.SSLContext) -> None:
    peer, _ = sock.accept()
    try:
        with context.wrap_socket(peer, server_side=True):
            pass
    except (OSError, ssl.SSLError):
        peer.close()
