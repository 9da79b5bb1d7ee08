"""Killed at five moments and run again, a deploy ends as one that nobody disturbed; and two labs share a host."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from govcloud_cli.providers.lab import namespaces
from tests.lab import driver

pytestmark = pytest.mark.lab

# One side is enough here, and several times cheaper: a database, a cluster, a client and three tenants.
SIDE = ("--side", "internal")


def _log(cloud: driver.Cloud, name: str) -> str:
    """What the newest run has logged so far."""
    newest = max((cloud.space.path / "logs").glob("*-deploy"), default=cloud.space.path)
    file = newest / f"internal-{name}"
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def first_machine_has_its_network(cloud: driver.Cloud) -> bool:
    return any("-m-" in name for name in namespaces.names(f"{cloud.space.prefix}-int"))


def machines_run(cloud: driver.Cloud) -> bool:
    return "network" in cloud.applied("internal").get("digests", {})


def roles_have_begun(cloud: driver.Cloud) -> bool:
    return _log(cloud, "roles.jsonl").count('"ok"') > 20


def the_last_role_runs(cloud: driver.Cloud) -> bool:
    return '"play": "Kubernetes"' in _log(cloud, "roles.jsonl")


def stacks_have_begun(cloud: driver.Cloud) -> bool:
    return "platform" in cloud.applied("internal").get("entries", {})


MOMENTS = (first_machine_has_its_network, machines_run, roles_have_begun, the_last_role_runs, stacks_have_begun)


def kill_at(cloud: driver.Cloud, moment: Callable[[driver.Cloud], bool]) -> None:
    """Deploy until `moment`, then kill the CLI alone: what it started is left to itself."""
    process = cloud.start("deploy", *SIDE)
    until = time.monotonic() + 300
    while not moment(cloud):
        assert time.monotonic() < until, f"never: {moment.__name__}"
        if process.poll() is not None:
            pytest.fail(f"the deploy ended before `{moment.__name__}`:\n{''.join(process.communicate())[-3000:]}")
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    # Not read to their ends: what it started may hold them for a while yet.
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """Two environments with the same inventory."""

    calm: driver.Cloud
    killed: driver.Cloud


@pytest.fixture(scope="module")
def pair(clouds: Callable[[str], driver.Cloud]) -> Iterator[Pair]:
    pair = Pair(calm=clouds("calm"), killed=clouds("killed"))
    undisturbed = pair.calm.start("deploy", *SIDE)
    for moment in MOMENTS:
        kill_at(pair.killed, moment)
    out, err = undisturbed.communicate(timeout=600)
    assert undisturbed.returncode == 0, out + err
    pair.killed.run("deploy", *SIDE)
    yield pair
    # Now, not at the end of the tier: two labs' machines need not stand beside what comes next.
    pair.calm.run("destroy", "--yes")


def outcome(cloud: driver.Cloud) -> dict[str, Any]:
    """What a deploy came to, without what differs between any two labs (memory, keys and all that is made of them)."""
    status = cloud.json("status", *SIDE)
    for machine in status["machines"]:
        machine.pop("residentBytes")
    record = cloud.applied("internal")
    kept = ("platform", *(name for name in record["entries"] if name.startswith("tenants-")))
    return {
        "status": status,
        "done": sorted(record["digests"]),
        "entries": {step: sorted(entries) for step, entries in record["entries"].items()},
        "objects": {step: record["entries"][step] for step in kept if step == "platform"},
        "tenants": record["tenants"],
        "files and units": {machine: sorted(seen) for machine, seen in record["snapshots"].items()},
        "units": {
            machine: {name: state for name, state in seen.items() if name.startswith("unit ")}
            for machine, seen in record["snapshots"].items()
        },
    }


def test_a_deploy_killed_at_five_moments_ends_as_an_undisturbed_one(pair: Pair) -> None:
    assert outcome(pair.killed) == outcome(pair.calm)
    assert len(outcome(pair.calm)["tenants"]) == 3


@pytest.mark.parametrize("name", ["calm", "killed"])
def test_of_two_labs_with_the_same_addresses_each_is_whole(pair: Pair, name: str) -> None:
    cloud: driver.Cloud = getattr(pair, name)
    document = cloud.json("verify", *SIDE)
    assert driver.wrong(document) == {}
    assert len(document["probes"]) > 50
    assert not cloud.json("deploy", "--expect-no-changes", *SIDE)["changed"]


def test_destroying_one_lab_leaves_the_other_alone(pair: Pair) -> None:
    pair.killed.run("destroy", "--yes")
    assert pair.killed.traces() == []
    assert all(machine["running"] for machine in pair.calm.json("status", *SIDE)["machines"])
