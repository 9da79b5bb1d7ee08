"""What people and their programs do to log in to a Keycloak: one-time codes, forms, tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import http.cookiejar
import json
import re
import secrets
import struct
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.support import keycloak

Json = dict[str, Any]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Lets the caller see where he is sent."""

    def redirect_request(self, *_: Any) -> None:
        return None


def code(secret: str, *, at: float) -> str:
    """The one-time code of `secret` at a time in seconds (RFC 6238, six digits, 30 s)."""
    digest = hmac.new(secret.encode(), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def claims(token: str) -> Json:
    """What a token says; its signature is not looked at."""
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


class Person:
    """A browser, or a program, of somebody."""

    def __init__(self, server: keycloak.Running, realm: str = "govcloud") -> None:
        self.base = f"{server.url}/realms/{realm}/protocol/openid-connect"
        secure = urllib.request.HTTPSHandler(context=server.tls())
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(secure, jar, _Stay())

    def ask(self, url: str, form: Json | None = None) -> tuple[int, str, str]:
        """Send a form, or ask for a page; return status, text and where it leads."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        try:
            with self._opener.open(url, data, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers.get("Location", "")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers.get("Location", "")

    def token(self, **form: str) -> tuple[int, Json]:
        """Ask the token endpoint; return status and answer."""
        status, text, _ = self.ask(f"{self.base}/token", form)
        return status, json.loads(text)

    def begin(self, client: str, redirect: str, **more: str) -> tuple[int, str, str]:
        """Begin to log in to `client` in a browser, with PKCE unless `more` leaves it out."""
        self.verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": client,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "openid",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **more,
        }
        return self.ask(f"{self.base}/auth?{urllib.parse.urlencode({k: v for k, v in query.items() if v})}")

    def fill(self, page: str, **fields: str) -> tuple[int, str, str]:
        """Send the form on a page."""
        match = re.search(r'<form[^>]*action="([^"]+)"', page)
        assert match is not None, f"no form on the page: {told(page)}"
        return self.ask(html.unescape(match[1]), fields)


def told(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL))[:600]


def account(name: str, *, password: str, otp: str | None) -> Json:
    """An account with its password and the secret of its one-time codes, as the admin API takes it."""
    credentials: list[Json] = [{"type": "password", "value": password, "temporary": False}]
    if otp is not None:
        data = {"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"}
        credentials.append(
            {
                "type": "otp",
                "secretData": json.dumps({"value": otp}),
                "credentialData": json.dumps(data),
            }
        )
    return {"username": name, "enabled": True, "credentials": credentials}
