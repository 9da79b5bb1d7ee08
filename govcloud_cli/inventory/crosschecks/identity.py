"""The identity service: what it needs beside it, and a name that is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import platforms

_NEEDS = {
    platforms.Service.IDENTITY: platforms.Service.DATABASE,
    platforms.Service.SSLVPN: platforms.Service.IDENTITY,
}
"""What a service cannot do without on its own side: accounts lie in a database, the second factor is checked."""


def services_have_what_they_need(world: findings.World) -> Iterator[findings.Finding]:
    """On its own side: the shared database for identity, identity for a gateway."""
    there = {
        (service, zone.side)
        for machine in world.platform.spec.machines
        if machine.dedicated_to is None
        for service in machine.services
        for zone in world.zones_of(machine)
    }
    for index, machine in enumerate(world.platform.spec.machines):
        sides = {zone.side for zone in world.zones_of(machine)}
        for service, needed in _NEEDS.items():
            if service in machine.services and len(sides) == 1 and (needed, *sides) not in there:
                side = next(iter(sides)).value
                shared = "shared machine" if needed is platforms.Service.DATABASE else "machine"
                yield findings.Finding(
                    code="GC2007",
                    document=world.platform,
                    where=("spec", "machines", index, "services"),
                    message=f"'{machine.id}' needs a {shared} with the service {needed.value} on the {side} side",
                    found=f"no {needed.value}",
                )


def what_is_asked_of_it_is_served(world: findings.World) -> Iterator[findings.Finding]:
    """A directory or portal, where no machine is the identity service."""
    asked = world.platform.spec.identity
    if any(world.serving(platforms.Service.IDENTITY)):
        return
    for field, value in (("host", asked.host), ("directory", asked.directory), ("portal", asked.portal)):
        if value is not None:
            yield findings.Finding(
                code="GC2009",
                document=world.platform,
                where=("spec", "identity", field),
                message=f"no machine is the identity service that spec.identity.{field} is for",
            )


def the_host_is_its_own(world: findings.World) -> Iterator[findings.Finding]:
    """Its name in certificates and on every machine is no other machine's."""
    host = world.platform.spec.identity.host
    machine = world.machines.get(host or "")
    if machine is None:
        return
    serving = [one for _, one in world.serving(platforms.Service.IDENTITY)]
    if serving != [machine]:
        yield findings.Finding(
            code="GC2008",
            document=world.platform,
            where=("spec", "identity", "host"),
            message=f"the identity service would be called like machine '{machine.id}'",
            found=machine.id,
        )
