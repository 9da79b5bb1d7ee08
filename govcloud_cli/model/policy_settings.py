"""By which policies a platform is judged, as its inventory says."""

from __future__ import annotations

from typing import Annotated

import pydantic

from govcloud_cli.model import base, policies

Registry = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)*$", max_length=200
    ),
]
"""A registry's host, with a port and a path if need be."""


class PolicySettings(base.Model):
    """By which policies the environment is judged."""

    profile: policies.Profile = policies.Profile.MLPS_L3
    """`mlps-l3` is the law's for most government systems; `govcloud policy list` tells what each profile holds."""
    registries: tuple[Registry, ...] = ()
    """Where images may come from, e.g. `registry.yunxi.example/apps`; left out: any registry, but it must be named."""
