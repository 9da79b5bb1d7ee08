"""From the people who are wanted and the accounts that are there to ordered changes: joiner, mover, leaver.

Pure: `run.people` reads the accounts and acts. Every account of the realm is somebody's of `people.yaml` or a leaver's,
but for service accounts, the break-glass account, `verify`'s probes, and those of a directory that we never gave
anything.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.model import people, tenants

ORGANISATION = "org:"
"""What the name of an organisation's group begins with; `org:lanhe-tax`."""
DUTIES: Mapping[people.Duty, str] = {
    people.Duty.SYSTEM: "govcloud:system-administrators",
    people.Duty.SECURITY: "govcloud:security-administrators",
    people.Duty.AUDIT: "govcloud:auditors",
}
"""The groups of the three administrators (三员)."""
BREAK_GLASS = "break-glass"
"""The sealed account for emergencies; ours to open, never to sync."""
SERVICE = "service-account-"
"""What Keycloak has the names of clients' own accounts begin with; it lists them nowhere."""
FEW_LEAVERS = 5
PART_OF_LEAVERS = 10
"""More leavers at once than `FEW_LEAVERS` and than one in so many accounts are refused until somebody counted them."""

_READERS = frozenset({tenants.Role.OWNER, tenants.Role.MAINTAINER})
"""Members who can read the Secrets of a tenant's namespaces, so its database passwords."""
_PROHIBITED = re.compile(r"[<>&\"$%!#?§;*~/\\|^=\[\]{}()\x00-\x1f\x7f-\x9f]")
"""What Keycloak takes in no name (`person-name-prohibited-characters` of its user profile)."""


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
        if self.origin is Origin.SERVICE or self.person == BREAK_GLASS or self.person.startswith(people.PROBE):
            return False
        return self.origin is Origin.OWN or any(name.startswith(ORGANISATION) for name in self.groups)

    @property
    def organisation(self) -> str | None:
        """The organisation it belongs to; the first by name if somebody put it into several."""
        found = sorted(name for name in self.groups if name.startswith(ORGANISATION))
        return found[0].removeprefix(ORGANISATION) if found else None

    @property
    def duties(self) -> tuple[str, ...]:
        """Groups of administrators that it is in, ordered; more than one is nobody's right."""
        return tuple(sorted(self.groups & set(DUTIES.values())))


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
    """Tenants whose database passwords the person can no longer read, and knows."""
    adopted: bool = False
    """Whether somebody else made the account: what it could log in with is taken away."""
    conflict: tuple[str, ...] = ()
    """The administrators' groups that it was in at once."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leave:
    """An account that nothing may work with any more; it stays, disabled, for whoever reads the audit."""

    person: str
    account: str
    reason: str
    groups: tuple[str, ...] = ()
    """Taken away; that of the organisation stays and says where the person was."""
    rotate: tuple[str, ...] = ()
    """Tenants whose database passwords the person could read."""
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
    def leavers(self) -> int:
        """How many lose what they have now."""
        return sum(leave.was_enabled for leave in self.leaves)

    @property
    def most_leavers(self) -> int:
        """So many may leave at once without somebody having counted them."""
        return max(FEW_LEAVERS, self.accounts // PART_OF_LEAVERS)

    @property
    def rotate(self) -> tuple[str, ...]:
        """Tenants whose database passwords change, ordered."""
        of_leavers = {tenant for leave in self.leaves for tenant in leave.rotate}
        return tuple(sorted(of_leavers | {tenant for move in self.moves for tenant in move.rotate}))


def changes(
    known: Sequence[people.Person],
    accounts: Sequence[Account],
    *,
    offered: Collection[str],
    everyone: Sequence[tenants.Tenant],
    today: datetime.date,
) -> Changes:
    """What makes `accounts` what `people.yaml` says on `today` (UTC).

    `offered`: names of the groups that there are; `everyone`: the tenants of this side. A person on both sides of the
    air gap has an account on each, with the groups that the side knows.
    """
    there = {account.person: account for account in accounts}
    wanted = {one.person: one for one in _wanted(known, frozenset(offered), today)}
    found: dict[type, list[Change]] = {Leave: [], Move: [], Return: [], Join: []}
    for account in sorted(accounts, key=lambda one: one.person):
        change: Change | None
        if account.person not in wanted:
            change = _left(account, _reason(account.person, known, today), everyone)
        elif account.is_ours or account.origin is Origin.DIRECTORY:
            change = _kept(account, wanted[account.person], everyone)
        else:
            change = None
        if change is not None:
            found[type(change)].append(change)
    joins = (
        Join(person=one.person, name=one.name, groups=tuple(sorted(one.groups)))
        for person, one in sorted(wanted.items())
        if person not in there and person != BREAK_GLASS and not person.startswith((SERVICE, people.PROBE))
    )
    return Changes(
        leaves=tuple(one for one in found[Leave] if isinstance(one, Leave)),
        moves=tuple(one for one in found[Move] if isinstance(one, Move)),
        returns=tuple(one for one in found[Return] if isinstance(one, Return)),
        joins=tuple(joins),
        missing=_missing(known, offered, today),
        accounts=sum(account.enabled and account.is_ours for account in accounts),
    )


def refuse_mass_leave(found: Changes, counted: int | None) -> None:
    """Raise `errors.UsageError` where many would leave at once and `counted` (`--leavers`) is not exactly so many.

    An empty or half-written `people.yaml` would otherwise lock a government out.
    """
    if counted is not None and counted != found.leavers:
        raise errors.UsageError(
            f"--leavers {counted} was given, and {found.leavers} people would leave",
            remedy="look at `govcloud people sync --plan`, and name exactly that number if all of them are to leave",
        )
    if counted is None and found.leavers > found.most_leavers:
        raise errors.UsageError(
            f"{found.leavers} of {found.accounts} accounts would be disabled at once",
            where="people.yaml",
            cause=f"more than {found.most_leavers} at once are rather a mistake in the file than leavers",
            remedy=f"look at `govcloud people sync --plan`; if all are to leave: --leavers {found.leavers}",
        )


def readable(everyone: Iterable[tenants.Tenant], groups: Collection[str]) -> tuple[str, ...]:
    """Tenants with a database whose password a member of `groups` can read: as owner or maintainer; ordered."""
    return tuple(
        sorted(
            tenant.metadata.id
            for tenant in everyone
            if any(environment.databases for environment in tenant.spec.environments)
            and any(member.role in _READERS and member.group in groups for member in tenant.spec.members)
        )
    )


def groups_of(person: people.Person) -> frozenset[str]:
    """Every group that `people.yaml` puts a person into."""
    own = {f"{ORGANISATION}{person.organisation}"} if person.organisation else set()
    return frozenset({*own, *person.groups, *({DUTIES[person.duty]} if person.duty else ())})


def shown_name(display_name: str) -> str:
    """A display name as Keycloak takes it: characters that it refuses in names become `·`."""
    return _PROHIBITED.sub("·", display_name).strip()


def has_left(person: people.Person, today: datetime.date) -> bool:
    """Whether the person's last day is over."""
    return person.leaves_on is not None and person.leaves_on < today


