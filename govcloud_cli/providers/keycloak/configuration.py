"""The provider's own configuration: what the official provider accepts, as far as we serve it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.keycloak import session

_TEXTS: Final = ("url", "clientId", "clientSecret", "realm", "rootCaCertificate")
_REQUIRED: Final = ("url", "clientId", "clientSecret")
_WITHOUT_EFFECT: Final = ("initialLogin", "clientTimeout", "keycloakVersion", "version", "pluginDownloadURL")


class Connection:
    """One `Provider` resource's use of a Keycloak; connects with the first request."""

    def __init__(self, config: Mapping[str, Any], cancelled: threading.Event) -> None:
        self._config = config
        self._cancelled = cancelled
        self._guard = threading.Lock()
        self._session: session.Session | None = None

    @property
    def session(self) -> session.Session:
        """The session. Raises `errors.GovcloudError` while the configuration is not known, or wrong."""
        with self._guard:
            if self._session is None:
                self._session = _session(self._config, self._cancelled)
            return self._session

    def close(self) -> None:
        """Close what was opened."""
        with self._guard:
            if self._session is not None:
                self._session.close()
                self._session = None


def check(new: resource.Properties) -> resource.Checked:
    """Refuse what is not served; the secret becomes one."""
    failures = [
        resource.Failure(property=name, reason=reason)
        for name, value in new.items()
        if value not in (None, "", wire.UNKNOWN) and (reason := _wrong(name, value))
    ]
    failures += [
        resource.Failure(property=name, reason="is required; the environment's variables are not used")
        for name in _REQUIRED
        if not new.get(name)
    ]
    inputs = dict(new)
    if isinstance(secret := new.get("clientSecret"), str):
        inputs["clientSecret"] = wire.Secret(secret)
    return resource.Checked(inputs=inputs, failures=tuple(failures))


def _session(config: Mapping[str, Any], cancelled: threading.Event) -> session.Session:
    if wire.has_unknown(config):
        raise errors.GovcloudError(
            "the provider's configuration is not known yet", remedy="deploy what it depends on first"
        )
    refused = check(dict(config)).failures
    if refused:
        told = "; ".join(f"`{failure.property}` {failure.reason}" for failure in refused)
        raise errors.UsageError(f"the provider's configuration is refused: {told}", remedy="correct the program")
    return session.Session(
        config["url"],
        config["clientId"],
        config["clientSecret"],
        config.get("rootCaCertificate") or "",
        realm=config.get("realm") or "master",
        cancelled=cancelled,
    )


def _wrong(name: str, value: Any) -> str | None:
    if name.startswith("__") or name in _WITHOUT_EFFECT:
        return None
    if name == "tlsInsecureSkipVerify":
        return None if str(value).lower() == "false" else "cannot be true: who answers is always verified"
    if name not in _TEXTS:
        return "is not served by the builtin provider, which signs in with clientId and clientSecret"
    if not isinstance(value, str):
        return "must be text"
    if name == "url" and not value.startswith("https://"):
        return "must begin with https://"
    return None
