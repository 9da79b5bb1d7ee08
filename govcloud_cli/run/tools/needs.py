"""Which tools an environment needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from govcloud_cli.model import platforms

_BY_SERVICE: Mapping[platforms.Service, tuple[str, ...]] = MappingProxyType(
    {
        platforms.Service.KUBERNETES: ("kube-apiserver", "kube-controller-manager"),
        platforms.Service.IDENTITY: ("keycloak",),
    }
)
"""What the role of a service takes with it."""


def needed(machines: Iterable[platforms.Machine]) -> tuple[str, ...]:
    """The tools without which `machines` cannot be deployed, in the order of `catalog.TOOLS`."""
    services = {service for machine in machines for service in machine.services}
    return ("pulumi", *(name for service, names in _BY_SERVICE.items() if service in services for name in names))
