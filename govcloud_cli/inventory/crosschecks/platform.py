"""The platform as a whole: management networks, clusters that are already there, the place of the state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib import parse

from govcloud_cli.inventory import findings
from govcloud_cli.inventory.crosschecks import addresses
from govcloud_cli.model import platforms

_BACKENDS = frozenset({"s3", "azblob", "gs", "https", "file"})


def management_networks_are_there(world: findings.World) -> Iterator[findings.Finding]:
    """Each side that has machines has its management network."""
    used = {zone.side for machine in world.platform.spec.machines for zone in world.zones_of(machine)}
    for side in platforms.Side:
        if side in used and addresses.management_of(world.platform, side) is None:
            yield findings.Finding(
                code="GC1405",
                document=world.platform,
                where=("spec", "management"),
                message=f"the {side} side has machines and no management network",
                found=f"no management.{side}",
                allowed=f"management.{side} with cidr and cidr6",
            )


def engineers_are_somewhere(world: findings.World) -> Iterator[findings.Finding]:
    """In the lab they are at the first address; with hosts of one's own the inventory says where."""
    for side in platforms.Side:
        network = addresses.management_of(world.platform, side)
        if network is None or world.embedded is not bool(network.engineers):
            continue
        where: findings.Where = ("spec", "management", side.value)
        if world.embedded:
            yield findings.Finding(
                code="GC1409",
                document=world.platform,
                where=(*where, "engineers"),
                message=f"in the lab the {side} side's engineer is at {network.cidr[1]}: engineers cannot be named",
                found=", ".join(str(prefix) for prefix in network.engineers),
            )
        else:
            yield findings.Finding(
                code="GC1414",
                document=world.platform,
                where=where,
                message=f"management.{side} does not say where platform engineers are",
                found="no engineers",
            )


def kubeconfig_fits(world: findings.World) -> Iterator[findings.Finding]:
    """A cluster is either there already or made by us."""
    spec = world.platform.spec
    made = {zone.side for _, machine in world.serving(platforms.Service.KUBERNETES) for zone in world.zones_of(machine)}
    for side in spec.kubeconfig:
        if world.embedded:
            message = f"kubeconfig.{side} names a cluster, but the lab makes its own"
        elif side in made:
            message = f"the {side} side has both a kubeconfig and a machine with the service kubernetes"
        else:
            continue
        yield findings.Finding(
            code="GC1412",
            document=world.platform,
            where=("spec", "kubeconfig", side.value),
            message=message,
            found=spec.kubeconfig[side],
        )


def backend_is_a_place(world: findings.World) -> Iterator[findings.Finding]:
    """A URL that Pulumi takes, and no password in it."""
    backend = world.platform.spec.engine.backend
    if backend is None:
        return
    if not re.fullmatch(r"[!-~]+", backend):
        problem = "holds blanks or other characters that no URL has"
    else:
        url = parse.urlsplit(backend)
        if url.scheme not in _BACKENDS or not (url.netloc or url.path.strip("/")):
            problem = "is not a place for state"
        elif "@" in url.netloc:
            problem = "holds a user or password"
            backend = f"{url.scheme}://…@{url.netloc.rpartition('@')[2]}"
        else:
            return
    yield findings.Finding(
        code="GC1413",
        document=world.platform,
        where=("spec", "engine", "backend"),
        message=f"the backend {problem}",
        found=backend,
    )
