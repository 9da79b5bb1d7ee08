"""The tenant that a verb is about: its argument, its completion, and what a mistyped id probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from govcloud_cli import errors
from govcloud_cli.commands import options

if TYPE_CHECKING:
    import pathlib

    from govcloud_cli.model import inventory, tenants

F = TypeVar("F", bound=Callable[..., object])
_FORM = re.compile(r"[a-z][a-z0-9-]*\Z")


def argument(function: F) -> F:
    """`TENANT`, given to the verb as `tenant: str`."""
    return click.argument("tenant", metavar="TENANT", shell_complete=_complete)(function)


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


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    """Ids of the environment's tenants, by their files' names: completion must not wait for a whole inventory."""
    environment = context.params.get("environment") or options.DEFAULT_ENVIRONMENT
    try:
        folder = options.find_inventory(environment)
    except errors.GovcloudError:
        return []
    # A shell puts what it is given on its command line as it is, and a file may be called `$(…).yaml`.
    names = (path.stem for path in (folder / "tenants").glob("*.yaml") if _FORM.match(path.stem))
    return sorted(name for name in names if name.startswith(incomplete))
