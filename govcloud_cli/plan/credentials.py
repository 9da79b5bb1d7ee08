"""Secrets in plans: named where they belong, their values known to a run alone.

A planned credential is a `SecretText`: text with named gaps. The values exist only in a run, which fills
the gaps with `resolve`; a plan may be printed, logged and stored.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
from collections.abc import Callable
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import derived, namespaces


class Kind(enum.StrEnum):
    """Where a value comes from."""

    AUTHORITY = "database-ca"
    """The certificate authority (PEM) that signed the pooler's certificate; there is one."""
    PASSWORD = "database-password"  # noqa: S105 (the name of a reference)
    """Of a login role: follows from the side's master secret."""
    APPLICATION = "application"
    """The secret of an application's client; follows from it too."""
    FILE = "secrets"
    """A file in the side's folder of secrets, which `resolver` does not know."""


_DERIVED = {Kind.PASSWORD: "database-password", Kind.APPLICATION: "application-secret"}
"""What `derived.secret` calls them; another word would be another secret everywhere."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SecretRef:
    """A value that only a run knows, shown as `${<kind>/<name>@<generation>}`; the first generation shows nowhere."""

    kind: Kind
    name: str = ""
    """The role, client or file."""
    generation: int = 1
    """Counts from 1; the next one is another value."""

    def __str__(self) -> str:
        name = f"/{self.name}" if self.name else ""
        later = f"@{self.generation}" if self.generation > 1 else ""
        return f"${{{self.kind}{name}{later}}}"


@dataclasses.dataclass(frozen=True)
class SecretText:
    """Text with gaps for secrets; `str` and JSON show the gaps by name."""

    parts: tuple[str | SecretRef, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


Resolver = Callable[[SecretRef], str]
"""Gives the value of a reference; raises `errors.GovcloudError` for one it does not know."""

AUTHORITY = SecretRef(kind=Kind.AUTHORITY)


def password_ref(role: str, generation: int = 1) -> SecretRef:
    """The reference to a login role's password."""
    return SecretRef(kind=Kind.PASSWORD, name=role, generation=generation)


def application_ref(client: str, generation: int = 1) -> SecretRef:
    """The reference to the secret of an application's client."""
    return SecretRef(kind=Kind.APPLICATION, name=client, generation=generation)


def file_ref(name: str) -> SecretRef:
    """The reference to a file in the side's `secrets/`."""
    return SecretRef(kind=Kind.FILE, name=name)


def of_generation(reference: SecretRef, generation: int) -> SecretRef:
    """A reference; if it is to a password or an application's secret, to that of `generation`."""
    return dataclasses.replace(reference, generation=generation) if reference.kind in _DERIVED else reference


def password(master: bytes, role: str, generation: int) -> str:
    """The password of a role: 43 URL-safe characters. `generation` counts from 1; the next one rotates it.

    Raises `ValueError` for a master secret under 32 bytes.
    """
    return derived.secret(master, _DERIVED[Kind.PASSWORD], role, generation)


def resolver(*, master: bytes, ca: str) -> Resolver:
    """A resolver for everything but files. `ca`: PEM."""

    def resolved(reference: SecretRef) -> str:
        if reference.kind is Kind.AUTHORITY:
            return ca
        if reference.kind in _DERIVED:
            return derived.secret(master, _DERIVED[reference.kind], reference.name, reference.generation)
        raise errors.GovcloudError(f"nothing here gives the value of `{reference}`")

    return resolved


def resolve(manifest: namespaces.Manifest, value_of: Resolver) -> namespaces.Manifest:
    """The object as the API server takes it: every `SecretText` filled in and base64-encoded."""
    return {name: _resolve(value, value_of) for name, value in manifest.items()}


def _resolve(value: Any, value_of: Resolver) -> Any:
    match value:
        case SecretText(parts=parts):
            text = "".join(part if isinstance(part, str) else value_of(part) for part in parts)
            return encoded(text)
        case dict():
            return {name: _resolve(item, value_of) for name, item in value.items()}
        case list():
            return [_resolve(item, value_of) for item in value]
    return value


def encoded(text: str) -> str:
    """Text as a Secret's `data` has it (base64)."""
    return base64.b64encode(text.encode()).decode("ascii")
