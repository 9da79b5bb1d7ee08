"""People: who may decide, and how they are known (`people.yaml`)."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from govcloud_cli.model import base, names, tenants

PublicKey = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=(
            # What a key of either kind begins with: its own name and the length of what follows.
            r"^(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}"
            r"|sk-ssh-ed25519@openssh\.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAI[A-Za-z0-9+/]{44,120}={0,2})"
            r"( [^\x00-\x1f\x7f]{1,80})?$"
        ),
        max_length=300,
    ),
]
"""One line of an OpenSSH public key, Ed25519 only; `sk-` is one on a USB key."""
Account = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,99}$")]
"""A name that another system knows a person by."""


class Accounts(base.Model):
    """What other systems call a person."""

    os: tuple[Account, ...] = ()
    """Log-in names on the platform engineers' hosts."""
    git: tuple[tenants.Mailbox, ...] = ()
    """`user.email` of Git."""
    ci: tuple[Account, ...] = ()
    """Log-in names on the CI system (`GITHUB_ACTOR`, `GITLAB_USER_LOGIN`)."""


class Person(base.Model):
    """One civil servant."""

    id: tenants.Person
    display_name: names.DisplayName
    accounts: Accounts = Accounts()
    keys: tuple[PublicKey, ...] = ()
    """Keys that sign this person's decisions (`ssh-keygen -Y`)."""
    approves: tuple[names.Id, ...] = ()
    """Organisations for whose budgets this person decides."""


class PeopleSpec(base.Model):
    """Everybody who is known."""

    people: Annotated[tuple[Person, ...], pydantic.Field(min_length=1)]


class People(base.Model):
    """`people.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["People"]
    spec: PeopleSpec
