"""The pages of a log-in, as a server that plays Keycloak shows them."""

from __future__ import annotations

import dataclasses
import http.server
import json
import pathlib
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.run.login import endpoints, transport
from govcloud_cli.run.probing import probe_people, signing_in
from tests.run.login import test_transport

PERSON = probe_people.Person(name="govcloud-probe-1", password="p&=<secret>", secret=b"12345678901234567890")
PASSWORD_PAGE = """<div><form id="x" action="/login?a=1&amp;b=2" method="post"><input type="hidden" name="session"
 value="s&amp;1"/><input name="username"><input type="password" name="password" autofocus></form>
<form action="https://attacker.invalid/"><input name="otp"></form></div>"""
CODE_PAGE = '<form action="/code"><input name="otp" type="text"/></form>'


@dataclasses.dataclass
class Server:
    """What the pages were asked with, and what they answer instead."""

    asked: list[tuple[str, dict[str, str], str]] = dataclasses.field(default_factory=list)
    instead: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]] = dataclasses.field(default_factory=dict)
    state: str = ""

    def handle(self, request: http.server.BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        form = dict(urllib.parse.parse_qsl(request.rfile.read(length).decode()))
        place = urllib.parse.urlsplit(request.path)
        self.asked.append((request.path, form, request.headers.get("Cookie", "")))
        self.state = dict(urllib.parse.parse_qsl(place.query)).get("state", self.state)
        (self.instead.get(place.path) or getattr(self, place.path.strip("/")))(request)

    def auth(self, request: http.server.BaseHTTPRequestHandler) -> None:
        cookie: Any = {"Set-Cookie": "KC=one; Path=/; Secure; HttpOnly"}
        test_transport.say(PASSWORD_PAGE.encode(), **cookie)(request)

    def login(self, request: http.server.BaseHTTPRequestHandler) -> None:
        test_transport.say(CODE_PAGE.encode())(request)

    def code(self, request: http.server.BaseHTTPRequestHandler) -> None:
        where = f"http://127.0.0.1:1/callback?state={self.state}&code=c1"
        test_transport.say(b"", 302, Location=where)(request)

    def token(self, request: http.server.BaseHTTPRequestHandler) -> None:
        test_transport.say(json.dumps({"access_token": "a", "id_token": "i"}).encode())(request)


def log_in(folder: pathlib.Path, server: Server) -> signing_in.Tokens:
    with test_transport.serving(folder, server.handle) as (address, authority):
        names = ("authorization", "token", "device", "revocation", "end_session")
        paths = {"authorization": "auth"}
        urls = {name: f"{address}/{paths.get(name, name)}" for name in names}
        place = endpoints.Endpoints(issuer=address, names_issuer=True, **urls)
        return signing_in.log_in(transport.Https(authority=authority), place, PERSON, now=lambda: 59.0)


def test_password_then_code_then_tokens(tmp_path: pathlib.Path) -> None:
    server = Server()
    found = log_in(tmp_path, server)
    assert (found.access, found.identity) == ("a", "i")
    _, password, code, token = server.asked
    assert password == (
        "/login?a=1&b=2", {"session": "s&1", "username": PERSON.name, "password": PERSON.password}, "KC=one",
    )  # fmt: skip
    assert code[:2] == ("/code", {"otp": "287082"}), "RFC 6238, appendix B, at 59 s"
    assert token[1]["code"] == "c1"
    assert PERSON.password not in repr(found)


def test_a_page_that_comes_twice_ends_it_and_nothing_is_tried_again(tmp_path: pathlib.Path) -> None:
    server = Server()
    server.instead["/code"] = server.login
    with pytest.raises(errors.GovcloudError, match="could not log in") as caught:
        log_in(tmp_path, server)
    assert "otp" in str(caught.value.cause)
    assert len(server.asked) == 3


def test_an_answer_to_another_log_in_is_not_taken(tmp_path: pathlib.Path) -> None:
    server = Server()
    where = "http://127.0.0.1:1/callback?state=other&code=c1"
    server.instead["/code"] = test_transport.say(b"", 302, Location=where)
    with pytest.raises(errors.GovcloudError, match="could not log in"):
        log_in(tmp_path, server)
    assert len(server.asked) == 3


def test_nothing_is_sent_in_clear(tmp_path: pathlib.Path) -> None:
    server = Server()
    server.instead["/login"] = test_transport.say(b"", 302, Location="http://127.0.0.1:80/code")
    with pytest.raises(errors.GovcloudError, match="could not log in") as caught:
        log_in(tmp_path, server)
    assert "https" in str(caught.value.cause)


def test_a_page_of_an_error_is_told(tmp_path: pathlib.Path) -> None:
    server = Server()
    server.instead["/auth"] = test_transport.say(b"<p>no</p>", 500)
    with pytest.raises(errors.GovcloudError) as caught:
        log_in(tmp_path, server)
    assert caught.value.cause == "HTTP status 500, a page that asks for nothing"
