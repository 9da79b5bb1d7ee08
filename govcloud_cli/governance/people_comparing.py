"""Compares the people who are wanted with the accounts that are there: who joins, moves, leaves and returns.

Pure: `run.people` reads the accounts, and does what `people_changes.Changes` says.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from govcloud_cli.governance import people_changes
from govcloud_cli.model import people, tenants

_Kind = TypeVar("_Kind")

_READERS = frozenset({tenants.Role.OWNER, tenants.Role.MAINTAINER})
"""Members who can read the Secrets of a tenant's namespaces, so its passwords and its applications' secrets."""
_PROHIBITED = re.compile(r"[<>&\"$%!#?§;*~/\\|^=\[\]{}()\x00-\x1f\x7f-\x9f]")
"""What Keycloak takes in no name (`person-name-prohibited-characters` of its user profile)."""


def changes(
    known: Sequence[people.Person],
    accounts: Sequence[people_changes.Account],
    *,
    offered: Collection[str],
    everyone: Sequence[tenants.Tenant],
    applied: Sequence[tenants.Tenant] = (),
    today: datetime.date,
) -> people_changes.Changes:
    """What makes `accounts` what `people.yaml` says on `today` (UTC).

    `offered`: names of the groups that there are; `everyone`: the tenants of this side, `applied`: as they were last
    applied, for that is what members can read until the next deploy. A person on both sides of the air gap has an
    account on each, with the groups that the side knows.
    """
    before = (*applied, *everyone)
    there = {account.person: account for account in accounts}
    wanted = {
        one.person: one for one in _wanted(known, frozenset(offered), today) if not people.is_reserved(one.person)
    }
    ordered = sorted(accounts, key=lambda one: one.person)
    found = [_changed(one, wanted, known, before=before, after=everyone, today=today) for one in ordered]
    joins = (
        people_changes.Join(person=one.person, name=one.name, groups=tuple(sorted(one.groups)))
        for person, one in sorted(wanted.items())
        if person not in there
    )
    return people_changes.Changes(
        leaves=_of_kind(found, people_changes.Leave),
        moves=_of_kind(found, people_changes.Move),
        returns=_of_kind(found, people_changes.Return),
        joins=tuple(joins),
        missing=_missing(known, offered, today),
        accounts=sum(account.enabled and account.is_ours for account in accounts),
    )


def readable(everyone: Iterable[tenants.Tenant], groups: Collection[str]) -> tuple[str, ...]:
    """Tenants with a secret that a member of `groups` can read, as owner or maintainer; ordered.

    Secrets are database passwords and what applications prove themselves with at log-in.
    """
    return tuple(
        sorted({one.metadata.id for one in everyone if has_secrets(one) and not _readers(one).isdisjoint(groups)})
    )


def withdrawn(applied: Iterable[tenants.Tenant], everyone: Iterable[tenants.Tenant]) -> tuple[str, ...]:
    """Tenants whose file takes a group that it had `applied` away from those who read its secrets; ordered.

    Nobody of that group need change office or account for it, yet every member knows what he could read.
    """
    wanted = {one.metadata.id: one for one in everyone}
    return tuple(
        sorted(
            one.metadata.id
            for one in applied
            if one.metadata.id in wanted
            and has_secrets(one)
            and has_secrets(wanted[one.metadata.id])
            and _readers(one) - _readers(wanted[one.metadata.id])
        )
    )


def has_secrets(tenant: tenants.Tenant) -> bool:
    """Whether a tenant's namespaces hold a secret that can be given another generation (`plan.rotations`)."""
    return bool(tenant.spec.applications) or any(one.databases for one in tenant.spec.environments)


def groups_of(person: people.Person) -> frozenset[str]:
    """Every group that `people.yaml` puts a person into."""
    own = {people.organisation_group(person.organisation)} if person.organisation else set()
    return frozenset({*own, *person.groups, *({people.DUTY_GROUPS[person.duty]} if person.duty else ())})


def shown_name(display_name: str) -> str:
    """A display name as Keycloak takes it: characters that it refuses in names become `·`."""
    return _PROHIBITED.sub("·", display_name).strip()


def _readers(tenant: tenants.Tenant) -> frozenset[str]:
    return frozenset(member.group for member in tenant.spec.members if member.role in _READERS)


def _wanted(
    known: Iterable[people.Person], offered: frozenset[str], today: datetime.date
) -> Iterator[people_changes.Wanted]:
    for person in known:
        if person.organisation is not None and not person.has_left(today):
            yield people_changes.Wanted(
                person=person.id, name=shown_name(person.display_name), groups=groups_of(person) & offered
            )


def _of_kind(found: Iterable[object], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(one for one in found if isinstance(one, kind))


def _changed(
    account: people_changes.Account,
    wanted: Mapping[str, people_changes.Wanted],
    known: Sequence[people.Person],
    *,
    before: Sequence[tenants.Tenant],
    after: Sequence[tenants.Tenant],
    today: datetime.date,
) -> people_changes.Change | None:
    if account.person not in wanted:
        return _left(account, _reason(account.person, known, today), before)
    if account.is_ours or account.origin is people_changes.Origin.DIRECTORY:
        return _kept(account, wanted[account.person], before=before, after=after)
    return None


def _kept(
    account: people_changes.Account,
    wanted: people_changes.Wanted,
    *,
    before: Sequence[tenants.Tenant],
    after: Sequence[tenants.Tenant],
) -> people_changes.Move | people_changes.Return | None:
    added, removed = wanted.groups - account.groups, account.groups - wanted.groups
    if not account.enabled:
        return people_changes.Return(
            person=account.person,
            account=account.id,
            name=wanted.name,
            added=tuple(sorted(added)),
            removed=tuple(sorted(removed)),
        )
    directory = account.origin is people_changes.Origin.DIRECTORY
    renamed = None if account.name == wanted.name or directory else wanted.name
    if not (added or removed or renamed):
        return None
    still = readable(after, wanted.groups)
    return people_changes.Move(
        person=account.person,
        account=account.id,
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        name=renamed,
        rotate=tuple(tenant for tenant in readable(before, account.groups) if tenant not in still),
        adopted=account.organisation is None
        and any(name.startswith(people.ORGANISATION) for name in added)
        and not directory,
        conflict=account.duties if len(account.duties) > 1 else (),
    )


def _left(
    account: people_changes.Account, reason: str, before: Sequence[tenants.Tenant]
) -> people_changes.Leave | None:
    groups = tuple(sorted(name for name in account.groups if not name.startswith(people.ORGANISATION)))
    if not account.is_ours or not (account.enabled or groups):
        return None
    return people_changes.Leave(
        person=account.person,
        account=account.id,
        reason=reason,
        groups=groups,
        rotate=readable(before, account.groups),
        was_enabled=account.enabled,
    )


def _reason(person: str, known: Iterable[people.Person], today: datetime.date) -> str:
    if people.is_reserved(person):
        return "a name of the platform itself, which has no such account here"
    found = next((one for one in known if one.id == person), None)
    if found is None:
        return "not in people.yaml"
    if found.leaves_on is not None and found.has_left(today):
        return f"last day was {found.leaves_on:%Y-%m-%d}"
    return "without an organisation in people.yaml"


def _missing(
    known: Iterable[people.Person], offered: Collection[str], today: datetime.date
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for person in known:
        if person.organisation is not None and not person.has_left(today):
            for name in sorted(groups_of(person) - frozenset(offered)):
                found.setdefault(name, []).append(person.id)
    return {name: tuple(sorted(found[name])) for name in sorted(found)}
