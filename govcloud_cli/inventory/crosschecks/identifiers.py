"""Ids: one thing each, none that a system below knows, none that a person confuses."""

from __future__ import annotations

from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import interfaces, names

_OWN_NAMES_OF_ZONES = frozenset({"internal", "external", "internet"})
"""Reserved for everything but the zones that they mean."""
_VPN_ZONES = "vpn-"
"""Begins what the firewalls call the zone of a VPN group."""
_OWN_FLOWS = "platform-"
"""Begins the ids of flows that follow from the services."""


def ids_are_unique(world: findings.World) -> Iterator[findings.Finding]:
    """Zones, machines, flows, organisations, VPN groups and people; tenants are unique by their files' names."""
    for document, path, entries in _collections(world):
        first: dict[str, int] = {}
        for index, identifier in enumerate(entries):
            if identifier in first:
                yield findings.Finding(
                    code="GC1201",
                    document=document,
                    where=("spec", *path, index, "id"),
                    message=f"id '{identifier}' is already that of {path[-1]}[{first[identifier]}]",
                    found=identifier,
                )
            first.setdefault(identifier, index)


def ids_are_not_reserved(world: findings.World) -> Iterator[findings.Finding]:
    """Ids that become names in systems below: of zones, machines, flows and tenants."""
    for index, zone in enumerate(world.platform.spec.zones):
        taken = names.is_reserved(zone.id) and zone.id not in _OWN_NAMES_OF_ZONES
        if taken or zone.id.startswith(_VPN_ZONES):
            yield _reserved(world.platform, ("spec", "zones", index, "id"), zone.id)
    for index, machine in enumerate(world.platform.spec.machines):
        if names.is_reserved(machine.id):
            yield _reserved(world.platform, ("spec", "machines", index, "id"), machine.id)
    for index, flow in enumerate(world.platform.spec.flows):
        if flow.id.startswith(_OWN_FLOWS):
            yield _reserved(world.platform, ("spec", "flows", index, "id"), flow.id)
    for tenant in world.tenants:
        if names.is_reserved(tenant.metadata.id):
            yield _reserved(tenant, ("metadata", "id"), tenant.metadata.id)


def ids_do_not_look_alike(world: findings.World) -> Iterator[findings.Finding]:
    """Among tenants and among machines: both are typed by hand in commands."""
    places: tuple[tuple[tuple[findings.Document, findings.Where, str], ...], ...] = (
        tuple((tenant, ("metadata", "id"), tenant.metadata.id) for tenant in world.tenants),
        tuple(
            (world.platform, ("spec", "machines", index, "id"), machine.id)
            for index, machine in enumerate(world.platform.spec.machines)
        ),
    )
    for group in places:
        first: dict[str, str] = {}
        for document, where, identifier in group:
            other = first.setdefault(names.skeleton(identifier), identifier)
            if other != identifier:
                yield findings.Finding(
                    code="GC1203",
                    document=document,
                    where=where,
                    message=f"id '{identifier}' looks like '{other}'",
                    found=identifier,
                )


def interface_names_differ(world: findings.World) -> Iterator[findings.Finding]:
    """An interface inside a machine is named after its zone, cut to what the kernel takes."""
    first: dict[str, str] = {}
    for index, zone in enumerate(world.platform.spec.zones):
        name = interfaces.interface_name(zone.id)
        other = first.setdefault(name, zone.id)
        if other != zone.id:
            yield findings.Finding(
                code="GC1204",
                document=world.platform,
                where=("spec", "zones", index, "id"),
                message=f"zones '{other}' and '{zone.id}' would share the interface name '{name}'",
                found=zone.id,
            )


def _collections(world: findings.World) -> Iterator[tuple[findings.Document, tuple[str, ...], tuple[str, ...]]]:
    spec = world.platform.spec
    yield world.platform, ("zones",), tuple(zone.id for zone in spec.zones)
    yield world.platform, ("machines",), tuple(machine.id for machine in spec.machines)
    yield world.platform, ("flows",), tuple(flow.id for flow in spec.flows)
    yield world.platform, ("organisations",), tuple(organisation.id for organisation in spec.organisations)
    if spec.vpn is not None:
        yield world.platform, ("vpn", "groups"), tuple(group.id for group in spec.vpn.groups)
    if world.people is not None:
        yield world.people, ("people",), tuple(person.id for person in world.people.spec.people)


def _reserved(document: findings.Document, where: findings.Where, identifier: str) -> findings.Finding:
    return findings.Finding(
        code="GC1202", document=document, where=where, message=f"id '{identifier}' is reserved", found=identifier
    )
