"""What the words of `govcloud policy` share: options, completion of ids, and what a mistyped id probably meant."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable
from typing import TypeVar

import click

from govcloud_cli import errors

F = TypeVar("F", bound=Callable[..., object])

# Spelled out, so that `--help` and completion wait for no model; a test compares them with it.
PROFILES = ("baseline", "mlps-l2", "mlps-l3", "pss-baseline", "pss-restricted")
SEVERITIES = ("critical", "high", "medium", "low")
INPUTS = ("kubernetes", "tenant", "zone", "flow", "host", "resource", "environment")
_FORM = re.compile(r"[a-z][a-z0-9-]*\Z")


def complete_rule(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 - click's
    """Ids of policies, by their folders' names: completion must not wait for any to be read."""
    return sorted(one for one in _names() if one.startswith(incomplete))


def _names() -> set[str]:
    from govcloud_cli import resources

    places: tuple[pathlib.Path, ...]
    try:
        places = (pathlib.Path("policies"), resources.folder("policies"))
    except errors.GovcloudError:
        places = (pathlib.Path("policies"),)
    found = (path.parent.name for place in places for path in place.glob("*/*/policy.yaml"))
    # A shell puts what it is given on its command line as it is.
    return {name for name in found if _FORM.match(name)}


def rule(function: F) -> F:
    """`ID`, given to the word as `rule: str`."""
    return click.argument("rule", metavar="ID", shell_complete=complete_rule)(function)


def profile(function: F) -> F:
    """`--profile NAME`, given to the word as `profile: str | None`."""
    return click.option(
        "--profile",
        type=click.Choice(PROFILES),
        help="By which set of policies, instead of the environment's own (platform.yaml, else mlps-l3).",
    )(function)


def explicit_environment(context: click.Context) -> str | None:
    """What `--env` (or GOVCLOUD_ENV) says; None where nobody said anything."""
    source = context.get_parameter_source("environment")
    given: str = context.params["environment"]
    return None if source is click.core.ParameterSource.DEFAULT else given
