"""People: who may decide, and how they are known (`people.yaml`)."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import pydantic

from govcloud_cli.model import base, dates, names, tenants

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

BREAK_GLASS = "break-glass"
"""The sealed account for emergencies; ours to open, never to sync."""
SERVICE_ACCOUNT = "service-account-"
"""What Keycloak has the names of clients' own accounts begin with; it lists them nowhere."""
OWN = "govcloud-"
"""Begins the names of our own programs."""
PROBE = f"{OWN}probe-"
"""Begins the names of the accounts that `verify` makes and removes."""
ADMINISTRATOR = "admin"
"""What Keycloak calls its own first administrator."""


def is_reserved(name: str) -> bool:
    """Whether an account of that name is the platform's or Keycloak's own, so no person may be called so."""
    return name in {ADMINISTRATOR, BREAK_GLASS} or name.startswith((OWN, SERVICE_ACCOUNT))


class Accounts(base.Model):
    """What other systems call a person."""

    os: tuple[Account, ...] = ()
    """Log-in names on the platform engineers' hosts."""
    git: tuple[tenants.Mailbox, ...] = ()
    """`user.email` of Git."""
    ci: tuple[Account, ...] = ()
    """Log-in names on the CI system (`GITHUB_ACTOR`, `GITLAB_USER_LOGIN`)."""


class Duty(enum.StrEnum):
    """The three administrators (三员) of MLPS: no person has two of these duties."""

    SYSTEM = "system"
    """系统管理员: runs the platform; decides nobody's rights and cannot touch the audit."""
    SECURITY = "security"
    """安全管理员: people, rights, policies."""
    AUDIT = "audit"
    """审计管理员: reads everything that was done, and writes nothing."""


DUTY_GROUPS: Mapping[Duty, str] = MappingProxyType(
    {
        Duty.SYSTEM: "govcloud:system-administrators",
        Duty.SECURITY: "govcloud:security-administrators",
        Duty.AUDIT: "govcloud:auditors",
    }
)
"""The groups of the three administrators (三员)."""
ORGANISATION = "org:"
"""Begins the names of the groups that form the tree of government, e.g. `org:lanhe-tax`."""


def organisation_group(organisation: str) -> str:
    """The group of an organisation's people, e.g. `org:finance-bureau`."""
    return ORGANISATION + organisation


class Person(base.Model):
    """One civil servant."""

    id: tenants.Person
    display_name: names.DisplayName
    organisation: names.Id | None = None
    """Where the person works; with it the person has an account in the identity service."""
    groups: tuple[tenants.Group, ...] = ()
    """Identity groups, e.g. `finance:maintainers`: what tenants' `members` name."""
    duty: Duty | None = None
    """One of the three administrators."""
    leaves_on: dates.Day | None = None
    """The last working day (UTC), e.g. `2027-06-30`; afterwards nothing of the account works."""
    accounts: Accounts = Accounts()
    keys: tuple[PublicKey, ...] = ()
    """Keys that sign this person's decisions (`ssh-keygen -Y`)."""
    approves: tuple[names.Id, ...] = ()
    """Organisations for whose budgets this person decides."""

    def has_left(self, today: datetime.date) -> bool:
        """Whether the last day is over on `today` (UTC)."""
        return self.leaves_on is not None and self.leaves_on < today


class PeopleSpec(base.Model):
    """Everybody who is known."""

    people: Annotated[tuple[Person, ...], pydantic.Field(min_length=1)]


class People(base.Model):
    """`people.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["People"]
    spec: PeopleSpec
