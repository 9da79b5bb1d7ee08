"""Log-in by device flow (RFC 8628): the browser may be on any other machine."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.run.login import clocks, endpoints, proof, tokens, transport

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_USER_CODE = re.compile(r"[A-Z0-9]{2,12}(-[A-Z0-9]{2,12}){0,3}\Z")
_MOST_SECONDS = 1800
_MOST_INTERVAL = 60
_SLOWER = 5
"""Seconds that `slow_down` adds (RFC 8628, 3.5)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Invitation:
    """What the person has to do in a browser."""

    url: str
    code: str
    whole_url: str | None
    """With the code in it, if the service offers that."""
    seconds: int
    """How long it is open."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Pending:
    invitation: Invitation
    device_code: str = dataclasses.field(repr=False)
    interval: int


def log_in(
    asked: transport.Transport,
    place: endpoints.Endpoints,
    *,
    clock: clocks.Clock,
    invite: Callable[[Invitation], None],
) -> tokens.Tokens:
    """Begin a log-in, `invite` the person, and wait until it is approved.

    Raises `errors.PolicyDeniedError` if the person says no, `errors.GovcloudError` if nobody says anything in time.
    """
    verifier = proof.verifier()
    pending = _begin(asked, place, verifier)
    until = clock.monotonic() + pending.invitation.seconds
    invite(pending.invitation)
    form = {"grant_type": GRANT, "device_code": pending.device_code, "code_verifier": verifier}
    interval = pending.interval
    while clock.monotonic() + interval < until:
        clock.sleep(interval)
        try:
            return tokens.ask(asked, place, form, now=clock.now())
        except tokens.RefusedError as refusal:
            interval += _wait_longer(refusal)
        except transport.UnreachableError:
            # RFC 8628, 3.5: who gets no answer asks less often.
            interval = min(2 * interval, _MOST_INTERVAL)
    raise _expired()


def _wait_longer(refusal: tokens.RefusedError) -> int:
    """How many seconds the answer adds to the interval. Raises what it means, if it is final."""
    if refusal.code == "authorization_pending":
        return 0
    if refusal.code == "slow_down":
        return _SLOWER
    if refusal.code == "access_denied":
        raise errors.PolicyDeniedError(
            "the log-in was denied (登录被拒绝)", remedy="run `govcloud login` again if it was you who began it"
        ) from None
    if refusal.code == "expired_token":
        raise _expired() from None
    raise refusal


def _begin(asked: transport.Transport, place: endpoints.Endpoints, verifier: str) -> _Pending:
    form = {"client_id": tokens.CLIENT, "scope": "openid", **proof.challenge(verifier)}
    found = tokens.accepted(asked.ask(place.device, form))
    device_code = found.get("device_code")
    if not isinstance(device_code, str) or not 1 <= len(device_code) <= 2048:
        raise transport.malformed("device_code is missing or too long")
    interval = 5 if "interval" not in found else tokens.seconds(found, "interval", most=_MOST_INTERVAL)
    return _Pending(invitation=_invitation(found, place.issuer), device_code=device_code, interval=interval)


def _invitation(found: Mapping[str, Any], issuer: str) -> Invitation:
    """Raises `errors.GovcloudError` for an address of another host: people type passwords where we send them."""
    url, code, whole = (found.get(name) for name in ("verification_uri", "user_code", "verification_uri_complete"))
    if not isinstance(url, str) or not endpoints.is_of(url, issuer):
        raise transport.malformed("verification_uri is not of the issuer's own host")
    if not isinstance(code, str) or not _USER_CODE.match(code):
        raise transport.malformed("user_code is no code")
    return Invitation(
        url=url,
        code=code,
        whole_url=whole if isinstance(whole, str) and endpoints.is_of(whole, issuer) else None,
        seconds=tokens.seconds(found, "expires_in", most=_MOST_SECONDS),
    )


def _expired() -> errors.GovcloudError:
    return errors.GovcloudError(
        "nobody approved the log-in in time (登录码已过期)", remedy="run `govcloud login` again"
    )
