"""What an environment's inventory and state say of where people log in, on the host that deployed it."""

from __future__ import annotations

import json
import pathlib

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import administration, build, identity_places, services
from govcloud_cli.run import applied, sites, workspace
from govcloud_cli.run.login import profiles


def profile(site: sites.Site, *, name: str) -> profiles.Profile:
    """The profile of the one side of `site`. Raises `errors.UsageError` if it has no identity service or cluster."""
    (side,) = site.sides
    place = identity_places.of(site.spec, side)
    if place is None:
        raise errors.UsageError(
            f"the {side.value} side of {site.spec.environment} has no identity service",
            remedy="use `govcloud kubeconfig`, or give --issuer, --ca and --server",
        )
    folder = site.space.side(side)
    return profiles.check(
        profiles.Profile(
            name=name,
            issuer=place.issuer,
            authority=_authority(folder.pki / "services-ca.crt"),
            server=_server(site, side, folder),
            server_authority=_authority(folder.pki / "kubernetes-ca.crt"),
            connect=_connect(folder),
        )
    )


def _server(site: sites.Site, side: platforms.Side, folder: workspace.SideFolder) -> str:
    if folder.kubeconfig.exists():
        document = json.loads(folder.kubeconfig.read_text(encoding="utf-8"))
        return str(document["clusters"][0]["cluster"]["server"])
    machine = services.machine_of(site.spec, side, platforms.Service.KUBERNETES)
    if machine is None or site.embedded:
        raise errors.UsageError(
            f"nobody knows here where the cluster of the {side.value} side is",
            remedy="deploy it, or give --issuer, --ca and --server",
        )
    return f"https://{administration.reached_at(machine)}:{services.port(platforms.Service.KUBERNETES)}"


def _authority(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise errors.UsageError(
            f"{path} is not there or cannot be read",
            remedy="deploy the environment, or give --issuer, --ca and --server",
        ) from None


def _connect(folder: workspace.SideFolder) -> tuple[str, int] | None:
    """In the lab, this host's loopback, from where a listener leads to the identity service."""
    forward = applied.load(folder).outputs.get("network", {}).get("forwards", {}).get(build.IDENTITY_FORWARD)
    return None if forward is None else ("127.0.0.1", int(forward["port"]))
