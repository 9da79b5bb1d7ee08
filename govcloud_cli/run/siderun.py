"""What a run of one side of the air gap knows and has done so far."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from collections.abc import Callable, Iterable, Mapping

from govcloud_cli.plan import build, plans, rotations
from govcloud_cli.plan import steps as planned
from govcloud_cli.run import applied, drift, preparing, progress, reach, sites, ssh, workspace


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asked for."""

    install: bool = True
    """Whether missing packages and tools may be installed."""
    removals: frozenset[str] = frozenset()
    """Tenants, namespaces and databases that may be deleted; a missing file or line alone never deletes."""
    refresh_image: bool = False
    """Whether to build a newer base image; machines that exist keep theirs."""
    strategy: str = "mitogen_linear"
    """Ansible strategy."""


@dataclasses.dataclass(kw_only=True)
class SideRun:
    """One side's run."""

    site: sites.Site
    plan: plans.SidePlan
    tools: dict[str, pathlib.Path]
    request: Request
    journal: progress.Journal
    now: datetime.datetime
    logs: pathlib.Path
    rebuilt: bool = False
    """Whether a machine that held a cluster or databases was made anew, and is empty."""
    repaired: list[drift.Finding] = dataclasses.field(default_factory=list)
    """What had drifted and is as planned again: `found` is what it was, `expected` what it is."""
    left: list[drift.Finding] = dataclasses.field(default_factory=list)
    """What drifted and still is so: orphans, what somebody changed again at once, what waits for a deploy."""
    unread: list[drift.Unread] = dataclasses.field(default_factory=list)
    """What could not be looked at, at last."""
    announce: Callable[[], None] = lambda: None
    """Called before each step that acts: says so in the audit log, or raises, and then nothing is done."""
    begun: set[str] = dataclasses.field(default_factory=set)
    """Steps that this run began."""
    steps: tuple[planned.Step, ...] = ()
    """What the plan comes to, in order."""
    record: applied.Applied = dataclasses.field(init=False)
    folder: workspace.SideFolder = dataclasses.field(init=False)
    way: reach.Reach = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.site.space.side(self.plan.side)
        self.record = applied.load(self.folder)
        self.way = reach.of(self.plan)

    def turn(self, generations: Mapping[str, int]) -> None:
        """From here on, tenants' secrets are of these generations: what is done is judged by that."""
        self.plan = rotations.turned(self.plan, generations)
        self.steps = planned.of(self.plan, sites.facts(self.plan, self.folder))

    def begin(self, step: planned.Step, tenants: Iterable[str] = ()) -> None:
        """Before a step acts: it is on record that it does."""
        self.announce()
        self.begun.add(step.name)
        self.record.begin(step, tenants)

    def name(self, step: str) -> str:
        """What a step is called among those of both sides."""
        return f"{self.plan.side.value}/{step}"

    def configure_ssh(self) -> None:
        """Let SSH and people's `kubectl` know the machines as they are now."""
        outputs = self.record.outputs.get("network", {})
        keys = {name: machine["host_key"] for name, machine in outputs.get("machines", {}).items()}
        ssh.configure(self.folder, self.plan.hosts, host_keys=keys)
        forward = outputs.get("forwards", {}).get(build.API_FORWARD)
        if forward is not None:
            preparing.write_kubeconfig(self.folder, port=int(forward["port"]))

    def log(self, name: str) -> pathlib.Path:
        """Where a step's own words go."""
        return self.logs / f"{self.plan.side.value}-{name}.log"
