"""Asked over real TLS, on loopback."""

from __future__ import annotations

import contextlib
import http.server
import pathlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives import serialization

from govcloud_cli import errors
from govcloud_cli.run.login import transport
from tests.support import control_plane

Handle = Callable[[http.server.BaseHTTPRequestHandler], None]


def pem(authority: control_plane.Authority) -> str:
    return authority.certificate.public_bytes(serialization.Encoding.PEM).decode()


@contextlib.contextmanager
def serving(folder: pathlib.Path, handle: Handle) -> Iterator[tuple[str, str]]:
    """A server on loopback; yields its address and the authority of its certificate."""
    authority = control_plane._authority()
    (folder / "server.pem").write_text("".join(authority.issue("server", server=True)))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                handle(self)

        do_POST = do_GET  # noqa: N815 (http.server's name)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", pem(authority)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def say(body: bytes, status: int = 200, **headers: str) -> Handle:
    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return handle


def test_a_form_is_in_the_body_and_never_in_the_address(tmp_path: pathlib.Path) -> None:
    seen: list[tuple[str, str]] = []

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        length = int(request.headers["Content-Length"])
        seen.append((request.path, request.rfile.read(length).decode()))
        say(b"{}")(request)

    with serving(tmp_path, handle) as (address, authority):
        transport.Https(authority=authority).ask(f"{address}/token", {"refresh_token": "a&b=c"})
    assert seen == [("/token", "refresh_token=a%26b%3Dc")]


def test_a_redirect_is_not_followed(tmp_path: pathlib.Path) -> None:
    with serving(tmp_path, say(b"{}", 302, Location="https://attacker.invalid/")) as (address, authority):
        assert transport.Https(authority=authority).ask(address).status == 302


def test_an_answer_that_is_too_long_is_refused(tmp_path: pathlib.Path) -> None:
    with (
        serving(tmp_path, say(b"x" * (transport.MOST_BYTES + 1))) as (address, authority),
        pytest.raises(errors.GovcloudError, match="cannot be used"),
    ):
        transport.Https(authority=authority).ask(address)


def test_an_answer_that_trickles_in_has_an_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_SECONDS", 0.2)

    def trickle(request: http.server.BaseHTTPRequestHandler) -> None:
        say(b"")(request)
        for _ in range(40):
            request.wfile.write(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    with serving(tmp_path, trickle) as (address, authority), pytest.raises(transport.UnreachableError):
        transport.Https(authority=authority).ask(address)
    assert time.monotonic() - began < 10


def test_a_certificate_of_another_authority_is_refused_before_anything_is_sent(tmp_path: pathlib.Path) -> None:
    seen: list[str] = []
    other = pem(control_plane._authority())
    with (
        serving(tmp_path, lambda request: seen.append(request.path)) as (address, _),
        pytest.raises(errors.GovcloudError, match="does not prove to be the identity service"),
    ):
        transport.Https(authority=other).ask(f"{address}/token", {"refresh_token": "secret"})
    assert seen == []


def test_a_certificate_of_another_name_is_refused(tmp_path: pathlib.Path) -> None:
    with serving(tmp_path, say(b"{}")) as (address, authority):
        connect = ("127.0.0.1", int(address.rpartition(":")[2]))
        with pytest.raises(errors.GovcloudError, match="does not prove to be"):
            transport.Https(authority=authority, connect=connect).ask("https://identity.gov.invalid/token")


def test_a_name_may_lead_to_a_place_that_is_told(tmp_path: pathlib.Path) -> None:
    with serving(tmp_path, say(b'{"a": 1}')) as (address, authority):
        connect = ("127.0.0.1", int(address.rpartition(":")[2]))
        found = transport.Https(authority=authority, connect=connect).ask("https://localhost/token")
    assert found.document() == {"a": 1}


def test_nobody_there_is_told_so(tmp_path: pathlib.Path) -> None:
    with serving(tmp_path, say(b"")) as (address, authority):
        pass
    with pytest.raises(transport.UnreachableError, match="does not answer"):
        transport.Https(authority=authority).ask(address)


def test_a_host_that_cannot_be_is_told_so() -> None:
    with pytest.raises(transport.UnreachableError):
        transport.Https(authority=pem(control_plane._authority())).ask(f"https://{'x' * 80}.invalid/")


def test_an_authority_that_is_none_is_refused() -> None:
    leaf, _ = control_plane._authority().issue("server", server=True)
    for text in ("", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", leaf):
        with pytest.raises(errors.UsageError):
            transport.context(text)
