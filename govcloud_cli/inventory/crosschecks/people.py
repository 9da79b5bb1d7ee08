"""People: each known for himself, able to sign, and somebody to decide for every budget."""

from __future__ import annotations

from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import people


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
