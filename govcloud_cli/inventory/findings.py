"""What a cross-check says: where in which document, and what is wrong. Places in files are added by `loading`."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from typing import TypeVar

from govcloud_cli.model import freezes, people, platforms, tenants

Document = platforms.Platform | tenants.Tenant | people.People | freezes.Freeze
Where = tuple[str | int, ...]

# `World` has fields of these modules' names.
_Person = people.Person
_Tenant = tenants.Tenant

_Entry = TypeVar("_Entry", platforms.Zone, platforms.Machine)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong between fields that are each right by themselves."""

    code: str
    document: Document
    where: Where
    """Path of the field, as the file spells it."""
    message: str
    found: str = ""
    allowed: str = ""
    remedy: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """All that the checks may look at."""

    platform: platforms.Platform
    tenants: tuple[tenants.Tenant, ...]
    people: people.People | None = None
    freezes: tuple[freezes.Freeze, ...] = ()
    unread: frozenset[str] = frozenset()
    """Ids of tenants whose files have faults of their own: a reference to one of them is not judged."""
    people_unread: bool = False
    """Whether `people.yaml` has faults of its own: then nobody is said to be missing."""

    @functools.cached_property
    def zones(self) -> dict[str, platforms.Zone]:
        """Zones by id; of two with the same id the first."""
        return _first_of_each_id(self.platform.spec.zones)

    @functools.cached_property
    def machines(self) -> dict[str, platforms.Machine]:
        """Machines by id; of two with the same id the first."""
        return _first_of_each_id(self.platform.spec.machines)

    @functools.cached_property
    def tenants_by_id(self) -> dict[str, _Tenant]:
        """Tenants whose files could be made sense of."""
        return {tenant.metadata.id: tenant for tenant in self.tenants}

    @property
    def persons(self) -> tuple[_Person, ...]:
        """Everybody of `people.yaml`."""
        return self.people.spec.people if self.people is not None else ()

    @property
    def embedded(self) -> bool:
        """True where the lab makes the machines."""
        return self.platform.spec.substrate == "embedded"

    def serving(self, service: platforms.Service) -> tuple[tuple[int, platforms.Machine], ...]:
        """The machines with a service, each after its index."""
        machines = enumerate(self.platform.spec.machines)
        return tuple((index, machine) for index, machine in machines if service in machine.services)

    def zones_of(self, machine: platforms.Machine) -> tuple[platforms.Zone, ...]:
        """The zones a machine stands in, as far as they exist."""
        zones = self.zones
        return tuple(zones[interface.zone] for interface in machine.interfaces if interface.zone in zones)

    def sides_of(self, end: platforms.FlowEnd) -> frozenset[platforms.Side]:
        """The sides of the air gap that a flow's end touches; empty if it does not resolve."""
        if end.zone is not None:
            return frozenset({self.zones[end.zone].side}) if end.zone in self.zones else frozenset()
        if end.vpn is not None:
            # A gateway is on the external side or nowhere.
            return frozenset({platforms.Side.EXTERNAL})
        machine = self.machines.get(str(end.machine))
        return frozenset(zone.side for zone in self.zones_of(machine)) if machine else frozenset()


def _first_of_each_id(entries: Iterable[_Entry]) -> dict[str, _Entry]:
    first: dict[str, _Entry] = {}
    for entry in entries:
        first.setdefault(entry.id, entry)
    return first
