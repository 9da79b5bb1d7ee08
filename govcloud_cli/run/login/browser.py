"""Log-in by a browser on this machine: authorization code with PKCE (RFC 8252, RFC 7636, RFC 9700)."""

from __future__ import annotations

import secrets
import urllib.parse
from collections.abc import Callable, Mapping

from govcloud_cli import errors
from govcloud_cli.run.login import clocks, endpoints, loopback, proof, tokens, transport

WAIT_SECONDS = 300.0


def log_in(
    asked: transport.Transport,
    place: endpoints.Endpoints,
    *,
    clock: clocks.Clock,
    invite: Callable[[str], None],
    port: int = 0,
) -> tokens.Tokens:
    """Listen, `invite` the person to an address, and take what the browser brings back.

    The address is shown and not opened by us: in a browser's command line every local user could read `state`, log in
    as himself and bring his own code. Raises `errors.PolicyDeniedError` if the log-in was denied.
    """
    verifier, state, nonce = proof.verifier(), secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with loopback.listening(port) as listener:
        query = {
            "client_id": tokens.CLIENT,
            "response_type": "code",
            "scope": "openid",
            "redirect_uri": listener.redirect_uri,
            "state": state,
            "nonce": nonce,
            **proof.challenge(verifier),
        }
        joint = "&" if "?" in place.authorization else "?"
        invite(f"{place.authorization}{joint}{urllib.parse.urlencode(query)}")
        brought = listener.wait(clock=clock, seconds=WAIT_SECONDS)
        redirect_uri = listener.redirect_uri
    code = _code(brought, place, state)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return tokens.ask(asked, place, form, now=clock.now(), nonce=nonce)


def _code(brought: Mapping[str, str], place: endpoints.Endpoints, state: str) -> str:
    """The code of the log-in that we began, at the issuer where we began it."""
    if not secrets.compare_digest(brought.get("state", "").encode(), state.encode()):
        raise errors.GovcloudError(
            "the browser's answer belongs to another log-in (登录状态不符): it was not used",
            remedy="run `govcloud login` again; if it happens again, tell the security administrator",
        )
    named = brought.get("iss")
    if named != place.issuer and (named is not None or place.names_issuer):
        raise errors.GovcloudError(
            "the browser's answer is of another identity service (签发者不符): it was not used",
            remedy="tell the security administrator: somebody may have led the browser astray",
        )
    if brought.get("error") == "access_denied":
        raise errors.PolicyDeniedError("the log-in was denied (登录被拒绝)", remedy="run `govcloud login` again")
    code = brought.get("code", "")
    if "error" in brought or not 1 <= len(code) <= 2048:
        raise transport.malformed("the browser brought no code")
    return code
