"""Database servers: the shared one of a side, and those that are one tenant's alone. Neither holds the other's."""

from __future__ import annotations

import dataclasses

from govcloud_cli import errors
from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms
from govcloud_cli.plan import administration


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A server, and where a zone's tenants reach it."""

    machine: platforms.Machine
    interface: platforms.Interface


def machines(inventory: inventories.Inventory, side: platforms.Side) -> tuple[platforms.Machine, ...]:
    """Every database machine of one side: the shared one first, the others in the inventory's order."""
    standing = [
        machine
        for machine in inventory.platform.spec.machines
        if platforms.Service.DATABASE in machine.services and inventory.side_of(machine) is side
    ]
    return tuple(sorted(standing, key=lambda machine: machine.dedicated_to is not None))


def server(inventory: inventories.Inventory, zone: platforms.Zone, *, dedicated_to: str | None = None) -> Server:
    """Where tenants of `zone` reach their databases: in their zone if the server stands there, else where it does.

    `dedicated_to` is the tenant for whose own server it is asked; without, it is the shared one. Raises
    `errors.GovcloudError` if their side of the air gap has no such server.
    """
    for machine in machines(inventory, zone.side):
        if machine.dedicated_to == dedicated_to:
            near = (interface for interface in machine.interfaces if interface.zone == zone.id)
            return Server(machine=machine, interface=next(near, machine.interfaces[0]))
    whose = "" if dedicated_to is None else f", dedicated to '{dedicated_to}'"
    raise errors.GovcloudError(
        f"no machine on the {zone.side.value} side has the service `database`{whose}",
        where=f"zone {zone.id}",
        remedy="give one machine of that side the service, or remove the databases of its tenants",
    )


def management(machine: platforms.Machine) -> str:
    """The address at which the platform administers a server; must be among its certificate's names."""
    return administration.reached_at(machine)


def certificate(machine: platforms.Machine) -> str:
    """What a server's certificate is called, without `.crt`. Each has a key of its own, so none can pose as another."""
    return "database" if machine.dedicated_to is None else f"database-server-{machine.id}"
