#!/usr/bin/python3 -Es
"""The second factor, asked by PAM (`pam_exec expose_authtok`): password and one-time code against the identity service.

Standard input is the password followed at once by the six-digit code; PAM_USER is who claims to be somebody, PAM_RHOST
from where. Exit code 0: it is him. Anything else, a fault of our own included: refused. Neither password, code, token
nor the client's secret is ever written anywhere.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import http.client
import ipaddress
import json
import os
import pathlib
import signal
import sqlite3
import ssl
import sys
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

import gate

# Together below ocserv's `auth-timeout`; PAM holds one of ocserv's processes meanwhile.
_CONNECT_SECONDS = 3.0
_TOTAL_SECONDS = 8
_CODE_DIGITS = 6
# ocserv 1.1.6 keeps 64 bytes, the end of the string included.
_LONGEST_SECRET = 512
_LONGEST_ANSWER = 65536


def main() -> int:
    """Judge one attempt."""
    person, address = os.environ.get("PAM_USER", ""), gate.address_of(os.environ.get("PAM_RHOST", ""))
    settings = gate.settings()
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(_TOTAL_SECONDS)
    try:
        judge(settings, person=person, address=address, secret=sys.stdin.buffer.read(_LONGEST_SECRET + 1))
    except gate.RefusedError as refused:
        signal.alarm(0)
        gate.record(settings, "refused", person=person, address=address, reason=str(refused))
        return 1
    return 0


def judge(settings: gate.Settings, *, person: str, address: str, secret: bytes) -> None:
    """Raise `gate.RefusedError` unless `secret` is the person's password and code, and he may come in now."""
    now = time.time()
    with gate.attempts(settings) as attempts:
        attempt = _begin(settings, attempts, person, address, now)
        try:
            _require_member(settings, person)
            gate.require_current_revocations(settings, datetime.datetime.fromtimestamp(now, datetime.UTC))
            password, code = _parts(secret)
            status, answer = _ask(settings, person, password, code, address)
            _require_granted(settings, person, status, answer)
            # What the session is held against: nobody connects, by cookie or otherwise, who was not found good here.
            # An earlier log-in that was not used ends with the next: it would let in who replays a cookie.
            attempts.execute("DELETE FROM granted WHERE person = ? AND address = ?", (person, address))
            attempts.execute("INSERT INTO granted VALUES (?, ?, ?)", (person, address, now))
        except _Wrong:
            raise
        except gate.RefusedError:
            # A fault of our own or of the service is nobody's attempt.
            attempts.execute("DELETE FROM failures WHERE rowid = ?", (attempt,))
            raise
        attempts.execute("DELETE FROM failures WHERE rowid = ?", (attempt,))


class _Wrong(gate.RefusedError):
    """The person's own fault, so that it counts towards a ban."""


def _begin(settings: gate.Settings, attempts: sqlite3.Connection, person: str, address: str, now: float) -> int | None:
    """Count the attempt as failed before anything is asked, so that many at the same time are no more than one by one.

    Raises `gate.RefusedError` if the address is banned; returns the row to take back if it was no failure.
    """
    # What cannot be counted must not be free to try.
    attempts.execute("BEGIN IMMEDIATE")
    try:
        _require_not_banned(settings, attempts, address, now)
        row = attempts.execute("INSERT INTO failures VALUES (?, ?, ?)", (_network(address), person[:64], now)).lastrowid
    finally:
        attempts.execute("COMMIT")
    return row


def _require_not_banned(settings: gate.Settings, attempts: sqlite3.Connection, address: str, now: float) -> None:
    """ocserv bans by itself, but never who is in a network of the gateway's own, and not across its restarts."""
    attempts.execute("DELETE FROM granted WHERE at < ?", (now - settings.login_seconds,))
    attempts.execute("DELETE FROM failures WHERE at < ? OR at > ?", (now - settings.ban_seconds, now + 60))
    (count,) = attempts.execute("SELECT count(*) FROM failures WHERE network = ?", (_network(address),)).fetchone()
    if count >= settings.attempts_allowed:
        raise gate.RefusedError(f"banned: {count} failed attempts from this address")


