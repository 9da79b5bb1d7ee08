"""Accounts, and the ordered changes of people to them: joiner, mover, leaver; `people_comparing` says which.

Every account of the realm is somebody's of `people.yaml` or a leaver's, but for `verify`'s probes, and those of clients
and of a directory that are in no group. A name exempts nobody: whoever may make accounts would call his own so.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping

from govcloud_cli.model import people

FEW_LEAVERS = 5
PART_OF_LEAVERS = 10
"""More leavers at once than `FEW_LEAVERS` and than one in so many accounts are refused until somebody counted them."""


class Origin(enum.StrEnum):
    """Where an account comes from."""

    OWN = "own"
    DIRECTORY = "directory"
    """Federated (LDAP): name and password are the directory's."""
    SERVICE = "service"
    """A client's own account."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """An account of the realm."""

    id: str
    """Keycloak's own."""
    person: str
    """The user name: the person's id."""
    name: str
    enabled: bool
    groups: frozenset[str]
    """Names, without path."""
    has_code: bool = False
    """Whether a one-time code is set up."""
    origin: Origin = Origin.OWN

    @property
    def is_ours(self) -> bool:
        """Whether `people.yaml` decides about it."""
        if self.origin is Origin.OWN:
            # Whatever is called so goes by itself (`run.probing.probe_people.sweep`).
            return not self.person.startswith(people.PROBE)
        return bool(self.groups)

    @property
    def organisation(self) -> str | None:
        """The organisation it belongs to; the first by name if somebody put it into several."""
        return next(iter(organisations(self.groups)), None)

    @property
    def duties(self) -> tuple[str, ...]:
        """Groups of administrators that it is in, ordered; more than one is nobody's right."""
        return tuple(sorted(self.groups & set(people.DUTY_GROUPS.values())))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """A person who shall have an account."""

    person: str
    name: str
    groups: frozenset[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Join:
    """A person without an account."""

    person: str
    name: str
    groups: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """A person whose account says something else."""

    person: str
    account: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    name: str | None = None
    """The new one; None if it stays."""
    rotate: tuple[str, ...] = ()
    """Tenants whose passwords and secrets the person can no longer read, and knows."""
    adopted: bool = False
    """Whether somebody else made the account: what it could log in with is taken away."""
    conflict: tuple[str, ...] = ()
    """The administrators' groups that it was in at once."""

    def within_office(self) -> Move:
        """The same but for the organisation, which stays."""
        added, removed = (
            tuple(name for name in names if not name.startswith(people.ORGANISATION))
            for names in (self.added, self.removed)
        )
        return dataclasses.replace(self, added=added, removed=removed)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leave:
    """An account that nothing may work with any more; it stays, disabled, for whoever reads the audit."""

    person: str
    account: str
    reason: str
    groups: tuple[str, ...] = ()
    """Taken away; that of the organisation stays and says where the person was."""
    rotate: tuple[str, ...] = ()
    """Tenants whose passwords and secrets the person could read."""
    was_enabled: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Return:
    """A disabled account of a person who is wanted (again); it is enrolled anew, for ids outlive their bearers."""

    person: str
    account: str
    name: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


Change = Leave | Move | Return | Join


@dataclasses.dataclass(frozen=True, kw_only=True)
class Changes:
    """Everything that is to be done, in this order."""

    leaves: tuple[Leave, ...] = ()
    moves: tuple[Move, ...] = ()
    returns: tuple[Return, ...] = ()
    joins: tuple[Join, ...] = ()
    missing: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Groups that people have in the file and the service does not know -> whose they are."""
    accounts: int = 0
    """Enabled accounts that are ours."""

    def __iter__(self) -> Iterator[Change]:
        return iter((*self.leaves, *self.moves, *self.returns, *self.joins))

    @property
    def leaving(self) -> frozenset[str]:
        """Who loses what he has now."""
        return frozenset(leave.person for leave in self.leaves if leave.was_enabled)

    @property
    def leavers(self) -> int:
        """How many those are."""
        return len(self.leaving)

    @property
    def most_leavers(self) -> int:
        """So many may leave at once without somebody having counted them."""
        return most_leavers(self.accounts)

    @property
    def rotate(self) -> tuple[str, ...]:
        """Tenants whose database passwords and applications' secrets change, ordered."""
        of_leavers = {tenant for leave in self.leaves for tenant in leave.rotate}
        return tuple(sorted(of_leavers | {tenant for move in self.moves for tenant in move.rotate}))


def organisations(groups: Iterable[str]) -> tuple[str, ...]:
    """The organisations whose groups are among these, ordered."""
    return tuple(
        sorted(name.removeprefix(people.ORGANISATION) for name in groups if name.startswith(people.ORGANISATION))
    )


def most_leavers(accounts: int) -> int:
    """Of so many accounts, how many may leave at once without somebody having counted them."""
    return max(FEW_LEAVERS, accounts // PART_OF_LEAVERS)
