"""What stands in the way of a decommission, and what is left after one: decided from readings alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.model import people, tenants
from govcloud_cli.plan import belongings

_FINISHED = frozenset({"Succeeded", "Failed"})
_SHOWN = 5
_STRUCTURED = frozenset({"pods", "databases", "sessions"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod in one of the tenant's namespaces."""

    name: str
    """`<namespace>/<name>`."""
    phase: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Database:
    """A database on a server."""

    name: str
    machine: str
    """The machine that the server is on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """A session of a database server."""

    database: str
    role: str
    state: str
    """As `pg_stat_activity` has it; the pooler keeps sessions `idle` for a while that nobody uses."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """What a tenant really has, on all of its side."""

    namespaces: tuple[str, ...] = ()
    """Those that bear the tenant's labels, and those of its names."""
    strange: tuple[str, ...] = ()
    """Namespaces of its names without its labels: of somebody else, perhaps."""
    pods: tuple[Pod, ...] = ()
    claims: tuple[str, ...] = ()
    """PersistentVolumeClaims, `<namespace>/<name>`."""
    volumes: tuple[str, ...] = ()
    """PersistentVolumes that belong to a claim of the tenant's namespaces."""
    secrets: tuple[str, ...] = ()
    """Secrets of its label outside its namespaces, `<namespace>/<name>`."""
    databases: tuple[Database, ...] = ()
    roles: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()
    clients: tuple[str, ...] = ()
    """Clients of the pooler, `<role> in <database>`: whoever is connected has one, whether it does anything or not."""
    unreadable: tuple[str, ...] = ()
    """What could not be read, and why: nothing may be concluded from the rest then."""

    def __add__(self, other: Reading) -> Reading:
        """Both readings together."""
        names = [field.name for field in dataclasses.fields(self)]
        return Reading(**{name: getattr(self, name) + getattr(other, name) for name in names})


def from_json(document: Mapping[str, Any]) -> Reading:
    """A reading as `remains` writes it."""
    plain = {name: tuple(value) for name, value in document.items() if name not in _STRUCTURED}
    return Reading(
        **plain,
        pods=tuple(Pod(**one) for one in document.get("pods", ())),
        databases=tuple(Database(**one) for one in document.get("databases", ())),
        sessions=tuple(Session(**one) for one in document.get("sessions", ())),
    )


def obstacles(reading: Reading, consumers: Iterable[str], members: Iterable[str]) -> tuple[str, ...]:
    """Every reason against removing the tenant now; none: it may go.

    `consumers`: the tenants whose files name it as a peer; `members`: the people whose groups nobody else names.
    """
    return tuple(_obstacles(reading, consumers, members))


def _obstacles(reading: Reading, consumers: Iterable[str], members: Iterable[str]) -> Iterator[str]:
    yield from (f"cannot be read: {what}" for what in reading.unreadable)
    running = [f"{pod.name} ({pod.phase})" for pod in reading.pods if pod.phase not in _FINISHED]
    yield from _told("pods that have not ended", running, "delete what runs them")
    yield from _told("volume claims", reading.claims, "copy what is needed, then delete them")
    yield from _told("volumes", reading.volumes, "reclaim them")
    yield from _told("connected database clients", reading.clients, "stop them, or freeze the tenant and deploy")
    busy = [f"{one.role} in {one.database} ({one.state})" for one in reading.sessions if one.state != "idle"]
    yield from _told("database sessions at work", busy, "wait for their end")
    yield from _told("tenants that list it as a peer", sorted(set(consumers)), "have them remove it from network.allow")
    yield from _told("people in its groups", members, "take these groups out of people.yaml")
    yield from _told("namespaces of its name that lack its labels", reading.strange, "see whose they are")


def orphans(reading: Reading) -> tuple[str, ...]:
    """Everything that is still there after a decommission, by kind and name."""
    return (
        *(f"Namespace {name}" for name in (*reading.namespaces, *reading.strange)),
        *(f"Secret {name}" for name in reading.secrets),
        *(f"PersistentVolume {name}" for name in reading.volumes),
        *(f"database {one.name} on {one.machine}" for one in reading.databases),
        *(f"role {name}" for name in reading.roles),
        *(f"(cannot be read: {what})" for what in reading.unreadable),
    )


def consumers(tenant: str, everyone: Iterable[tenants.Tenant]) -> tuple[str, ...]:
    """The other tenants whose files name `tenant` as a peer, ordered."""
    return tuple(
        sorted(
            other.metadata.id
            for other in everyone
            if other.metadata.id != tenant
            and any(allowance.peer.tenant == tenant for allowance in other.spec.network.allow)
        )
    )


def members(tenant: str, everyone: Iterable[tenants.Tenant], known: Iterable[people.Person]) -> tuple[str, ...]:
    """People of `known` in groups that only `tenant` names, ordered: without it their groups are refused (GC1809)."""
    own: set[str] = set()
    others: set[str] = set()
    for one in everyone:
        (own if one.metadata.id == tenant else others).update(member.group for member in one.spec.members)
    return tuple(sorted(person.id for person in known if (own - others) & set(person.groups)))


def clients_of(tenant: str, rows: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """The pooler's clients in the tenant's databases, of all of them (`{database, user}`)."""
    return tuple(
        sorted(
            f"{row['user']} in {row['database']}" for row in rows if belongings.is_database_of(tenant, row["database"])
        )
    )


def _told(what: str, found: Iterable[str], remedy: str) -> Iterator[str]:
    names = list(found)
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield f"{len(names)} {what}: {', '.join(names[:_SHOWN])}{more}: {remedy}"