def _require_member(settings: gate.Settings, person: str) -> None:
    try:
        gate.member(settings, person)
    except gate.RefusedError as refused:
        raise _Wrong(str(refused)) from refused


def _network(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 that one IPv6 subscriber can choose from."""
    if not address:
        return ""
    parsed = ipaddress.ip_address(address)
    length = 32 if parsed.version == 4 else 64
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def _parts(secret: bytes) -> tuple[str, str]:
    try:
        text = secret.removesuffix(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        raise _Wrong("password and code are no text") from None
    password, code = text[:-_CODE_DIGITS], text[-_CODE_DIGITS:]
    if len(secret) > _LONGEST_SECRET or not password or not (code.isascii() and code.isdigit()) or "\0" in text:
        raise _Wrong("the password must be followed by the six digits of a one-time code")
    return password, code


def _ask(settings: gate.Settings, person: str, password: str, code: str, address: str) -> tuple[int, Mapping[str, Any]]:
    """Ask the token endpoint (OAuth 2.0, RFC 6749 section 4.3; `totp` is Keycloak's); its status and answer.

    The service believes us from where the person is, for its own records.
    """
    issuer = urllib.parse.urlsplit(settings.issuer)
    if issuer.scheme != "https" or not issuer.hostname:
        raise gate.RefusedError("the identity service's address is not https")
    form = {
        "grant_type": "password",
        "scope": "openid",
        "client_id": settings.client,
        "username": person,
        "password": password,
        "totp": code,
    }
    try:
        form["client_secret"] = pathlib.Path(settings.secret_file).read_text("utf-8").strip()
        context = ssl.create_default_context(cafile=settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        connection = http.client.HTTPSConnection(
            issuer.hostname, issuer.port, timeout=_CONNECT_SECONDS, context=context
        )
        with contextlib.closing(connection):
            path = f"{issuer.path}/protocol/openid-connect/token"
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
            if address:
                headers["X-Forwarded-For"] = address
            connection.request("POST", path, body=urllib.parse.urlencode(form), headers=headers)
            response = connection.getresponse()
            answer = json.loads(response.read(_LONGEST_ANSWER))
    except ssl.SSLCertVerificationError as error:
        raise gate.RefusedError("the identity service's certificate is not its own") from error
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise gate.RefusedError("the identity service does not answer") from error
    if not isinstance(answer, dict):
        raise gate.RefusedError("the identity service does not answer")
    return response.status, answer


def _require_granted(settings: gate.Settings, person: str, status: int, answer: Mapping[str, Any]) -> None:
    error = answer.get("error")
    if status in {400, 401} and error == "invalid_grant":
        raise _Wrong(f"refused by the identity service: {_told(answer)}")
    if status != 200:
        raise gate.RefusedError(f"the identity service answers {status} ({gate.printable(str(error))})")
    claims = _claims(answer.get("access_token"))
    # It came over TLS from the issuer itself, so its signature need not be checked (OpenID Connect Core 3.1.3.7, 6).
    if claims.get("iss") != settings.issuer or claims.get("azp") != settings.client:
        raise gate.RefusedError("the identity service's token is not for this gateway")
    if claims.get("preferred_username") != person:
        # Names are looked up without regard to case, and by e-mail address.
        raise _Wrong("the account has another name than the one that was typed")


def _told(answer: Mapping[str, Any]) -> str:
    return str(gate.printable(str(answer.get("error_description") or "no reason given")))


def _claims(token: object) -> Mapping[str, Any]:
    try:
        payload = str(token).split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _too_late(_signal: int, _frame: object) -> None:
    raise gate.RefusedError("the identity service does not answer in time")


if __name__ == "__main__":
    sys.exit(main())
