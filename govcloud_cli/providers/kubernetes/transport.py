"""HTTPS to one API server: 32 connections, bounded retries, errors that can be read."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import stamina
import yarl

from govcloud_cli.providers.kubernetes import access as access_
from govcloud_cli.providers.kubernetes import failures

CONNECTIONS: Final = 32
_ATTEMPTS: Final = 6
_PATIENCE: Final = 45.0
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 15.0
_IDEMPOTENT: Final = frozenset({"GET", "PATCH", "PUT", "DELETE"})
"""`PATCH` is server-side apply here, which may be repeated; a `POST` never is."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One request to the API server."""

    method: str
    path: str
    what: str
    """What it is about, for errors: `ConfigMap a/b`."""
    kind: str = ""
    query: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: Any = dataclasses.field(default=None, repr=False)
    content_type: str = "application/json"
    accept: str = ""
    """Another form of the answer than plain JSON."""
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()


class Transport:
    """A pool of connections, bound to the event loop of its first request."""

    def __init__(self, access: access_.Access) -> None:
        self.access = access
        self._session: aiohttp.ClientSession | None = None

    async def request(self, call: Call) -> Any:
        """Return the decoded answer. Raises `failures.ApiError` or `failures.UnreachableError`."""
        try:
            return await self._once(call)
        except (failures.ApiError, failures.UnreachableError) as error:
            wait = _wait_before_retry(error)
            if call.method not in _IDEMPOTENT or wait is False:
                raise
            # Only from here on the costs of being able to retry.
            await asyncio.sleep(_FIRST_WAIT if wait is True else wait)
        attempts = stamina.retry_context(
            on=_wait_before_retry,
            attempts=_ATTEMPTS - 1,
            timeout=_PATIENCE,
            wait_initial=_FIRST_WAIT * 2,
            wait_max=5.0,
            wait_jitter=0.3,
        )
        async for attempt in attempts:
            with attempt:
                return await self._once(call)
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _once(self, call: Call) -> Any:
        session = self._session or self._open()
        body = None if call.body is None else json.dumps(call.body, separators=(",", ":")).encode()
        try:
            async with session.request(
                call.method,
                _url(self.access.server, call),
                data=body,
                headers=_headers(call, with_body=body is not None),
                server_hostname=self.access.server_name,
            ) as answer:
                text = await answer.text()
                if answer.status >= 400:
                    after = answer.headers.get("Retry-After")
                    raise failures.refusal(what=call.what, kind=call.kind, status=answer.status, body=text, after=after)
                return json.loads(text) if text.startswith("{") else text
        except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as error:
            raise self._unreachable(error) from error

    def _open(self) -> aiohttp.ClientSession:
        headers = {"Accept": "application/json", "User-Agent": "govcloud"}
        if self.access.token:
            headers["Authorization"] = f"Bearer {self.access.token}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=self.access.tls, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30),
            headers=headers,
            trust_env=False,
            auto_decompress=True,
        )
        return self._session

    def _unreachable(self, error: BaseException) -> failures.UnreachableError:
        trust = isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError)
        return failures.UnreachableError(
            f"the API server {self.access.server} " + ("is not trusted" if trust else "does not answer"),
            where=self.access.server,
            cause=f"{type(error).__name__}: {error}",
            remedy="check the kubeconfig's certificate authority" if trust else "check that it runs and can be reached",
        )


def _url(server: str, call: Call) -> yarl.URL:
    # Ready as it is: taking it apart and quoting it again costs as much as sending it.
    query = f"?{urllib.parse.urlencode(call.query)}" if call.query else ""
    return yarl.URL(f"{server}{call.path}{query}", encoded=True)


def _headers(call: Call, *, with_body: bool) -> list[tuple[str, str]]:
    headers = [("Content-Type", call.content_type)] if with_body else []
    if call.accept:
        headers.append(("Accept", call.accept))
    if call.as_user:
        headers.append(("Impersonate-User", call.as_user))
        headers.extend(("Impersonate-Group", group) for group in call.as_groups)
    return headers


def _wait_before_retry(error: Exception) -> bool | float:
    """Tell stamina whether to try again, or in how many seconds."""
    if isinstance(error, failures.OverloadedError):
        return True if error.after is None else min(max(error.after, 0.05), _LONGEST_WAIT)
    if isinstance(error, failures.UnreachableError):
        return _passing(error.__cause__)
    return False


def _passing(error: BaseException | None) -> bool:
    """A reset or a server that restarts passes; a refused certificate does not."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError):
        return False
    return isinstance(
        error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | ConnectionError | asyncio.TimeoutError
    )
