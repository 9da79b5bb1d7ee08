"""The one way to the identity service: HTTPS, verified by its own authority alone, bounded in size and time."""

from __future__ import annotations

import dataclasses
import http.client
import json
import socket
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any, Protocol

from govcloud_cli import errors

TIMEOUT_SECONDS = 15.0
MOST_SECONDS = 30.0
MOST_BYTES = 128 * 1024


class UnreachableError(errors.GovcloudError):
    """Nobody answers, or not in time; asking again later may help."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What the identity service answered."""

    status: int
    body: bytes = dataclasses.field(repr=False)

    def document(self) -> Mapping[str, Any]:
        """The JSON object that it is. Raises `errors.GovcloudError`, which never quotes it, if it is none."""
        try:
            found = json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise malformed(f"HTTP status {self.status}, and no JSON object")
        return found


class Transport(Protocol):
    """Asks one URL."""

    def ask(self, url: str, form: Mapping[str, str] | None = None) -> Answer:
        """POST `form`, or GET. Raises `UnreachableError`, or `errors.GovcloudError` for who is not to be trusted."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Https:
    """Asks over TLS. Follows no redirect, uses no proxy, and trusts no authority but `authority` (PEM)."""

    authority: str
    connect: tuple[str, int] | None = None
    """Where to connect to instead of what the URL says; names are still verified as the URL says."""

    def ask(self, url: str, form: Mapping[str, str] | None = None) -> Answer:
        """As `Transport`. Secrets are in the body only, so that no log of a server or proxy has them."""
        place = urllib.parse.urlsplit(url)
        body = None if form is None else urllib.parse.urlencode(form)
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target = urllib.parse.urlunsplit(("", "", place.path or "/", place.query, ""))
        connection = self.connection(url)
        try:
            connection.request("GET" if body is None else "POST", target, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(status=response.status, body=_bounded(response))
        except ssl.SSLCertVerificationError as error:
            raise errors.GovcloudError(
                f"{place.netloc} does not prove to be the identity service (证书不受信任)",
                cause=error.verify_message,
                remedy="check the address and --ca; if both are right, tell the security administrator",
            ) from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise UnreachableError(
                f"the identity service at {place.netloc} does not answer (身份服务无应答)",
                cause=type(error).__name__ if not isinstance(error, OSError) else error.strerror or str(error),
                remedy="check the network, then run the same command again",
            ) from None
        finally:
            connection.close()

    def connection(self, url: str) -> http.client.HTTPSConnection:
        """A connection for requests to the host of `url`, verified like all of ours; not connected yet."""
        place = urllib.parse.urlsplit(url)
        return _Connection(place.hostname or "", place.port or 443, context(self.authority), self.connect)


class _Connection(http.client.HTTPSConnection):
    def __init__(self, host: str, port: int, tls: ssl.SSLContext, connect: tuple[str, int] | None) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS, context=tls)
        self._tls, self._connect = tls, connect

    def connect(self) -> None:
        """Connect where we were told to, and verify who the URL names."""
        raw = socket.create_connection(self._connect or (self.host, self.port), TIMEOUT_SECONDS)
        try:
            self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)
        except BaseException:
            raw.close()
            raise


def context(authority: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, trusting `authority` (PEM) alone. Raises `errors.UsageError` if that is no certificate."""
    # Not ssl.create_default_context: with an empty text that trusts every authority of the system.
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        found.load_verify_locations(cadata=authority)
        if not found.cert_store_stats()["x509_ca"]:
            raise ValueError
    except (ssl.SSLError, ValueError):
        raise errors.UsageError(
            "the certificate authority is no certificate in PEM form", remedy="name another file with --ca"
        ) from None
    found.minimum_version = ssl.TLSVersion.TLSv1_2
    return found


def malformed(reason: str) -> errors.GovcloudError:
    """The error for an answer that is not what a standard says."""
    return errors.GovcloudError(
        "the identity service gave an answer that cannot be used (身份服务应答无效)",
        cause=reason,
        remedy="check that the address is the identity service's; else tell its administrator",
    )


def _bounded(response: http.client.HTTPResponse) -> bytes:
    limit, found = time.monotonic() + MOST_SECONDS, bytearray()
    while part := response.read1(8192):
        found += part
        if len(found) > MOST_BYTES:
            raise malformed(f"it is longer than {MOST_BYTES} bytes")
        if time.monotonic() > limit:
            raise TimeoutError(0, f"its answer was not whole after {MOST_SECONDS:g} s")
    return bytes(found)
