"""A thousand tenants, measured beside what people would use instead. `make bench`; nothing here is a timed assertion.

A measure counts only if what it made was verified; whether its limit is met is written to `build/bench.json`.
"""

from __future__ import annotations

import json
import pathlib
import random
import subprocess
import sys
import time

import pytest

from tests.bench import bench_inventories, results, worlds

pytestmark = [pytest.mark.engine, pytest.mark.bench, pytest.mark.filterwarnings("default")]

FEW = 10
KILLS = 30
_KUBECTL = ("apply", "--server-side", "--field-manager=govcloud", "--force-conflicts")


def apply(world: worlds.World, kubectl: pathlib.Path) -> float:
    """Let kubectl apply the same objects; return its seconds."""
    folder, count = world.files()
    argv = [str(kubectl), f"--kubeconfig={world.plane.kubeconfig}", *_KUBECTL, f"--filename={folder}"]
    begun = time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - begun
    assert len(done.stdout.splitlines()) == count
    return seconds


def test_first_deploy_beside_kubectl(tenants: int, pulumi: str, kubectl: pathlib.Path) -> None:
    ours, theirs, memory = [], [], []
    seen = set()
    for who in ("ours", "theirs", "theirs", "ours"):
        with worlds.world(tenants, pulumi=pulumi) as world:
            if who == "ours":
                told = world.deploy()
                ours.append(told["seconds"])
                memory.append(told["memory"])
            else:
                theirs.append(apply(world, kubectl))
            seen.add(world.hash())
    assert len(seen) == 1, "both made the same objects, or no number counts"
    with worlds.world(max(tenants // 10, 1), pulumi=pulumi) as world:
        tenth = world.deploy()["memory"]
    results.keep(
        [
            results.Row(
                name="first deploy / kubectl apply --server-side",
                samples=[own / other for own, other in zip(ours, theirs, strict=True)],
                at_most=0.5,
            ),
            results.Row(name="first deploy, s", samples=ours),
            results.Row(name="kubectl apply --server-side, s", samples=theirs),
            results.Row(name="peak memory / the same of a tenth", samples=[one / tenth for one in memory], at_most=1.5),
            results.Row(name="peak memory of a first deploy, MiB", samples=memory),
        ]
    )


def test_unchanged_and_changed_deploys(tenants: int, pulumi: str) -> None:
    with worlds.world(FEW, pulumi=pulumi) as few, worlds.world(tenants, pulumi=pulumi) as many:
        few.deploy()
        many.deploy()
        before = many.hash()
        unchanged = [many.deploy() for _ in range(4)][1:]
        assert [(told["changed"], told["drift"]) for told in unchanged] == [(0, [])] * len(unchanged)
        assert many.hash() == before
        results.keep(
            [
                results.Row(
                    name="unchanged, with a look for drift, s",
                    samples=[told["seconds"] for told in unchanged],
                    at_most=5.0,
                ),
                results.Row(
                    name="of it: reading files and planning, s",
                    samples=[told["plan"] for told in unchanged],
                    at_most=1.5,
                ),
            ]
        )
        _one_changed(few, many, tenants)
        _drift_is_found(many)
        _beside_a_monolith(many, [told["seconds"] for told in unchanged])


def _one_changed(few: worlds.World, many: worlds.World, tenants: int) -> None:
    """One tenant's file changes, in turns with few and with many beside it."""
    seconds: dict[int, list[float]] = {FEW: [], tenants: []}
    for turn in range(5):
        for count, world in ((FEW, few), (tenants, many)):
            bench_inventories.touch(world.inventory, turn, name=f"改名 {turn}")
            told = world.deploy()
            assert told["changed"] == 1
            seconds[count].append(told["seconds"])
    pairs = zip(seconds[tenants], seconds[FEW], strict=True)
    results.keep(
        [
            results.Row(
                name=f"one tenant changed / the same of {FEW}",
                samples=[one / other for one, other in pairs],
                at_most=1.2,
            ),
            results.Row(name="one tenant changed, s", samples=seconds[tenants], at_most=8.0),
            results.Row(name=f"one of {FEW} tenants changed, s", samples=seconds[FEW]),
        ]
    )


def _drift_is_found(world: worlds.World) -> None:
    chosen = sorted(name for name in world.live(values=False) if name.startswith("NetworkPolicy/"))[::7][:20]
    world.delete(chosen)
    found = set(world.deploy()["drift"])
    share = len(found & set(chosen)) / len(chosen)
    results.keep([results.Row(name=f"share of {len(chosen)} deleted policies found", samples=[share], at_least=1.0)])


def _beside_a_monolith(world: worlds.World, ours: list[float]) -> None:
    job = json.dumps({**world.job(), "times": 2})
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.monolith"],
        input=job,
        capture_output=True,
        text=True,
        check=False,
        cwd=worlds.ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    made, unchanged = json.loads(done.stdout)
    theirs = unchanged["seconds"]
    results.keep(
        [
            results.Row(
                name="pulumi up unchanged / unchanged deploy", samples=[theirs / own for own in ours], at_least=50.0
            ),
            results.Row(name="pulumi up unchanged, one stack, s", samples=[theirs]),
            results.Row(name="pulumi up first time, one stack, s", samples=[made["seconds"]]),
        ]
    )


def test_state_is_written_once(tenants: int, pulumi: str, tmp_path: pathlib.Path) -> None:
    """Blocks that Pulumi's processes wrote (the kernel's count), against the size of what is there at the end."""
    written = tmp_path / "written"
    wrapper = tmp_path / "bin" / "pulumi"
    wrapper.parent.mkdir()
    wrapper.write_text(_COUNTING.format(python=sys.executable, pulumi=pulumi, written=written), encoding="utf-8")
    wrapper.chmod(0o755)
    with worlds.world(tenants, pulumi=str(wrapper)) as world:
        world.deploy()
        final = sum(file.stat().st_size for file in (world.place.side.state / ".pulumi" / "stacks").rglob("*.json"))
    total = sum(int(line) for line in written.read_text(encoding="ascii").split()) * 512
    results.keep([results.Row(name="state written / final state", samples=[total / final], at_most=3.0)])


_COUNTING = """#!{python}
import resource, subprocess, sys
code = subprocess.call(["{pulumi}", *sys.argv[1:]])
with open("{written}", "a") as file:
    file.write(f"{{resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock}}\\n")
sys.exit(code)
"""


def test_what_is_acknowledged_survives_kill_9(pulumi: str) -> None:
    """Every round renames every tenant and is killed at a random moment; what the record calls done has to be there."""
    count, chance = 32, random.Random(20260102)
    lost, acknowledged = 0, 0
    names: set[str] = set()
    with worlds.world(count, pulumi=pulumi) as world:
        begun = time.monotonic()
        world.deploy()
        longest = time.monotonic() - begun
        for turn in range(KILLS):
            names = {bench_inventories.touch(world.inventory, number, name=f"轮 {turn}") for number in range(count)}
            program = world.start(look=bool(turn % 2))
            time.sleep(chance.uniform(0.5, longest))
            world.kill(program)
            done = world.acknowledged()
            acknowledged += len(done)
            lost += len(done - world.intact(f"轮 {turn}"))
            assert done <= names
        world.deploy()
        assert world.acknowledged() == world.intact(f"轮 {KILLS - 1}") == names
        assert world.deploy()["drift"] == []
    results.keep(
        [
            results.Row(name=f"acknowledged tenants lost by {KILLS} kills", samples=[lost], at_most=0.0),
            results.Row(name="acknowledged before a kill, tenants", samples=[acknowledged]),
        ]
    )
