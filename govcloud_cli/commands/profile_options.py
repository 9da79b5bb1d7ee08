"""Which platform `login` and `logout` mean: an environment's side, or a profile that was saved before."""

from __future__ import annotations

import hashlib
import pathlib
import re
from typing import TYPE_CHECKING

import click

from govcloud_cli.commands import options, runs

if TYPE_CHECKING:
    from govcloud_cli.run.login import profiles

DEFAULT = "default"
"""The profile of machines without an inventory."""


def which(function: options.F) -> options.F:
    """`--env`, `--side` and `--profile`, given as `environment`, `side` and `profile_name`."""
    for option in (
        click.option("--profile", "profile_name", metavar="NAME", help="Keep or use the log-in under this name."),
        click.option(
            "--side",
            type=click.Choice(["internal", "external"]),
            default="external",
            show_default=True,
            help="Which side's identity service and cluster.",
        ),
    ):
        function = option(function)
    return options.environment(function)


def name_of(ctx: click.Context, environment: str, side: str, profile_name: str | None) -> str:
    """The profile's name: as given; else the only one of a machine without inventory; else the environment's side."""
    from govcloud_cli.run.login import profiles

    if profile_name is not None:
        return profile_name
    if not _is_said(ctx) and profiles.locate(DEFAULT).profile.exists():
        return DEFAULT
    plain = re.sub(r"[^a-z0-9-]+", "-", pathlib.Path(environment).name.lower()).strip("-") or "env"
    # Two folders may have one name.
    path = f"-{hashlib.sha256(str(pathlib.Path(environment).resolve()).encode()).hexdigest()[:8]}"
    return f"{plain[:50]}{path if '/' in environment or environment == '.' else ''}-{side}"


def saved(name: str) -> profiles.Profile | None:
    """The profile that was saved under `name`."""
    from govcloud_cli.run.login import profiles

    return profiles.load(name)


def chosen(ctx: click.Context, environment: str, side: str, profile_name: str | None) -> profiles.Profile:
    """The profile to log in to: the environment's as it is now, or one that was saved."""
    from govcloud_cli.run.login import places

    name = name_of(ctx, environment, side, profile_name)
    if not _is_said(ctx) and (profile_name is not None or name == DEFAULT) and (found := saved(name)) is not None:
        return found
    return places.profile(runs.site(environment, side), name=name)


def _is_said(ctx: click.Context) -> bool:
    return ctx.get_parameter_source("environment") is not click.core.ParameterSource.DEFAULT
