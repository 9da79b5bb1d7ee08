"""The tenant that a verb is about: its argument, its completion, and what a mistyped id probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from govcloud_cli import errors
from govcloud_cli.commands import options

if TYPE_CHECKING:
    import pathlib

    from govcloud_cli.model import inventory, tenants

argument = options.tenant


def load(environment: str) -> tuple[pathlib.Path, inventory.Inventory]:
    """An environment's inventory and its folder."""
    from govcloud_cli.inventory import loading

    folder = options.find_inventory(environment)
    return folder, loading.load(folder)


def find(spec: inventory.Inventory, identifier: str) -> tenants.Tenant:
    """The tenant of that id. Raises `errors.UsageError`, naming the nearest, if there is none."""
    known = {tenant.metadata.id: tenant for tenant in spec.tenants}
    if identifier in known:
        return known[identifier]
    raise errors.UsageError(
        f"environment {spec.environment} has no tenant '{identifier}'",
        remedy=nearest(identifier, known) or "`govcloud tenant list` names them all",
    )


def nearest(word: str, known: Any) -> str:
    """A remedy that names what was probably meant; empty if nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean '{near[0]}'?" if near else ""


def camel(name: str) -> str:
    """A field's name as JSON documents have it: `memory_gi` is `memoryGi`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
