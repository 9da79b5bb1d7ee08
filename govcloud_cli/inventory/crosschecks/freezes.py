"""Freezes: of tenants and environments that there are, by somebody who is known."""

from __future__ import annotations

from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.inventory.crosschecks import references


def freezes_are_of_something(world: findings.World) -> Iterator[findings.Finding]:
    """The tenant is there, and has the environments that are named."""
    for freeze in world.freezes:
        if freeze.metadata.id in world.unread:
            continue
        tenant = world.tenants_by_id.get(freeze.metadata.id)
        if tenant is None:
            yield references.nothing(
                freeze, ("metadata", "id"), "tenant", freeze.metadata.id, tuple(world.tenants_by_id)
            )
            continue
        theirs = tuple(environment.name for environment in tenant.spec.environments)
        for index, name in enumerate(freeze.spec.environments):
            if name not in theirs:
                noun = f"environment of '{tenant.metadata.id}'"
                yield references.nothing(freeze, ("spec", "environments", index), noun, name, theirs)


def freezes_are_somebodys(world: findings.World) -> Iterator[findings.Finding]:
    """Where somebody decides, whoever froze is one of those who are known; elsewhere any log-in name will do."""
    known = tuple(person.id for person in world.persons)
    if world.people_unread or not any(person.approves for person in world.persons):
        return
    for freeze in world.freezes:
        if freeze.spec.by not in known:
            yield references.nothing(freeze, ("spec", "by"), "person", freeze.spec.by, known)
