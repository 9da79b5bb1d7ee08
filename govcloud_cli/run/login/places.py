"""What an environment's inventory and state say of where people log in, on the host that deployed it."""

from __future__ import annotations

import json
import pathlib

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import identity, services
from govcloud_cli.run import applied, sites, workspace
from govcloud_cli.run.login import profiles

FORWARD = "identity"
"""The lab's listener on this host's loopback that leads to the identity service, if there is one."""


def profile(site: sites.Site, *, name: str) -> profiles.Profile:
    """The profile of the one side of `site`. Raises `errors.UsageError` if it has no identity service or cluster."""
    (side,) = site.sides
    machine = _machine(site, side, platforms.Service.IDENTITY)
    if machine is None:
        raise errors.UsageError(
            f"the {side.value} side of {site.spec.environment} has no identity service",
            remedy="use `govcloud kubeconfig`, or give --issuer, --ca and --server",
        )
    folder = site.space.side(side)
    return profiles.check(
        profiles.Profile(
            name=name,
            issuer=f"https://{site.spec.platform.spec.identity.host or machine.id}/realms/{identity.REALM}",
            authority=_authority(folder.pki / "services-ca.crt"),
            server=_server(site, side, folder),
            server_authority=_authority(folder.pki / "kubernetes-ca.crt"),
            connect=_connect(folder),
        )
    )


def _machine(site: sites.Site, side: platforms.Side, service: platforms.Service) -> platforms.Machine | None:
    machines = (one for one in site.spec.platform.spec.machines if site.spec.side_of(one) is side)
    return next((one for one in machines if service in one.services), None)


def _server(site: sites.Site, side: platforms.Side, folder: workspace.SideFolder) -> str:
    if folder.kubeconfig.exists():
        document = json.loads(folder.kubeconfig.read_text(encoding="utf-8"))
        return str(document["clusters"][0]["cluster"]["server"])
    machine = _machine(site, side, platforms.Service.KUBERNETES)
    if machine is None or site.embedded:
        raise errors.UsageError(
            f"nobody knows here where the cluster of the {side.value} side is",
            remedy="deploy it, or give --issuer, --ca and --server",
        )
    address = machine.management or machine.interfaces[0].address
    host = f"[{address}]" if ":" in str(address) else str(address)
    return f"https://{host}:{services.OFFERS[platforms.Service.KUBERNETES].port}"


def _authority(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise errors.UsageError(
            f"{path} is not there or cannot be read",
            remedy="deploy the environment, or give --issuer, --ca and --server",
        ) from None


def _connect(folder: workspace.SideFolder) -> tuple[str, int] | None:
    forwards = applied.load(folder).outputs.get("network", {}).get("forwards", {})
    return ("127.0.0.1", int(forwards[FORWARD]["port"])) if FORWARD in forwards else None
