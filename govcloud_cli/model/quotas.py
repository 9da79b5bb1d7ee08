"""What each quota tier is worth, and so what an environment may use."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from govcloud_cli.model import tenants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Worth:
    """The most that one namespace may ask for."""

    cpu: int
    """Cores requested, all pods together; limits may be twice that."""
    memory: int
    """GiB requested, all pods together; limits may be twice that."""
    storage: int
    """GiB of all volumes together."""
    pods: int
    container_cpu: int
    """Cores that one container may use."""
    container_memory: int
    """GiB that one container may use."""


TIERS: Mapping[tenants.Tier, Worth] = MappingProxyType(
    {
        tenants.Tier.XS: Worth(cpu=1, memory=2, storage=10, pods=10, container_cpu=1, container_memory=1),
        tenants.Tier.S: Worth(cpu=2, memory=4, storage=50, pods=20, container_cpu=2, container_memory=2),
        tenants.Tier.M: Worth(cpu=4, memory=8, storage=100, pods=40, container_cpu=4, container_memory=4),
        tenants.Tier.L: Worth(cpu=8, memory=16, storage=250, pods=80, container_cpu=8, container_memory=8),
        tenants.Tier.XL: Worth(cpu=16, memory=32, storage=500, pods=160, container_cpu=16, container_memory=16),
    }
)

DEFAULT = tenants.Tier.S
_LARGEST_CONTAINER = 16
"""Cores, and GiB: one container is never larger than a node of the smallest cluster."""


def worth(environment: tenants.Environment) -> Worth:
    """What an environment may use: its tier's worth, or what its own quota says."""
    own = environment.custom_quota
    if own is None:
        return TIERS[environment.quota or DEFAULT]
    return Worth(
        cpu=own.cpu,
        memory=own.memory_gi,
        storage=own.storage_gi,
        pods=own.pods,
        container_cpu=min(own.cpu, _LARGEST_CONTAINER),
        container_memory=min(own.memory_gi, _LARGEST_CONTAINER),
    )


def label(environment: tenants.Environment) -> str:
    """The tier's name, or `custom`."""
    return "custom" if environment.custom_quota is not None else (environment.quota or DEFAULT).value
