"""A freeze: the platform stops a tenant, whatever its request says (`freezes/<tenant>.yaml`)."""

from __future__ import annotations

from typing import Literal

from govcloud_cli.model import base, dates, names, tenants


class FreezeMetadata(base.Model):
    """Whom it is about."""

    id: names.Id
    """The tenant's id; the file is named after it."""


class FreezeSpec(base.Model):
    """What is frozen, and why: no new pods, network closed, no log-in to databases; all data is kept."""

    environments: tuple[tenants.EnvironmentName, ...] = ()
    """Left out: all of them."""
    reason: names.Reason
    by: tenants.Person
    since: dates.Day


class Freeze(base.Model):
    """`freezes/<tenant>.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["Freeze"]
    metadata: FreezeMetadata
    spec: FreezeSpec