def _wanted(known: Iterable[people.Person], offered: frozenset[str], today: datetime.date) -> Iterator[Wanted]:
    for person in known:
        if person.organisation is not None and not has_left(person, today):
            yield Wanted(person=person.id, name=shown_name(person.display_name), groups=groups_of(person) & offered)


def _kept(account: Account, wanted: Wanted, everyone: Sequence[tenants.Tenant]) -> Move | Return | None:
    added, removed = wanted.groups - account.groups, account.groups - wanted.groups
    if not account.enabled:
        return Return(
            person=account.person,
            account=account.id,
            name=wanted.name,
            added=tuple(sorted(added)),
            removed=tuple(sorted(removed)),
        )
    directory = account.origin is Origin.DIRECTORY
    renamed = None if account.name == wanted.name or directory else wanted.name
    if not (added or removed or renamed):
        return None
    before, after = readable(everyone, account.groups), readable(everyone, wanted.groups)
    return Move(
        person=account.person,
        account=account.id,
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        name=renamed,
        rotate=tuple(tenant for tenant in before if tenant not in after),
        adopted=account.organisation is None and any(name.startswith(ORGANISATION) for name in added) and not directory,
        conflict=account.duties if len(account.duties) > 1 else (),
    )


def _left(account: Account, reason: str, everyone: Sequence[tenants.Tenant]) -> Leave | None:
    groups = tuple(sorted(name for name in account.groups if not name.startswith(ORGANISATION)))
    if not account.is_ours or not (account.enabled or groups):
        return None
    return Leave(
        person=account.person,
        account=account.id,
        reason=reason,
        groups=groups,
        rotate=readable(everyone, account.groups),
        was_enabled=account.enabled,
    )


def _reason(person: str, known: Iterable[people.Person], today: datetime.date) -> str:
    found = next((one for one in known if one.id == person), None)
    if found is None:
        return "not in people.yaml"
    if found.leaves_on is not None and has_left(found, today):
        return f"last day was {found.leaves_on:%Y-%m-%d}"
    return "without an organisation in people.yaml"


def _missing(
    known: Iterable[people.Person], offered: Collection[str], today: datetime.date
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for person in known:
        if person.organisation is not None and not has_left(person, today):
            for name in sorted(groups_of(person) - frozenset(offered)):
                found.setdefault(name, []).append(person.id)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}
