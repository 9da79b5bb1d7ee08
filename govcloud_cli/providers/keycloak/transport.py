"""HTTPS to one Keycloak: verified TLS, a token that is renewed in time, bounded retries."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import stamina
import yarl

from govcloud_cli import errors
from govcloud_cli.providers.keycloak import failures

CONNECTIONS: Final = 16
_ATTEMPTS: Final = 6
PATIENCE: Final = 60.0
"""Seconds for which a server that does not answer is asked again, unless somebody says otherwise."""
_REALMS: Final = "/admin/realms"
_MARGIN: Final = 10.0
"""Seconds before its end from which a token is not used for a new request."""
_IDEMPOTENT: Final = frozenset({"GET", "PUT", "DELETE"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """A Keycloak and the service account that acts on it. Raises `errors.UsageError` if it cannot be used."""

    url: str
    realm: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    ca: str = dataclasses.field(repr=False)
    """PEM text; empty means the system's authorities."""
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.url)
        if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise errors.UsageError(
                f"`{self.url}` is no address of a Keycloak with TLS", remedy="give it as `https://host:port`"
            )
        object.__setattr__(self, "url", self.url.rstrip("/"))
        self.tls()

    def tls(self) -> ssl.SSLContext:
        """Return what to verify the server with."""
        try:
            context = ssl.create_default_context(cadata=self.ca or None)
        except (ssl.SSLError, ValueError):
            raise errors.UsageError(
                "the certificate authority for Keycloak is no PEM certificate",
                where=self.url,
                remedy="give the text of the authority's certificate, `-----BEGIN CERTIFICATE-----` and so on",
            ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One request to the admin API."""

    method: str
    path: str
    query: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: Any = dataclasses.field(default=None, repr=False)


class Transport:
    """A pool of connections and the token in use; belongs to the event loop of its first request."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._session: aiohttp.ClientSession | None = None
        self._token = ""
        self._until = 0.0
        self._renewing: asyncio.Lock | None = None

    async def request(self, call: Call) -> Any:
        """Return the decoded answer. Raises `failures.ApiError` or `failures.UnreachableError`."""
        attempts = stamina.retry_context(
            on=lambda error: _passing(error, call.method),
            attempts=_ATTEMPTS,
            timeout=self.account.patience,
            wait_initial=0.2,
            wait_max=10.0,
        )
        async for attempt in attempts:
            with attempt:
                return await self._with_token(call)
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _with_token(self, call: Call) -> Any:
        token = await self._authorized()
        try:
            answer = await self._send(call, {"Authorization": f"Bearer {token}"})
            if call.method == "POST" and call.path == _REALMS:
                self._until = 0.0  # the token names the realms that there were, and what we may do in them
            return answer
        except failures.ApiError as error:
            if error.status != 401 or token != self._token:
                raise
            self._until = 0.0  # a restarted or restored server does not know it any more
        return await self._send(call, {"Authorization": f"Bearer {await self._authorized()}"})

    async def _authorized(self) -> str:
        if self._renewing is None:
            self._renewing = asyncio.Lock()
        async with self._renewing:
            if time.monotonic() > self._until:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        account = self.account
        path = f"/realms/{urllib.parse.quote(account.realm, safe='')}/protocol/openid-connect/token"
        asked = time.monotonic()
        answer = await self._send(
            Call(method="POST", path=path),
            {"Authorization": _basic(account)},
            form={"grant_type": "client_credentials"},
        )
        self._token = str(answer["access_token"])
        lifetime = float(answer.get("expires_in", 0))
        self._until = asked + max(lifetime - _MARGIN, lifetime / 2)

    async def _send(self, call: Call, headers: Mapping[str, str], *, form: Mapping[str, str] | None = None) -> Any:
        session = self._session or self._open()
        body = None if call.body is None else json.dumps(call.body, separators=(",", ":")).encode()
        typed = {"Content-Type": "application/json"} if form is None and body is not None else {}
        try:
            async with session.request(
                call.method,
                _url(self.account.url, call),
                data=body if form is None else dict(form),
                headers={**headers, **typed},
                allow_redirects=False,
            ) as answer:
                text = await answer.text()
                if answer.status >= 300:
                    hidden = (self.account.client_secret, self._token)
                    what = f"{call.method} {self.account.url}{call.path}"
                    raise failures.refusal(what=what, status=answer.status, body=text, hidden=hidden)
                return _decoded(text, answer.headers.get("Location", ""))
        except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as error:
            raise self._unreachable(error) from error

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=self.account.tls(), keepalive_timeout=15),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60),
            headers={"Accept": "application/json", "User-Agent": "govcloud"},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self._session

    def _unreachable(self, error: BaseException) -> failures.UnreachableError:
        trust = isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError)
        return failures.UnreachableError(
            f"Keycloak at {self.account.url} " + ("is not trusted" if trust else "does not answer"),
            where=self.account.url,
            cause=f"{type(error).__name__}: {error}",
            remedy="check the certificate authority" if trust else "check that it runs and can be reached",
        )


def _url(server: str, call: Call) -> yarl.URL:
    query = f"?{urllib.parse.urlencode(call.query)}" if call.query else ""
    return yarl.URL(f"{server}{call.path}{query}", encoded=True)


def _decoded(text: str, location: str) -> Any:
    if text:
        return json.loads(text)
    return {"id": urllib.parse.unquote(location.rpartition("/")[2])} if location else None


def _basic(account: Account) -> str:
    """Return the header by which a client proves itself (RFC 6749 2.3.1)."""
    pair = ":".join(urllib.parse.quote_plus(text) for text in (account.client_id, account.client_secret))
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _passing(error: Exception, method: str) -> bool:
    """A server that restarts passes; a refused certificate does not, and a `POST` may have been obeyed already."""
    if isinstance(error, failures.BusyError):
        return method in _IDEMPOTENT
    if not isinstance(error, failures.UnreachableError):
        return False
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | ssl.SSLError):
        return False
    # Nothing was sent if not even a connection came about.
    return method in _IDEMPOTENT or isinstance(cause, aiohttp.ClientConnectorError)
