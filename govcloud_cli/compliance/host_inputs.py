"""A machine as rules see it: where it stands, and every variable that its roles run with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms, policies
from govcloud_cli.plan import administration, hosts

Json = Any
_LOOKUP = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_MARKS = ("{{", "{%")
_MOST = 1000
"""Look-ups for one machine; variables that name each other twice and twice again would have no end."""


def subject(
    spec: inventories.Inventory,
    host: hosts.Host,
    *,
    defaults: Mapping[str, Mapping[str, Json]],
    place: subjects.Place,
) -> subjects.Subject:
    """The machine with `variables`: its roles' defaults, overlaid with the plan's."""
    machine = spec.machine(host.name)
    given = {name: value for role in host.roles for name, value in defaults.get(role, {}).items()}
    variables, unknown = resolved(given | dict(host.variables))
    side = spec.side_of(machine)
    management = administration.network(spec, side)
    zones = [spec.zone(interface.zone) for interface in machine.interfaces]
    document: dict[str, Json] = {
        "id": host.name,
        "side": side.value,
        "substrate": spec.platform.spec.substrate,
        "services": [service.value for service in machine.services],
        "roles": list(host.roles),
        "zones": [
            {"id": zone.id, "kind": zone.kind.value, "cidr": str(zone.cidr), "cidr6": str(zone.cidr6)} for zone in zones
        ],
        "interfaces": [_interface(interface) for interface in machine.interfaces],
        "management": [str(one) for one in (machine.management, machine.management6) if one is not None],
        "managementNetwork": [] if management is None else [str(management.cidr), str(management.cidr6)],
        "variables": variables,
    }
    if machine.dedicated_to is not None:
        document["dedicatedTo"] = machine.dedicated_to
    return subjects.Subject(
        input=policies.Input.HOST,
        key=f"host:{host.name}",
        document=document,
        place=place,
        unknown=tuple(("variables", *path) for path in unknown),
    )


def resolved(variables: Mapping[str, Json]) -> tuple[dict[str, Json], tuple[subjects.Path, ...]]:
    """The variables as plain JSON, and the paths of what is not known: Jinja that is more than another one's name."""
    looking = _Looking(variables)
    values = {name: looking.value(value, path=(name,)) for name, value in variables.items()}
    return values, tuple(looking.unknown)


class _Looking:
    """Looks up variables that are named by others."""

    def __init__(self, variables: Mapping[str, Json]) -> None:
        self._variables = variables
        self._following: list[str] = []
        self._left = _MOST
        self.unknown: list[subjects.Path] = []

    def value(self, value: Json, *, path: subjects.Path) -> Json:
        """A value as plain JSON; `path` is where it will be."""
        match value:
            case hosts.ControllerFile():
                return f"{value.folder}:{value.name}" + (" (sha256)" if value.digest else "")
            case Mapping():
                return {str(name): self.value(item, path=(*path, str(name))) for name, item in value.items()}
            case list() | tuple():
                return [self.value(item, path=(*path, index)) for index, item in enumerate(value)]
            case str() if any(mark in value for mark in _MARKS):
                return self._looked_up(value, path=path)
        return value

    def _looked_up(self, text: str, *, path: subjects.Path) -> Json:
        named = _LOOKUP.fullmatch(text.strip())
        name = named[1] if named else ""
        self._left -= 1
        if name not in self._variables or name in self._following or self._left < 0:
            self.unknown.append(path)
            return subjects.UNKNOWN_TEXT
        self._following.append(name)
        found = self.value(self._variables[name], path=path)
        self._following.pop()
        return found


def _interface(interface: platforms.Interface) -> Json:
    return {
        "zone": interface.zone,
        "address": str(interface.address),
        "address6": str(interface.address6),
        "device": interface.device_name,
    }
