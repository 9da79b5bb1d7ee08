"""People: each known for himself, able to sign, and somebody to decide for every budget."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import people, tenants

_SHORTEST = 3
"""Characters of a user name, as Keycloak's user profile has it."""
_NEAR = 0.85
"""How like a group must be that was meant: the second half is the same in most groups."""


def accounts_and_keys_are_one_persons(world: findings.World) -> Iterator[findings.Finding]:
    """An account or key that two persons share would let each act as the other."""
    if world.people is None:
        return
    first: dict[tuple[str, str], int] = {}
    for index, person in enumerate(world.people.spec.people):
        for where, kind, name in _marks(person):
            mark = (kind, name if kind == "key" else name.casefold())
            if mark in first:
                owner = world.people.spec.people[first[mark]].id
                own = first[mark] == index
                yield findings.Finding(
                    code="GC1206" if own else "GC1801",
                    document=world.people,
                    where=("spec", "people", index, *where),
                    message=f"{kind} of '{person.id}' "
                    + ("is listed twice" if own else f"is one of '{owner}' already"),
                    found=name,
                )
            first.setdefault(mark, index)


def approvers_can_sign(world: findings.World) -> Iterator[findings.Finding]:
    """Who decides has a key to sign with."""
    if world.people is None:
        return
    for index, person in enumerate(world.people.spec.people):
        if person.approves and not person.keys:
            yield findings.Finding(
                code="GC1804",
                document=world.people,
                where=("spec", "people", index, "keys"),
                message=f"'{person.id}' decides for {', '.join(person.approves)} and has no key to sign with",
                found="no keys",
            )


def accounts_have_a_place(world: findings.World) -> Iterator[findings.Finding]:
    """Groups and duties are those of an account, and only who works somewhere has one."""
    for index, person in enumerate(world.persons):
        given = "duty" if person.duty is not None else "groups"
        if world.people is not None and person.organisation is None and (person.groups or person.duty is not None):
            yield findings.Finding(
                code="GC1805",
                document=world.people,
                where=("spec", "people", index, given),
                message=f"'{person.id}' has {given} and no organisation, so no account",
                found="no organisation",
            )


def names_are_nobody_elses(world: findings.World) -> Iterator[findings.Finding]:
    """A person's id is the account's name: none of the platform's own, and one that Keycloak takes."""
    for index, person in enumerate(world.persons):
        own = people.is_reserved(person.id)
        if world.people is not None and (own or len(person.id) < _SHORTEST):
            yield findings.Finding(
                code="GC1807" if own else "GC1808",
                document=world.people,
                where=("spec", "people", index, "id"),
                message=f"'{person.id}' is a name of the platform itself"
                if own
                else f"'{person.id}' has {len(person.id)} characters, too few for an account",
                found=person.id,
            )


def groups_are_somebodys(world: findings.World) -> Iterator[findings.Finding]:
    """A group that no tenant names gives nothing: it is misspelt, or its tenant is gone."""
    if world.people is None or world.unread:
        return
    known = sorted({member.group for tenant in world.tenants for member in tenant.spec.members})
    for index, person in enumerate(world.people.spec.people):
        for place, group in enumerate(person.groups):
            if group not in known:
                near = difflib.get_close_matches(group, known, n=1, cutoff=_NEAR)
                yield findings.Finding(
                    code="GC1809",
                    document=world.people,
                    where=("spec", "people", index, "groups", place),
                    message=f"no tenant names the group '{group}' of '{person.id}'",
                    found=group,
                    remedy=f"did you mean '{near[0]}'?" if near else "",
                )


def duties_are_apart(world: findings.World) -> Iterator[findings.Finding]:
    """Of the three administrators one runs, one decides about rights, one watches; none does another's."""
    if world.people is None:
        return
    writing = {
        member.group
        for tenant in world.tenants
        for member in tenant.spec.members
        if member.role is not tenants.Role.VIEWER
    }
    answering = {name for tenant in world.tenants for name in (tenant.spec.owner, tenant.spec.technical_lead)}
    for index, person in enumerate(world.people.spec.people):
        where: findings.Where = ("spec", "people", index)
        if person.duty in (people.Duty.SYSTEM, people.Duty.AUDIT) and person.approves:
            yield _two_duties(world.people, (*where, "approves"), person, "decides for organisations")
        if person.duty is not people.Duty.AUDIT:
            continue
        for place, group in enumerate(person.groups):
            if group in writing:
                yield _two_duties(world.people, (*where, "groups", place), person, f"may write as one of {group}")
        if person.id in answering:
            yield _two_duties(world.people, (*where, "duty"), person, "answers for a tenant")


def _two_duties(document: people.People, where: findings.Where, person: people.Person, what: str) -> findings.Finding:
    return findings.Finding(
        code="GC1806",
        document=document,
        where=where,
        message=f"'{person.id}' has the duty `{person.duty}` and {what}",
        found=str(person.duty),
    )


def somebody_decides(world: findings.World) -> Iterator[findings.Finding]:
    """On hosts of one's own for the root and for every budget; elsewhere for the root, as soon as anybody decides."""
    decided = {identifier for person in world.persons for identifier in person.approves}
    if world.people_unread or (world.embedded and not decided):
        return
    if world.people is None:
        yield findings.Finding(
            code="GC1802",
            document=world.platform,
            where=("spec", "substrate"),
            message="nobody is named who decides what is deployed on these hosts",
            found="no people.yaml",
        )
        return
    entries = world.platform.spec.organisations
    root = next((entry for entry in entries if entry.parent is None), None)
    for index, entry in enumerate(entries):
        needed = entry is root or (entry.budget is not None and not world.embedded)
        if needed and entry.id not in decided:
            what = f"for the root, '{entry.id}'" if entry is root else f"for the budget of '{entry.id}'"
            yield findings.Finding(
                code="GC1803",
                document=world.platform,
                where=("spec", "organisations", index, "id"),
                message=f"nobody decides {what}",
                found=entry.id,
                remedy=f"in people.yaml add {entry.id} to somebody's `approves`",
            )


def key_data(line: str) -> str:
    """What a public key is, without the comment that anybody may change."""
    return line.split(" ")[1]


def _marks(person: people.Person) -> Iterator[tuple[findings.Where, str, str]]:
    """Everything that a person is known by: where it stands, of what kind it is, and how it reads."""
    for kind in people.Accounts.model_fields:
        for index, name in enumerate(getattr(person.accounts, kind)):
            yield ("accounts", kind, index), f"{kind} account", name
    for index, line in enumerate(person.keys):
        yield ("keys", index), "key", key_data(line)
