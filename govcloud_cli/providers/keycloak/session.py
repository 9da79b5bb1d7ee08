"""Keycloak's admin REST API for whoever works synchronously, e.g. a handler or the people sync.

    session = Session("https://172.31.20.21:8443", "govcloud-engine", secret, ca)
    realm = session.get("/admin/realms/govcloud")
    made = session.post("/admin/realms/govcloud/users", {"username": "li.wei"})   # {"id": "0f3c…"}
    session.close()

Paths begin with `/admin/realms/…`; names in them go through `quoted`. Any number of threads may use a session.
Raises `errors.GovcloudError`: `failures.ApiError` (`NotFoundError`, `ConflictError`), `failures.UnreachableError`.
"""

from __future__ import annotations

import abc
import threading
import urllib.parse
from collections.abc import Mapping
from typing import Any, Self

from govcloud_cli.providers import loop
from govcloud_cli.providers.keycloak import failures, transport

Json = Any
"""What `json.loads` returns; None for an answer without a body."""


class Api(abc.ABC):
    """What can be asked of a Keycloak, by whatever way; any number of threads may."""

    @abc.abstractmethod
    def request(self, method: str, path: str, json: Json = None, *, query: Mapping[str, str] | None = None) -> Json:
        """Send one request and return the answer."""

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Json:
        """Return what is at `path`."""
        return self.request("GET", path, query=query)

    def find(self, path: str, *, query: Mapping[str, str] | None = None) -> Json:
        """Return what is at `path`, None if nothing is."""
        try:
            return self.request("GET", path, query=query)
        except failures.NotFoundError:
            return None

    def post(self, path: str, body: Json = None) -> Json:
        """Make something; returns its representation, or `{"id": …}` where Keycloak only says where it is."""
        return self.request("POST", path, body)

    def put(self, path: str, body: Json = None) -> Json:
        """Change what is at `path`."""
        return self.request("PUT", path, body)

    def delete(self, path: str, body: Json = None, *, query: Mapping[str, str] | None = None) -> Json:
        """Remove what is at `path`; what is gone already is no error."""
        try:
            return self.request("DELETE", path, body, query=query)
        except failures.NotFoundError:
            return None


class Session(Api):
    """One Keycloak, as the service account of one client (OAuth 2.0 client credentials, RFC 6749 4.4)."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        ca: str = "",
        *,
        realm: str = "master",
        patience: float = transport.PATIENCE,
        cancelled: threading.Event | None = None,
    ) -> None:
        """`url`: `https://host:port`; `ca`: the certificate authority as PEM text; `realm`: where the client is;
        `patience`: seconds for which a server that does not answer is asked again.

        Raises `errors.UsageError` for an address without TLS or a text that is no certificate.
        """
        account = transport.Account(
            url=url, realm=realm, client_id=client_id, client_secret=client_secret, ca=ca, patience=patience
        )
        self.url = account.url
        self._cancelled = cancelled or threading.Event()
        self._transport = transport.Transport(account)

    def request(self, method: str, path: str, json: Json = None, *, query: Mapping[str, str] | None = None) -> Json:
        """As `Api.request`."""
        call = transport.Call(method=method, path=path, query=dict(query or {}), body=json)
        return loop.run(self._transport.request(call), self._cancelled)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        loop.run(self._transport.close(), threading.Event())


def quoted(name: str) -> str:
    """Return `name` as one segment of a path."""
    return urllib.parse.quote(name, safe="")
