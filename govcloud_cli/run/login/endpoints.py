"""Where an issuer's endpoints are (OpenID Connect Discovery 1.0, RFC 8414), and that they are the issuer's own."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.run.login import transport

_PATH = "/.well-known/openid-configuration"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoints:
    """An issuer's endpoints, each an https URL of the issuer's host and port."""

    issuer: str
    authorization: str
    token: str
    device: str
    revocation: str
    end_session: str
    names_issuer: bool
    """Whether answers through a browser say which issuer they are of (RFC 9207)."""


def discover(issuer: str, asked: transport.Transport) -> Endpoints:
    """Ask `issuer` (https URL without a slash at the end) where its endpoints are.

    Raises `errors.GovcloudError` if it calls itself otherwise, or sends us to another host: its tokens, or our
    codes, would be somebody else's (mix-up, RFC 9700, 4.4).
    """
    answer = asked.ask(issuer + _PATH)
    if answer.status != 200:
        raise transport.malformed(f"HTTP status {answer.status} for {_PATH}")
    found = answer.document()
    if found.get("issuer") != issuer:
        raise errors.GovcloudError(
            "the identity service is not the one that was asked for (签发者不符)",
            where=issuer,
            cause="it calls itself by another issuer",
            remedy="check --issuer: it is compared letter by letter",
        )
    return Endpoints(
        issuer=issuer,
        authorization=_own(found, "authorization_endpoint", issuer),
        token=_own(found, "token_endpoint", issuer),
        device=_own(found, "device_authorization_endpoint", issuer),
        revocation=_own(found, "revocation_endpoint", issuer),
        end_session=_own(found, "end_session_endpoint", issuer),
        names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
    )


def check_issuer(issuer: str) -> str:
    """`issuer` as it is compared. Raises `errors.UsageError` unless it is an https URL without query or password."""
    found = issuer.rstrip("/")
    if not _is_plain(found):
        raise errors.UsageError(
            f"the issuer {issuer!r} is no https address", remedy="e.g. --issuer https://identity.gov/realms/govcloud"
        )
    return found


def is_of(url: object, issuer: str) -> bool:
    """Whether `url` is an https URL of the issuer's own host and port, printable as it is."""
    return isinstance(url, str) and _is_plain(url, query=True) and _origin(url) == _origin(issuer)


def _own(found: Mapping[str, Any], name: str, issuer: str) -> str:
    url = found.get(name)
    if not isinstance(url, str) or not is_of(url, issuer):
        raise transport.malformed(f"{name} is missing, or not of the issuer's own host")
    return url


def _is_plain(url: str, *, query: bool = False) -> bool:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or len(url) > 2048:
        return False
    try:
        parts = urllib.parse.urlsplit(url)
        whole = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
        return whole and not parts.fragment and (query or not parts.query) and parts.port != 0
    except ValueError:
        return False


def _origin(url: str) -> tuple[str | None, int]:
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port or 443
