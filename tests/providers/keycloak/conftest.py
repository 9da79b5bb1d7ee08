"""What the tests marked `engine` have in the Keycloak of all."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from govcloud_cli.providers import keycloak as package
from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import session
from tests.support import keycloak


@pytest.fixture(scope="package")
def api(keycloak_server: keycloak.Running) -> Iterator[session.Session]:
    with keycloak_server.session() as one:
        yield one


@pytest.fixture
def configured(keycloak_server: keycloak.Running) -> dict[str, Any]:
    """The provider's configuration."""
    return {
        "url": keycloak_server.url,
        "clientId": keycloak.CLIENT,
        "clientSecret": keycloak.SECRET,
        "rootCaCertificate": keycloak_server.ca,
    }


@pytest.fixture
def handlers(configured: dict[str, Any]) -> Iterator[Mapping[resource.Token, resource.Handler]]:
    """The handlers by the last part of their token."""
    cancelled = threading.Event()
    found = {token.rpartition(":")[2]: handler for token, handler in package.configure(configured, cancelled).items()}
    yield found
    found["Realm"].connection.close()  # type: ignore[attr-defined]
    cancelled.set()
