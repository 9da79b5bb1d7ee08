"""What of a deploy grows with the number of tenants, as a program: `python -m tests.bench.deploying`, a job on stdin.

It loads the inventory's files, plans, looks for drift, runs the stacks that are due, and records each that is done:
the very functions that `govcloud deploy` calls, without the machines. Prints one JSON document.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
import resource
import sys
import time

from govcloud_cli.governance import lifecycle
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import build, plans, steps
from govcloud_cli.run import applied, drift, process, reach, stacks, workspace

SIDE = platforms.Side.EXTERNAL
HERE = reach.Reach(namespace=None)
TODAY = datetime.date(2026, 1, 2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """What is deployed to where."""

    inventory: str
    """Folder of the environment."""
    folder: str
    """Folder of the side: state, record, secrets."""
    kubeconfig: str
    pulumi: str

    @property
    def side(self) -> workspace.SideFolder:
        """The side's folder."""
        return workspace.SideFolder(path=pathlib.Path(self.folder), side=SIDE)


def plan(place: Place) -> plans.SidePlan:
    """The side's plan: its tenants on a cluster that is there, without machines and databases."""
    spec = lifecycle.settled(loading.load(pathlib.Path(place.inventory)), today=TODAY)
    lab = build.LabPlace(prefix="b", data_folder="/nowhere", image="/nowhere", authorized_key="ssh-ed25519 AAAA")
    (side,) = build.build(spec, places={SIDE: lab}, sides=(SIDE,), today=TODAY).sides
    return dataclasses.replace(
        side, network=None, hosts=(), cluster=(), databases=(), database=None, kubeconfig=place.kubeconfig
    )


def ordered(side: plans.SidePlan) -> tuple[steps.Step, ...]:
    """The steps of the side's tenants."""
    facts = steps.Facts(code=dict.fromkeys(steps.StepKind, "bench"), roles={}, certificates={SIDE: ""})
    return tuple(step for step in steps.of(side, facts) if step.kind is steps.StepKind.TENANTS)


def run(place: Place, *, look: bool) -> dict[str, object]:
    """Deploy; return seconds per part, what changed and what drifted."""
    begun = time.monotonic()
    side = plan(place)
    wanted = ordered(side)
    record = applied.load(place.side)
    planned = time.monotonic()
    found: list[drift.Finding | drift.Unread] = []
    if look:
        subject = drift.Subject(plan=side, steps=wanted, record=record, folder=place.side, way=HERE)
        seen = drift.look_at_services(subject)
        found = [*seen.found, *seen.unread]
    looked = time.monotonic()
    due = {step.name: step for step in wanted if step.entries and not record.is_done(step)}
    results = _stacks(place, side, due, record) if due else ()
    ended = time.monotonic()
    return {
        "plan": planned - begun,
        "look": looked - planned,
        "stacks": ended - looked,
        "changed": sum(result.changed for result in results),
        "errors": [result.error for result in results if result.error],
        "drift": sorted({one.subject for one in found}),
        "kibibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def _stacks(
    place: Place, side: plans.SidePlan, due: dict[str, steps.Step], record: applied.Applied
) -> tuple[stacks.StackResult, ...]:
    for step in due.values():
        record.begin(step, next(shard for shard in side.shards if shard.id == step.name).tenants)

    def done(result: stacks.StackResult) -> None:
        if not result.error:
            record.finish(due[result.stack])

    job = stacks.Job(
        side=side,
        stacks=tuple(due),
        operation=stacks.Operation.UP,
        folder=place.side,
        pulumi=place.pulumi,
        plugins="builtin",
        backend=f"file://{place.side.state}",
        kubeconfig=place.kubeconfig,
    )
    log = pathlib.Path(place.folder) / "stacks.log"
    return stacks.run(job, way=HERE, log=log, report=lambda _: None, done=done)


def main() -> None:
    """Do the job on standard input."""
    job = json.loads(sys.stdin.read())
    look = job.pop("look")
    place = Place(**job)
    process.mark(place.folder)
    process.end_leftovers(place.folder)
    print(json.dumps(run(place, look=look)))  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
