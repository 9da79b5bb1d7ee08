"""The identity service of a platform, and the staff directory that it may read."""

from __future__ import annotations

from typing import Annotated

import pydantic

from govcloud_cli.model import base

HostName = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$", max_length=253
    ),
]
"""A DNS name in lower case; other scripts in punycode."""
Dn = Annotated[
    str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9-]+=[^\x00-\x1f\x7f\\\x22+<>;]{1,400}$", max_length=400)
]
"""A distinguished name of LDAP (RFC 4514), e.g. `ou=people,dc=yunxi,dc=example`."""

RedirectUri = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^https://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:[0-9]{1,5})?/[A-Za-z0-9._~/-]{0,200}$", max_length=400
    ),
]
"""Where people come back to after log-in: one exact https address, no wildcard (RFC 9700, 2.1)."""
Pem = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,76}\n){1,100}-----END CERTIFICATE-----\n?){1,4}$",
        max_length=32768,
    ),
]
"""Up to four certificates (RFC 7468), and nothing else."""


class Directory(base.Model):
    """The government's own staff directory (LDAP), read and never written."""

    url: Annotated[str, pydantic.StringConstraints(pattern=r"^ldaps://[a-z0-9.-]{1,253}(:[0-9]{1,5})?$")]
    """`ldaps://` only: passwords cross the wire when people log in."""
    people: Dn
    """Where the people are, e.g. `ou=people,dc=yunxi,dc=example`."""
    bind: Dn
    """As whom the identity service reads; its password lies in the side's `secrets/directory`."""
    account: Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] = "uid"
    """The attribute that holds the account's name, which is the person's id."""
    authority: Pem | None = None
    """Who issued its certificate (PEM); left out: an authority that Debian trusts, or the platform's own."""


class Portal(base.Model):
    """The government's portal (统一门户): where staff find what they may use, with the one log-in."""

    redirect_uris: Annotated[tuple[RedirectUri, ...], pydantic.Field(min_length=1, max_length=10)]


class Identity(base.Model):
    """The identity service (统一身份认证)."""

    host: HostName | None = None
    """Its name in addresses and certificates, e.g. `id.yunxi.example`; left out: its machine's id."""
    directory: Directory | None = None
    """Where accounts come from; left out: `people.yaml`. Organisation, groups and duties are always said there."""
    portal: Portal | None = None
    """Left out: no portal logs people in. A tenant's own application is in the tenant's file."""
