"""Waivers: who lets what be as it is, why, and until when (`policies/waivers/*.yaml`, `policies/approvers.yaml`)."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from govcloud_cli.model import base, dates, policies, tenants

LONGEST_DAYS = 180
"""A waiver ends; who still needs it asks again."""

WaiverId = Annotated[str, pydantic.StringConstraints(pattern=r"^W-[0-9]{4}-[0-9]{3,5}$")]
"""`W-<year>-<number>`, e.g. `W-2026-014`."""
ResourceKey = Annotated[
    str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9]*:[^\s*?\x00-\x1f\x7f]+$", min_length=4, max_length=400)
]
"""One resource as findings name it, e.g. `k8s:networking.k8s.io/NetworkPolicy/finance-prod/legacy`; no patterns."""
Ticket = Annotated[str, pydantic.StringConstraints(min_length=2, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]


class WaiverSpec(base.Model):
    """One rule, named resources, and the two who answer for it."""

    rule: policies.PolicyId
    resources: Annotated[tuple[ResourceKey, ...], pydantic.Field(min_length=1, max_length=50)]
    reason: Annotated[str, pydantic.StringConstraints(min_length=10, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
    ticket: Ticket | None = None
    owner: tenants.Person
    """Who asked, and mends it."""
    approver: tenants.Person
    """Who let it be: listed in approvers.yaml, and not the owner."""
    created: dates.Day
    expires: dates.Day
    """The last day (UTC, inclusive), at most 180 days after `created`."""


class WaiverMetadata(base.Model):
    """What a waiver is called."""

    id: WaiverId


class Waiver(base.Model):
    """`policies/waivers/<anything>.yaml`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["Waiver"]
    metadata: WaiverMetadata
    spec: WaiverSpec


class Approvers(base.Model):
    """`policies/approvers.yaml`: who may approve a waiver."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["WaiverApprovers"]
    people: tuple[tenants.Person, ...] = ()
