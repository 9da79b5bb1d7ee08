"""What a deploy needs on this host before it starts: packages, tools, the base image, keys and certificates."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import os
import pathlib
import threading
from collections.abc import Callable

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import administration, plans, services
from govcloud_cli.providers.kubernetes import access
from govcloud_cli.run import certificates, image, pki, side_secrets, sites, tools, workspace
from govcloud_cli.run.tools import host, needs
from govcloud_cli.run.vpn import desk

_SEEDED = {
    "kube-apiserver": "opt/kubernetes",
    "kube-controller-manager": "opt/kubernetes",
    "keycloak": "opt/keycloak",
}
"""Where the roles look for these before they copy them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is ready."""

    tools: dict[str, pathlib.Path]
    made: tuple[str, ...]
    """What this call had to install or build; empty when everything was cached."""


def prepare(site: sites.Site, *, install: bool, report: Callable[[str], None], refresh_image: bool = False) -> Prepared:
    """Provide tools and, for a lab, packages and the base image; builds run side by side.

    Raises `errors.UsageError` if something is missing and `install` is false, or for a kubeconfig that is of no use.
    """
    made: list[str] = []
    for path in site.kubeconfigs:
        # Now, rather than after all hosts have been changed.
        access.load(path)
    chosen = (one for one in site.spec.platform.spec.machines if site.spec.side_of(one) in site.sides)
    needed = needs.needed(chosen)
    missing = [name for name in needed if isinstance(tools.find(name), tools.Missing)]
    packages = (*(tools.packages.NEEDED if site.embedded else ()), *tools.packages.to_make(missing))
    if packages:
        made += tools.packages.ensure(install=install, report=report, needed=packages)
    if site.embedded:
        made += host.raise_inotify(install=install)
    made += missing
    needs_image = site.embedded and (refresh_image or image.find() is None)
    if needs_image and not install:
        raise errors.UsageError(
            "the machines' base image is not built yet",
            cause="--no-install forbids to build it",
            remedy="run again without --no-install",
        )
    stopping = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        provided = pool.submit(tools.provide, needed, install=install, report=report, stopping=stopping)
        built = (
            pool.submit(image.provide, report=report, refresh=refresh_image, stopping=stopping) if needs_image else None
        )
        try:
            paths = provided.result()
            if built is not None:
                made.append("base image")
                built.result()
            if site.embedded:
                _seed(paths)
        except BaseException:
            stopping.set()
            raise
    return Prepared(tools=paths, made=tuple(made))


def _seed(paths: dict[str, pathlib.Path]) -> None:
    """Have what the roles copy in the image already, where they look for it."""
    found = image.find()
    if found is not None:
        seeded = {name: folder for name, folder in _SEEDED.items() if name in paths}
        image.seed(
            found.root,
            {f"{folder}/{sites.digest_of_tool(paths[name])}/{name}": paths[name] for name, folder in seeded.items()},
        )


def certify(site: sites.Site, side: plans.SidePlan, *, now: datetime.datetime) -> tuple[str, ...]:
    """Issue what is missing or about to expire of a side's certificates and secrets; return the names."""
    folder = site.space.side(side.side)
    requests = certificates.requests(side)
    state = pki.ensure(folder.pki, requests=requests, now=now)
    # The authority of VPN users' certificates and its list of revoked ones lie beside these; `run.vpn` keeps them.
    made = side_secrets.ensure(folder) if side.identity is not None else ()
    if side.kubernetes is not None:
        server = f"https://{administration.reached_at(side.kubernetes)}:{services.port(platforms.Service.KUBERNETES)}"
        text = pki.kubeconfig(folder.pki, server=server, certificate=certificates.ENGINE)
        _write_if_new(engine_kubeconfig(side, folder), text)
    return (*state.changed, *made, *_certify_vpn(site, side, now=now))


def _certify_vpn(site: sites.Site, side: plans.SidePlan, *, now: datetime.datetime) -> tuple[str, ...]:
    """Have the authority of people's certificates, and a revocation list that is not older than a day."""
    if side.vpn is None:
        return ()
    office = desk.of_site(site, side.side, clock=lambda: now, environ=os.environ)
    return tuple(change.name for change in office.prepare())


def engine_kubeconfig(side: plans.SidePlan, folder: workspace.SideFolder) -> pathlib.Path:
    """The kubeconfig of stacks and probes, valid where the side's machines can be reached: declared or ours."""
    return folder.path / "engine.kubeconfig" if side.kubeconfig is None else pathlib.Path(side.kubeconfig)


def write_kubeconfig(folder: workspace.SideFolder, *, port: int) -> None:
    """Write the kubeconfig for people; `port` leads from this host's loopback to the API server."""
    text = pki.kubeconfig(folder.pki, server=f"https://127.0.0.1:{port}", certificate=certificates.ENGINEERS)
    _write_if_new(folder.kubeconfig, text)


def _write_if_new(path: pathlib.Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        workspace.write(path, text)
