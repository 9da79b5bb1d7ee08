"""A control plane, an inventory and a side's folder to deploy from one to the other; and what is then there."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from govcloud_cli.plan import plans
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.providers.kubernetes import kinds
from govcloud_cli.run import applied, process, workspace
from stacks.components import manifests
from tests.bench import bench_inventories, deploying
from tests.support import control_plane

ROOT = pathlib.Path(__file__).parents[2]
LABEL = "app.kubernetes.io/managed-by=govcloud"
_VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """One control plane and what is deployed to it."""

    folder: pathlib.Path
    plane: control_plane.ControlPlane
    place: deploying.Place

    @property
    def inventory(self) -> pathlib.Path:
        """The environment's folder."""
        return pathlib.Path(self.place.inventory)

    def deploy(self, *, look: bool = True) -> dict[str, Any]:
        """Deploy in a process of its own; return what it tells, with its wall seconds and peak memory."""
        with watched() as seen:
            begun = time.monotonic()
            told: dict[str, Any] = json.loads(self.start(look=look).communicate()[0])
            seconds = time.monotonic() - begun
        if told["errors"]:
            raise AssertionError(told["errors"])
        return {**told, "seconds": seconds, "memory": seen["peak"]}

    def start(self, *, look: bool) -> subprocess.Popen[str]:
        """Start a deploy."""
        program = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.deploying"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        if program.stdin is not None:
            program.stdin.write(json.dumps({**self.job(), "look": look}))
            program.stdin.close()
            program.stdin = None
        return program

    def kill(self, program: subprocess.Popen[str]) -> None:
        """Kill the deploy and all that it started, at once."""
        program.kill()
        process.end_leftovers(self.place.folder)
        program.communicate()

    def planned(self) -> plans.SidePlan:
        """The side's plan."""
        return deploying.plan(self.place)

    def files(self) -> tuple[pathlib.Path, int]:
        """A folder with a YAML file per tenant, as `kubectl apply` takes them, and how many objects are in it."""
        folder = self.folder / "files"
        folder.mkdir()
        count = 0
        for shard in self.planned().shards:
            for name, objects in manifests.by_namespace(shard.manifests).items():
                text = yaml.dump_all(objects, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
                (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
                count += len(objects)
        return folder, count

    def live(self, *, values: bool = True) -> dict[str, Any]:
        """Every object of ours by its name, without what differs from run to run."""

        async def read() -> dict[str, Any]:
            client = clients.Client.from_kubeconfig(self.plane.kubeconfig)
            found = {}
            served = {kind.name: kind.api_version for kind in kinds.SERVED}
            for kind in ("Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "ServiceAccount", "RoleBinding"):
                async for item in client.list_kind(served[kind], kind, label_selector=LABEL, metadata_only=not values):
                    found[manifests.logical_name(item)] = _lasting(item)
            await client.close()
            return found

        return asyncio.run(read())

    def acknowledged(self) -> set[str]:
        """Tenants of the stacks that the record calls done as they are planned now."""
        side = self.planned()
        record = applied.load(self.place.side)
        done = {step.name for step in deploying.ordered(side) if record.is_done(step)}
        return {tenant for shard in side.shards if shard.id in done for tenant in shard.tenants}

    def intact(self, display_name: str) -> set[str]:
        """Tenants of whom every planned object is there, under this display name."""
        live = self.live(values=False)
        found = set()
        for shard in self.planned().shards:
            for objects in manifests.by_namespace(shard.manifests).values():
                own = objects[0]["metadata"]
                there = live.get(f"Namespace/{own['name']}", {"metadata": {}})["metadata"].get("annotations", {})
                if there.get("govcloud.io/display-name") == display_name and all(
                    manifests.logical_name(item) in live for item in objects
                ):
                    found.add(own["labels"]["govcloud.io/tenant"])
        return found

    def delete(self, names: Sequence[str]) -> None:
        """Delete network policies behind our back."""

        async def deleted() -> None:
            client = clients.Client.from_kubeconfig(self.plane.kubeconfig)
            for kind, namespace, name in (one.split("/") for one in names):
                await client.delete("networking.k8s.io/v1", kind, name, namespace=namespace)
            await client.close()

        asyncio.run(deleted())

    def job(self) -> dict[str, Any]:
        """The place, as the programs take it."""
        return dataclasses.asdict(self.place)

    def hash(self) -> str:
        """What is there, as one text."""
        return hashlib.sha256(json.dumps(self.live(), sort_keys=True).encode()).hexdigest()


def _lasting(item: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key not in _VOLATILE}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}


@contextlib.contextmanager
def world(tenants: int, *, pulumi: str) -> Iterator[World]:
    """A fresh control plane, and an inventory of so many tenants."""
    with tempfile.TemporaryDirectory(prefix="gcbench") as name:
        folder = pathlib.Path(name)
        inventory = bench_inventories.write(folder / "bench", tenants=tenants)
        side = workspace.SideFolder(path=workspace.make_folder(folder / "side"), side=deploying.SIDE)
        for one in (side.state, side.secrets):
            workspace.make_folder(one)
        workspace.write(side.secrets / "pulumi-passphrase", os.urandom(24).hex())
        workspace.write(side.secrets / "master", os.urandom(32).hex())
        with control_plane.running(folder / "plane") as plane:
            place = deploying.Place(
                inventory=str(inventory), folder=str(side.path), kubeconfig=str(plane.kubeconfig), pulumi=pulumi
            )
            yield World(folder=folder, plane=plane, place=place)


@contextlib.contextmanager
def watched() -> Iterator[dict[str, int]]:
    """Watch the memory of what this process starts within the block: `peak`, in MiB, of all of it together."""
    before = _descendants()
    seen = {"peak": 0}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            new = {pid: pages for pid, pages in _descendants().items() if pid not in before}
            seen["peak"] = max(seen["peak"], sum(new.values()) * _PAGE // 2**20)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _descendants() -> dict[int, int]:
    """Resident pages of every process below this one."""
    found: dict[int, tuple[int, int]] = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                found[int(entry.name)] = (int(fields[1]), int(fields[21]))
    own = {os.getpid()}
    while more := {pid for pid, (parent, _) in found.items() if parent in own} - own:
        own |= more
    return {pid: found[pid][1] for pid in own - {os.getpid()}}
