"""The provider's configuration, as `pulumi_postgresql.Provider` sends it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire

_TEXTS: Final = ("host", "username", "password", "database", "sslmode", "sslrootcert", "expectedVersion", "scheme")
_NUMBERS: Final = {"port": (1, 65535), "connectTimeout": (0, 3600), "maxConnections": (0, 1000)}
_OTHERS: Final = ("clientcert", "superuser")
_ENGINE: Final = ("version", "pluginDownloadURL")
_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Which server to use, and as whom."""

    host: str
    port: int = 5432
    username: str = "postgres"
    password: str = dataclasses.field(default="", repr=False)
    database: str = "postgres"
    """Where roles and databases are managed from."""
    sslmode: str = "require"
    sslrootcert: str = ""
    """Path of the authority that signed the server's certificate."""
    certificate: str = ""
    """The client certificate: a path, or PEM text if `inline`."""
    key: str = dataclasses.field(default="", repr=False)
    inline: bool = False
    connect_timeout: int = 180
    """Seconds; 0 waits without limit."""
    max_connections: int = 20
    """Connections open at one time; 0 means the default."""


def check(new: resource.Properties) -> resource.Checked:
    """Refuse what is not served and values out of range; keep the rest as it is."""
    failures: list[resource.Failure] = []
    for name, raw in new.items():
        value = _plain(name, raw)
        reason = None if wire.has_unknown(value) or value in (None, "") else _wrong(name, value)
        if reason is not None:
            failures.append(resource.Failure(property=name, reason=reason))
    if not new.get("host"):
        failures.append(resource.Failure(property="host", reason="is required: the server's name or address"))
    return resource.Checked(inputs=new, failures=tuple(failures))


def settings(config: resource.Properties) -> Settings:
    """Return the settings that a checked configuration stands for.

    Raises `errors.GovcloudError` if it is wrong, or not known yet (in a preview).
    """
    if wire.has_unknown(config):
        raise errors.GovcloudError(
            "the provider's configuration is not known yet", remedy="deploy what it depends on first"
        )
    refused = check(config).failures
    if refused:
        told = "; ".join(f"`{failure.property}` {failure.reason}" for failure in refused)
        raise errors.GovcloudError(f"the provider's configuration is refused: {told}")
    known = {name: _plain(name, raw) for name, raw in config.items() if raw not in (None, "")}
    client = known.get("clientcert") or {}
    names = {"connectTimeout": "connect_timeout", "maxConnections": "max_connections"}
    values: dict[str, Any] = {
        names.get(name, name): known[name]
        for name in (*_TEXTS, *_NUMBERS)
        if name in known and name not in ("scheme", "expectedVersion")
    }
    return Settings(
        **values,
        certificate=client.get("cert", ""),
        key=client.get("key", ""),
        inline=client.get("sslinline") in (True, "true"),
    )


def _plain(name: str, raw: Any) -> Any:
    """Undo the SDK's JSON text around everything but strings."""
    if not isinstance(raw, str) or name not in (*_NUMBERS, *_OTHERS):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _wrong(name: str, value: Any) -> str | None:
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return None if fits else f"must be a whole number from {low} to {high}"
    if name == "sslmode":
        return None if value in _MODES else f"must be one of {', '.join(_MODES)}; found {value!r}"
    if name == "scheme":
        return None if value in ("postgres", "postgresql") else "is not served other than `postgres`"
    if name == "clientcert":
        whole = isinstance(value, dict) and {"cert", "key"} <= set(value) <= {"cert", "key", "sslinline"}
        return None if whole else "must have `cert` and `key`, and may have `sslinline`"
    if name == "superuser":
        return None if isinstance(value, bool) else "must be true or false"
    if name in _TEXTS:
        return None if isinstance(value, str) and "\0" not in value else "must be text"
    return None if name in _ENGINE or name.startswith("__") else "is not served by the builtin provider"
