"""Reads a realm's accounts and the groups that they are in."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.governance import people_changes
from govcloud_cli.model import people
from govcloud_cli.plan import identity_places
from govcloud_cli.providers.keycloak import session

ADMIN = f"/admin/realms/{identity_places.REALM}"
AT_ONCE = 8
"""Requests at a time: a Keycloak of two processors is busy with them."""
_PAGE = 500


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """A group of the realm."""

    id: str
    name: str
    path: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Directory:
    """What the realm has."""

    groups: Mapping[str, tuple[Group, ...]]
    """By name. Tokens carry names, so a second group of a name, wherever in the tree, counts as the first."""
    accounts: tuple[people_changes.Account, ...]
    """Ordered by person."""

    def account(self, person: str) -> people_changes.Account | None:
        """The account of a person."""
        return next((account for account in self.accounts if account.person == person), None)


def read(api: session.Api) -> Directory:
    """Every account with its groups. Raises `errors.GovcloudError`.

    Keycloak lists clients' own accounts nowhere but among the members of a group.
    """
    with concurrent.futures.ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        groups = _groups(api, pool)
        members = pool.map(lambda group: _members(api, group), groups)
        names: dict[str, set[str]] = {}
        unlisted: set[str] = set()
        for group, those in zip(groups, members, strict=True):
            for one in those:
                names.setdefault(one["id"], set()).add(group.name)
                unlisted.add(one["id"])
    found = []
    for one in _pages(api, f"{ADMIN}/users", _BRIEF):
        unlisted.discard(one["id"])
        found.append(_account(one, names.get(one["id"], ()), _origin(one)))
    for identifier in unlisted:
        one = api.find(f"{ADMIN}/users/{session.quoted(identifier)}")
        if one is None:
            # Removed between the two questions, as probes are.
            continue
        # Else a person whom a shift of the pages hid: that must make nobody a leaver.
        is_clients = one["username"].startswith(people.SERVICE_ACCOUNT)
        found.append(_account(one, names[identifier], people_changes.Origin.SERVICE if is_clients else _origin(one)))
    by_name: dict[str, list[Group]] = {}
    for group in sorted(groups, key=lambda one: (one.path.count("/"), one.path)):
        by_name.setdefault(group.name, []).append(group)
    return Directory(
        groups={name: tuple(those) for name, those in by_name.items()},
        accounts=tuple(sorted(found, key=lambda one: one.person)),
    )


def credentials(api: session.Api, account: str) -> list[Any]:
    """What an account can log in with: `id`, `type`, `createdDate` (milliseconds); never a secret."""
    found: list[Any] = api.get(f"{ADMIN}/users/{session.quoted(account)}/credentials")
    return found


_BRIEF: Mapping[str, str] = {"briefRepresentation": "true"}


def _groups(api: session.Api, pool: concurrent.futures.Executor) -> list[Group]:
    """The whole tree, level by level: Keycloak lists the children of one group at a time."""
    found: list[Group] = []
    level = list(_pages(api, f"{ADMIN}/groups", _BRIEF))
    while level:
        found += [Group(id=one["id"], name=one["name"], path=one["path"]) for one in level]
        parents = [one["id"] for one in level if one.get("subGroupCount", 0)]
        lists = pool.map(lambda parent: list(_pages(api, f"{ADMIN}/groups/{parent}/children", _BRIEF)), parents)
        level = [child for children in lists for child in children]
    return found


def _members(api: session.Api, group: Group) -> list[Any]:
    return list(_pages(api, f"{ADMIN}/groups/{session.quoted(group.id)}/members", _BRIEF))


def _pages(api: session.Api, path: str, query: Mapping[str, str]) -> Iterator[Any]:
    first = 0
    while True:
        page = api.get(path, query={**query, "first": str(first), "max": str(_PAGE)})
        yield from page
        first += len(page)
        if len(page) < _PAGE:
            return


def _account(found: Mapping[str, Any], groups: Iterable[str], origin: people_changes.Origin) -> people_changes.Account:
    return people_changes.Account(
        id=found["id"],
        person=found["username"],
        name=" ".join(filter(None, (found.get("firstName"), found.get("lastName")))),
        enabled=found["enabled"],
        has_code=bool(found.get("totp")),
        groups=frozenset(groups),
        origin=origin,
    )


def _origin(found: Mapping[str, Any]) -> people_changes.Origin:
    # Not by the name: anybody who may make accounts may make one that is called like a client's.
    if found.get("serviceAccountClientId"):
        return people_changes.Origin.SERVICE
    return people_changes.Origin.DIRECTORY if found.get("federationLink") else people_changes.Origin.OWN
