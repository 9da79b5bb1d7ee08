"""One whole environment: the platform and its tenants, already checked."""

from __future__ import annotations

import dataclasses

from govcloud_cli.model import freezes, people, platforms, tenants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inventory:
    """What `inventories/<env>/` says, read and checked as a whole."""

    environment: str
    """Name of the inventory folder, e.g. `lab`."""
    platform: platforms.Platform
    tenants: tuple[tenants.Tenant, ...]
    """Ordered by id."""
    people: tuple[people.Person, ...] = ()
    """Of `people.yaml`, ordered by id."""
    freezes: tuple[freezes.Freeze, ...] = ()
    """Ordered by tenant."""

    def zone(self, identifier: str) -> platforms.Zone:
        """The zone of that id; the reader guarantees that every reference resolves."""
        return next(zone for zone in self.platform.spec.zones if zone.id == identifier)

    def machine(self, identifier: str) -> platforms.Machine:
        """The machine of that id."""
        return next(machine for machine in self.platform.spec.machines if machine.id == identifier)

    def side_of(self, machine: platforms.Machine) -> platforms.Side:
        """The side of the air gap a machine stands on."""
        return self.zone(machine.interfaces[0].zone).side

    @property
    def sides(self) -> tuple[platforms.Side, ...]:
        """The sides that have at least one zone, in a fixed order."""
        present = {zone.side for zone in self.platform.spec.zones}
        return tuple(side for side in platforms.Side if side in present)

    @property
    def needs_approval(self) -> bool:
        """Whether changes need a person's signed decision: where somebody is named who may give it."""
        return any(person.approves for person in self.people)
