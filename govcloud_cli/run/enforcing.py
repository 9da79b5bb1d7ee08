"""What the clusters enforce by themselves, which a plan of an environment brings there; and where an inventory is."""

from __future__ import annotations

import datetime
import pathlib

from govcloud_cli import resources
from govcloud_cli.model import inventory
from govcloud_cli.plan import namespaces
from govcloud_cli.run import workspace
from govcloud_cli.run.policing import books


def guards(
    spec: inventory.Inventory, space: workspace.Workspace, *, today: datetime.date
) -> tuple[namespaces.Manifest, ...]:
    """What the environment's clusters enforce: an admission policy and its binding for every rule they can.

    By the environment's profile, with the waivers that are in force on `today` (UTC); the same on both sides.
    Raises `errors.InventoryError` for policies with faults.
    """
    from govcloud_cli.compliance import enforcement

    book = books.of(inventory_folder(space))
    return enforcement.guards(book.rulebook, spec.platform.spec.policies, today=today)


def inventory_folder(space: workspace.Workspace) -> pathlib.Path:
    """Where the inventory of a workspace is, as `workspace.locate` found it."""
    place = space.path
    if place.parent.name == ".govcloud":
        return place.parent.parent / "inventories" / place.name
    return resources.folder("inventories") / place.name
