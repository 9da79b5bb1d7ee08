"""`govcloud policy check` over ten thousand manifests, beside conftest and kube-score on the same files.

A ratio counts only if both found the same: every finding of conftest's Rego is one of ours, and the other way round.
kube-score stands in for kube-linter, whose Go module the proxy does not give out; its checks are its own.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.bench import bench_objects, results

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("default")]

ROOT = pathlib.Path(__file__).parents[2]
REGO = ROOT / "tests" / "bench" / "rego"
MANY, SOME, FEW = 10_000, 1_000, 200
TURNS = 3
ALL, SAME = ("--profile", "mlps-l3"), ("--profile", "pss-restricted")
ONE = ("--rule", "pod-privileged")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """One process, from its start to its end."""

    seconds: float
    processor: float
    """Seconds of processors, of all that it started too."""
    told: Any
    """What it printed, as JSON."""


@pytest.fixture(scope="module")
def folders() -> Iterator[dict[int, pathlib.Path]]:
    """Count of objects -> a folder with them."""
    with tempfile.TemporaryDirectory(prefix="gcbench") as name:
        found = {count: pathlib.Path(name) / str(count) for count in (MANY, SOME, FEW, bench_objects.EACH)}
        for count, folder in found.items():
            bench_objects.write(folder, count)
        yield found


def timed(argv: Sequence[str], folder: pathlib.Path, codes: tuple[int, ...]) -> Run:
    """Run it beside the manifests, away from every environment."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, check=False)
    seconds, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in codes, done.stderr[-2000:]
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds=seconds, processor=processor, told=json.loads(done.stdout))


def check(folder: pathlib.Path, choice: Sequence[str] = ALL) -> Run:
    """Our own check of a folder."""
    return timed([sys.executable, "-m", "govcloud_cli", "policy", "check", ".", *choice, "--json"], folder, (0, 3))


def conftest(program: pathlib.Path, folder: pathlib.Path, policy: pathlib.Path = REGO) -> Run:
    """Conftest with the same rules as profile pss-restricted."""
    return timed([str(program), "test", "--policy", str(policy), "--output", "json", "--no-fail", "."], folder, (0,))


def kube_score(program: pathlib.Path, folder: pathlib.Path) -> Run:
    """kube-score with the checks that it makes by itself."""
    files = sorted(str(file) for file in folder.rglob("*.yaml"))
    return timed([str(program), "score", "--output-format", "json", *files], folder, (0, 1))


def found_by_us(told: Any) -> set[tuple[str, str]]:
    """Rule and resource of every finding."""
    return {(one["rule"], "/".join(one["resource"].split("/")[-3:])) for one in told["findings"]}


def found_by_conftest(told: Any) -> set[tuple[str, str]]:
    """The same of conftest."""
    failures = [failure["metadata"] for file in told for failure in file.get("failures") or ()]
    return {(one["rule"], one["resource"]) for one in failures}


def test_ten_thousand_objects_in_seconds(folders: dict[int, pathlib.Path]) -> None:
    times: dict[int, list[float]] = {count: [] for count in folders}
    for _ in range(TURNS):
        for count, folder in folders.items():
            done = check(folder)
            times[count].append(done.seconds)
            assert done.told["summary"]["seen"] == count
    start = min(times[bench_objects.EACH])
    rates = {count: [count / (seconds - start) for seconds in times[count]] for count in (MANY, SOME)}
    results.keep(
        [
            results.Row(name=f"policy check, {MANY:,} objects, all rules, s", samples=times[MANY], at_most=5.0),
            results.Row(name=f"policy check, {FEW} objects, all rules, s", samples=times[FEW], at_most=1.0),
            results.Row(name="of it: start and reading the rules, s", samples=times[bench_objects.EACH]),
            results.Row(
                name=f"objects per second at {MANY:,} / at {SOME:,}",
                samples=[many / some for many, some in zip(rates[MANY], rates[SOME], strict=True)],
                at_least=0.95,
            ),
        ]
    )


def test_beside_conftest(
    folders: dict[int, pathlib.Path], conftest_program: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    nothing = tmp_path / "nothing.rego"
    nothing.write_text('package main\n\nimport rego.v1\n\ndeny contains "never" if input.kind == "None"\n', "utf-8")
    folder = folders[MANY]
    runs: dict[str, list[Run]] = {"ours": [], "theirs": [], "our reading": [], "their reading": []}
    for turn in range(TURNS):
        runs["ours"].append(check(folder, SAME))
        runs["theirs"].append(conftest(conftest_program, folder))
        if turn == 0:
            same = found_by_us(runs["ours"][0].told)
            assert same == found_by_conftest(runs["theirs"][0].told)
            assert len(same) > 100
        runs["our reading"].append(check(folder, ONE))
        runs["their reading"].append(conftest(conftest_program, folder, nothing))
    ours, theirs = ([run.seconds for run in runs[name]] for name in ("ours", "theirs"))
    # What is left of two runs, so by processor time, which other work on the host does not change.
    work = {name: statistics.median(run.processor for run in some) for name, some in runs.items()}
    alone = (work["theirs"] - work["their reading"]) / max(work["ours"] - work["our reading"], 0.05)
    results.keep(
        [
            results.Row(
                name=f"conftest / policy check, {MANY:,} objects, the same rules",
                samples=[other / own for own, other in zip(ours, theirs, strict=True)],
                at_least=20.0,
            ),
            results.Row(name="conftest, s", samples=theirs),
            results.Row(name="policy check of the same rules, s", samples=ours),
            results.Row(name="of conftest: without a rule, s", samples=[run.seconds for run in runs["their reading"]]),
            results.Row(name="of ours: with one rule, s", samples=[run.seconds for run in runs["our reading"]]),
            results.Row(name="processor time of the rules alone: conftest / ours", samples=[alone]),
        ]
    )


def test_beside_kube_score(folders: dict[int, pathlib.Path], kube_score_program: pathlib.Path) -> None:
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(check(folders[MANY]).seconds)
        done = kube_score(kube_score_program, folders[MANY])
        theirs.append(done.seconds)
        assert len(done.told) >= MANY // bench_objects.EACH
    results.keep(
        [
            results.Row(
                name=f"kube-score / policy check, {MANY:,} objects, all rules of each",
                samples=[other / own for own, other in zip(ours, theirs, strict=True)],
                at_least=2.0,
            ),
            results.Row(name="kube-score, s", samples=theirs),
        ]
    )
