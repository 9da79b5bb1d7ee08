"""Options that verbs share, and where an environment's inventory is."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from govcloud_cli import errors

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., object])
DEFAULT_ENVIRONMENT = "lab"
_FORM = re.compile(r"[a-z][a-z0-9-]*\Z")
_PERSON = re.compile(r"^\s*-\s*(?:\{\s*)?id:\s*[\"']?([a-z][a-z0-9._-]*)[\"']?\s*(?:[,#}].*)?$", re.MULTILINE)


def environment(function: F) -> F:
    """`--env NAME|PATH`, given to the verb as `environment: str`; resolve it with `find_inventory`."""
    return click.option(
        "--env",
        "environment",
        metavar="NAME|PATH",
        default=DEFAULT_ENVIRONMENT,
        show_default=True,
        envvar="GOVCLOUD_ENV",
        help="Environment: a folder of inventories/, or the path of one.",
        shell_complete=_complete_environment,
    )(function)


def tenant(function: F) -> F:
    """`TENANT`, given to the verb as `tenant: str`."""
    return click.argument("tenant", metavar="TENANT", shell_complete=complete_tenant)(function)


def complete_tenant(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    """Ids of the environment's tenants, by their files' names: completion must not wait for a whole inventory."""
    try:
        folder = find_inventory(context.params.get("environment") or DEFAULT_ENVIRONMENT)
    except errors.GovcloudError:
        return []
    # A shell puts what it is given on its command line as it is, and a file may be called `$(…).yaml`.
    names = (path.stem for path in (folder / "tenants").glob("*.yaml") if _FORM.match(path.stem))
    return sorted(name for name in names if name.startswith(incomplete))


def complete_person(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    """Ids of people.yaml, read line by line: completion must not wait for a whole inventory."""
    try:
        text = (find_inventory(context.params.get("environment") or DEFAULT_ENVIRONMENT) / "people.yaml").read_text(
            "utf-8"
        )
    except (errors.GovcloudError, OSError, UnicodeDecodeError):
        return []
    return sorted(name for name in set(_PERSON.findall(text)) if name.startswith(incomplete))


def _complete_environment(
    context: click.Context,  # noqa: ARG001 - click's
    parameter: click.Parameter,  # noqa: ARG001 - as above
    incomplete: str,
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    if os.sep in incomplete or incomplete.startswith("."):
        return [CompletionItem(incomplete, type="dir")]
    known = {name for place in _places(None) for name in _environments(place) if _FORM.match(name)}
    return [CompletionItem(name) for name in sorted(known) if name.startswith(incomplete)]


def flag(environment: str) -> str:
    """` --env NAME` for a command that we propose, so that it is not run on another environment; empty for `lab`."""
    return "" if environment == DEFAULT_ENVIRONMENT else f" --env {shlex.quote(environment)}"


def as_json(function: F) -> F:
    """`--json`, given to the verb as `as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(function)


def find_inventory(environment: str, *, working: Path | None = None) -> Path:
    """The folder of an environment's inventory.

    A path (anything with a separator, or `.`) is taken as it is; a name is looked up in `inventories/` of the
    current folder, then in GovCloud's own. Raises `UsageError` if there is none.
    """
    if os.sep in environment or environment in {".", ".."}:
        if (Path(environment)).is_dir():
            return Path(environment)
        raise errors.UsageError(f"there is no folder {environment}", remedy="name an inventory folder with --env")
    known: list[str] = []
    for place in _places(working):
        if environment and (place / environment).is_dir():
            return place / environment
        known.extend(_environments(place))
    raise _unknown(environment, sorted(set(known)))


def _places(working: Path | None) -> tuple[Path, ...]:
    from govcloud_cli import resources

    # Relative to the current folder, so that messages name files as the user would.
    return (Path("inventories") if working is None else working / "inventories", resources.folder("inventories"))


def _environments(place: Path) -> list[str]:
    return [path.parent.name for path in place.glob("*/platform.yaml")]


def _unknown(environment: str, known: list[str]) -> errors.UsageError:
    import difflib

    near = difflib.get_close_matches(environment, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(known)}, or give a path"
    return errors.UsageError(f"there is no environment '{environment}'", remedy=hint)


def side(function: F) -> F:
    """`--side internal|external`, given to the verb as `side: str | None`."""
    return click.option(
        "--side",
        type=click.Choice(["internal", "external"]),
        help="Only one side of the air gap; in production nobody reaches both.",
    )(function)
