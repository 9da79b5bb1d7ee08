"""The token endpoint's answers (RFC 6749, 5; OpenID Connect Core 1.0, 3.1.3.7) as values, or refused."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.run.login import endpoints, transport

CLIENT = "govcloud-cli"
MOST_TOKEN = 32 * 1024
MOST_SKEW_SECONDS = 300
"""How far this machine's clock may be from the identity service's."""
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+\Z")
_CODE = re.compile(r"[a-z_]{1,60}\Z")
_NAME = re.compile(r"[a-z][a-z0-9._-]{1,39}\Z")


class RefusedError(errors.GovcloudError):
    """The identity service said no; `code` is its own word for why (RFC 6749, 5.2; RFC 8628, 3.5)."""

    def __init__(self, code: str) -> None:
        super().__init__(
            "the identity service refused (身份服务拒绝了请求)", cause=code, remedy="run `govcloud login` again"
        )
        self.code = code


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a log-in or a refresh gave."""

    access: str = dataclasses.field(repr=False)
    refresh: str = dataclasses.field(repr=False)
    obtained_at: float
    """Seconds since 1970 by this machine's clock, as all times here: tokens are used here, so its skew cancels out."""
    expires_at: float
    subject: str
    """The account's id (`sub`), which stays when it is renamed."""
    person: str
    """The account's name."""


def ask(
    asked: transport.Transport,
    place: endpoints.Endpoints,
    form: Mapping[str, str],
    *,
    now: float,
    nonce: str | None = None,
) -> Tokens:
    """Ask the token endpoint as `CLIENT`. Raises `RefusedError` if it says no, `errors.GovcloudError` for nonsense."""
    answer = asked.ask(place.token, {"client_id": CLIENT, **form})
    found = accepted(answer)
    access, refresh = (_token(found, name) for name in ("access_token", "refresh_token"))
    if str(found.get("token_type", "")).lower() != "bearer":
        raise transport.malformed("token_type is not Bearer")
    claims = _claims(_token(found, "id_token"), place.issuer, now=now, nonce=nonce)
    return Tokens(
        access=access,
        refresh=refresh,
        obtained_at=now,
        expires_at=now + seconds(found, "expires_in", most=24 * 3600),
        subject=claims["sub"],
        person=claims["preferred_username"],
    )


def accepted(answer: transport.Answer) -> Mapping[str, Any]:
    """The JSON object of a success. Raises `RefusedError` without the server's own words, which may be anything."""
    if answer.status == 200:
        return answer.document()
    code = answer.document().get("error") if 400 <= answer.status < 500 else None
    if isinstance(code, str) and _CODE.match(code):
        raise RefusedError(code)
    if answer.status >= 500 or answer.status == 429:
        raise transport.UnreachableError(
            "the identity service cannot answer now (身份服务暂不可用)",
            cause=f"HTTP status {answer.status}",
            remedy="run the same command again in a minute",
        )
    raise transport.malformed(f"HTTP status {answer.status}")


def seconds(found: Mapping[str, Any], name: str, *, most: int) -> int:
    """The whole number of seconds in `name`, 1 to `most`."""
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise transport.malformed(f"{name} is not from 1 to {most}")
    return value


def _token(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or len(value) > MOST_TOKEN or not _TOKEN.match(value):
        raise transport.malformed(f"{name} is missing, too long or no token")
    return value


def _claims(token: str, issuer: str, *, now: float, nonce: str | None) -> Mapping[str, Any]:
    """What the ID token says. Its signature adds nothing: it came from the issuer itself, over TLS (Core, 3.1.3.7)."""
    try:
        payload = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise transport.malformed("the ID token is no JSON Web Token")
    if found.get("iss") != issuer or found.get("aud") not in (CLIENT, [CLIENT]):
        raise transport.malformed("the ID token is of another issuer, or for another application")
    if nonce is not None and found.get("nonce") != nonce:
        raise transport.malformed("the ID token belongs to another log-in")
    if not isinstance(found.get("sub"), str) or not _NAME.match(str(found.get("preferred_username"))):
        raise transport.malformed("the ID token names no account")
    _check_clock(found.get("iat"), now)
    return found


def _check_clock(issued: object, now: float) -> None:
    if not isinstance(issued, int):
        raise transport.malformed("the ID token does not say when it was issued")
    if abs(now - issued) > MOST_SKEW_SECONDS:
        raise errors.GovcloudError(
            f"this machine's clock is {abs(now - issued):.0f} seconds wrong (时钟不准)",
            cause=f"it is {'ahead of' if now > issued else 'behind'} the identity service's; tokens live for seconds",
            remedy="set the clock (chrony), then run the same command again",
        )
