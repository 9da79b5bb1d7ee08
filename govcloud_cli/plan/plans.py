"""The plan of an environment: every machine, object and probe, decided before anything happens.

`plan` prints it and `deploy` executes it; `plan.steps` says in which order and what differs from last time.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import hosts, identity, network, probes, shards, vpn

Json = Any
# `SidePlan` has fields of these modules' names.
_IdentityPlan = identity.IdentityPlan
_VpnPlan = vpn.VpnPlan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A service as `status` lists it."""

    name: str
    zone: str
    machine: str
    address: str
    port: int
    protocol: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class TenantPlace:
    """Where a tenant's things are."""

    id: str
    zone: str
    namespaces: tuple[str, ...]
    databases: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SidePlan:
    """One side of the air gap, whole: it can be deployed by somebody who never sees the other."""

    side: platforms.Side
    network: network.NetworkPlan | None
    """None where the hosts are already there."""
    hosts: tuple[hosts.Host, ...]
    cluster: tuple[Json, ...]
    """Cluster-wide Kubernetes manifests."""
    shards: tuple[shards.ShardPlan, ...]
    endpoints: tuple[Endpoint, ...]
    tenants: tuple[TenantPlace, ...]
    probes: tuple[probes.Probe, ...]
    kubernetes: platforms.Machine | None
    """The machine whose API server the tenants' namespaces are in."""
    database: platforms.Machine | None
    """The machine of the databases that tenants share."""
    databases: tuple[platforms.Machine, ...]
    """Every database machine: that one first, then those that are one tenant's."""
    machines: tuple[platforms.Machine, ...] = ()
    """As they were declared, in that order."""
    identity: _IdentityPlan | None = None
    """Realm, groups and clients; None on a side without the service."""
    vpn: _VpnPlan | None = None
    """Who comes in from outside, and to what; None on a side without a gateway."""
    kubeconfig: str | None = None
    """Path for a cluster that is there already and so has no machine here; read where GovCloud runs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """An environment, whole."""

    inventory: inventory.Inventory
    sides: tuple[SidePlan, ...]


def digest(value: Json) -> str:
    """SHA-256 (hex) of a JSON value, dataclasses included, in canonical form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> Json:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
