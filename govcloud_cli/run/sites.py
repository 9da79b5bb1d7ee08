"""An environment as it stands on this host: its inventory, its workspace, and what a plan takes from the world."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import pathlib
from collections.abc import Sequence

from govcloud_cli import __version__, errors, resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import build, hosts, namespaces, plans, steps
from govcloud_cli.plan import rotations as planned_rotations
from govcloud_cli.run import applied, enforcing, image, rotations, side_secrets, ssh, workspace
from govcloud_cli.run.tools import cache

_NO_IMAGE = "(the base image is not built yet)"
_NO_KEY = "(the SSH key is not made yet)"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site:
    """One environment on this host."""

    spec: inventory.Inventory
    space: workspace.Workspace
    sides: tuple[platforms.Side, ...]
    """The sides that this run is about."""

    @property
    def embedded(self) -> bool:
        """Whether the lab makes the machines."""
        return self.spec.platform.spec.substrate == "embedded"

    @property
    def kubeconfigs(self) -> tuple[str, ...]:
        """Paths for the clusters of the chosen sides that are there already."""
        declared = self.spec.platform.spec.kubeconfig
        return tuple(declared[side] for side in self.sides if side in declared)

    @property
    def abandoned(self) -> tuple[platforms.Side, ...]:
        """Sides that were deployed and that the inventory no longer has."""
        gone = (side for side in platforms.Side if side not in self.spec.sides)
        return tuple(side for side in gone if self.space.side(side).path.exists())


def load(folder: pathlib.Path, *, side: str | None = None, abandoned: bool = False) -> Site:
    """The environment of `inventories/<env>`; raises `errors.InventoryError` with every fault in it.

    `abandoned` adds the sides that were deployed and that the inventory no longer has: for removing them.
    """
    spec = _with_absolute_paths(loading.load(folder), folder)
    site = Site(spec=spec, space=workspace.locate(folder), sides=spec.sides)
    known = (*spec.sides, *(site.abandoned if abandoned else ()))
    chosen = tuple(one for one in known if side is None or one.value == side)
    if not chosen:
        raise errors.UsageError(
            f"environment {spec.environment} has nothing on the {side} side",
            remedy=f"choose from: {', '.join(one.value for one in known)}",
        )
    return dataclasses.replace(site, sides=chosen)


def _with_absolute_paths(spec: inventory.Inventory, folder: pathlib.Path) -> inventory.Inventory:
    """The kubeconfigs that it names, seen from the inventory's folder."""
    declared = spec.platform.spec.kubeconfig
    found = {side: str(folder.resolve() / pathlib.Path(path).expanduser()) for side, path in declared.items()}
    changed = spec.platform.spec.model_copy(update={"kubeconfig": found})
    return dataclasses.replace(spec, platform=spec.platform.model_copy(update={"spec": changed}))


def plan(site: Site, *, today: datetime.date, guards: Sequence[namespaces.Manifest] | None = None) -> plans.Plan:
    """The plan of `today` (UTC), as far as it can be known without making anything (image and keys may be missing).

    `guards` are the policies that the clusters enforce; None: those of today. Without any it is no plan to deploy, but
    sooner there for who only wants to know where things are.
    """
    places = {side: _place(site, side) for side in site.sides} if site.embedded else {}
    enforced = enforcing.guards(site.spec, site.space, today=today) if guards is None else guards
    built = build.build(site.spec, places=places, sides=site.sides, today=today, guards=enforced)
    later = {side: rotations.load(site.space.side(side)).generations for side in site.sides}
    return dataclasses.replace(
        built, sides=tuple(planned_rotations.turned(side, later[side.side]) for side in built.sides)
    )


def facts(side: plans.SidePlan, folder: workspace.SideFolder) -> steps.Facts:
    """Digests of our own code and of the side's certificates and secrets."""
    return steps.Facts(
        code={
            steps.StepKind.NETWORK: _code("network", "components"),
            steps.StepKind.ROLES: "",
            steps.StepKind.IDENTITY: _code("identity", "components"),
            steps.StepKind.PLATFORM: _code("platform", "components"),
            steps.StepKind.TENANTS: _code("tenants", "components"),
        },
        roles={role: _tree(resources.folder("roles") / role) for host in side.hosts for role in host.roles},
        certificates={side.side: _certificates(folder.pki)},
        secrets=side_secrets.digests(folder) if side.identity is not None else {},
    )


def controller_file(folder: workspace.SideFolder, tools: dict[str, pathlib.Path], file: hosts.ControllerFile) -> str:
    """The path (or digest) of a file that the plan names."""
    if file.folder == "tools":
        return digest_of_tool(tools[file.name]) if file.digest else str(tools[file.name])
    place = folder.secrets if file.folder == "secrets" else folder.pki
    return str(place / file.name) if file.name else str(place)


def _place(site: Site, side: platforms.Side) -> build.LabPlace:
    folder = site.space.side(side)
    public = folder.ssh / "id_ed25519.pub"
    return build.LabPlace(
        prefix=f"{site.space.prefix}-{side.value[:3]}",
        data_folder=str(folder.machines),
        image=_image(folder),
        authorized_key=public.read_text().strip() if public.exists() else _NO_KEY,
    )


def _image(folder: workspace.SideFolder) -> str:
    """The image that the machines already stand on, else the newest: a newer one never replaces a machine's disk."""
    recorded = applied.load(folder).outputs.get("network", {}).get("image")
    if recorded is not None and pathlib.Path(recorded).is_dir():
        return str(recorded)
    found = image.find()
    return _NO_IMAGE if found is None else str(found.root)


def prepare_keys(site: Site) -> None:
    """Make each side's SSH key and secrets, if they are not there yet."""
    for side in site.sides:
        folder = site.space.side(side)
        ssh.public_key(folder)
        workspace.ensure_secret(folder.secrets / "master")
        workspace.ensure_secret(folder.secrets / "pulumi-passphrase")


@functools.cache
def _code(*projects: str) -> str:
    root = resources.folder("stacks")
    text = "\n".join([__version__, *(_tree(root / project) for project in projects)])
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _tree(folder: pathlib.Path) -> str:
    """Digest of a folder's files, names included."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if path.is_file() and "__pycache__" not in inner.parts and "tests" not in inner.parts:
            total.update(f"{inner}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


@functools.cache
def digest_of_tool(path: pathlib.Path) -> str:
    """The checksum of a tool's file, in hexadecimal; read once per process."""
    return cache.sha256(path)


def _certificates(folder: pathlib.Path) -> str:
    if not folder.is_dir():
        return ""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.crt")):
        total.update(f"{path.name}\0".encode() + path.read_bytes())
    return total.hexdigest()
