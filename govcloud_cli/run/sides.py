"""One side of the air gap, brought to its plan: network, roles, stacks, in this order.

Every step is done only if its plan or the world differs from when it last succeeded. A step is recorded after it
ended and adopts what it finds, so that a run killed anywhere goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import pathlib
from collections.abc import Callable, Iterable, Mapping

from govcloud_cli import counting, errors
from govcloud_cli.governance import usage
from govcloud_cli.plan import build, plans, rotations
from govcloud_cli.plan import steps as planned
from govcloud_cli.plan import vpn as vpn_plan
from govcloud_cli.run import (
    ansible,
    applied,
    drift,
    preparing,
    progress,
    reach,
    side_secrets,
    sidenetwork,
    sidestacks,
    sites,
    ssh,
    workspace,
)
from govcloud_cli.run import usage as usage_record
from govcloud_cli.run.vpn import gateway

VPN_LIST = f"{vpn_plan.AUTHORITY}.crl"
"""What `preparing.certify` says when it made a new revocation list."""


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

    def run(self) -> None:
        """Every step of the side, in order."""
        certified = preparing.certify(self.site, self.plan, now=self.now)
        ordered = self.steps = planned.of(self.plan, sites.facts(self.plan, self.folder))
        if self.way.exists:
            # Also after a kill between the network step and this; the step itself does it for machines it just made.
            self.configure_ssh()
        subject, look = self._look(ordered)
        for step in ordered:
            if step.kind is planned.StepKind.NETWORK:
                sidenetwork.run(self, step, look.machines.dead)
            elif step.kind is planned.StepKind.ROLES:
                self._roles(step, self._due(step, look), look)
        if VPN_LIST in certified:
            self._publish()
        sidestacks.run(self, subject, look.services)

    def repair(self) -> None:
        """Restore what drifted and nothing else: where the plan changed too, a deploy does both."""
        ordered = self.steps = planned.of(self.plan, sites.facts(self.plan, self.folder))
        if self.way.exists:
            self.configure_ssh()
        subject, look = self._look(ordered)
        for step in ordered:
            if step.kind is planned.StepKind.ROLES:
                drifted = {finding.subject for finding in look.machines.found} | drift.restorers(
                    self.plan, look.services.found
                )
                last = self.record.entries.get(step.name, {})
                due = {
                    name: reason
                    for name, reason in self._due(step, look).items()
                    if name in drifted and last.get(f"Host/{name}") == step.entries[f"Host/{name}"]
                }
                self.left += [finding for finding in look.machines.found if finding.subject not in due]
                self.unread += look.machines.unread
                if due:
                    self._roles(step, due, look)
        sidestacks.repair(self, subject, look.services)

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

    def _look(self, ordered: tuple[planned.Step, ...]) -> tuple[drift.Subject, drift.Look]:
        """Whether anything drifted: asked of every machine, cluster and database server that was set up before."""
        subject = drift.Subject(plan=self.plan, steps=ordered, record=self.record, folder=self.folder, way=self.way)
        stacks_known = any(self.record.entries.get(step.name) for step in ordered if step.kind in sidestacks.KINDS)
        if not self.record.snapshots and not stacks_known:
            return subject, drift.NOTHING
        with self.journal.step(self.name("look")) as result:
            look = drift.look(subject)
            result.note = drift.summary(look)
            usage_record.record(self.folder.path, usage.samples(look.services.quotas, at=self.now), self.now)
        return subject, look

    def _roles(self, step: planned.Step, due: dict[str, str], look: drift.Look) -> None:
        with self.journal.step(self.name(step.name)) as result:
            if not due:
                result.note = f"{counting.counted(len(self.plan.hosts), 'machine')} as left by the roles"
                self.record.finish(step)
                return
            self.begin(step)
            sealed = self.plan.identity is not None and self.plan.identity.machine in due
            with side_secrets.break_glass_file(self.folder) if sealed else contextlib.nullcontext():
                outcome = ansible.run_roles(
                    self.plan.hosts,
                    folder=self.folder,
                    way=self.way,
                    resolve=lambda file: sites.controller_file(self.folder, self.tools, file),
                    only=tuple(due),
                    log=self.log("roles"),
                    report=lambda text: self.journal.doing(self.name(step.name), text),
                    strategy=self.request.strategy,
                )
            self.record.untested = sorted({*self.record.untested, *due})
            self._keep(step, due, outcome, look)
            result.changed = any(outcome.changed.values())
            result.note = _shortly(due)

    def _publish(self) -> None:
        """Have the gateway use a list that is younger than the one that its role may have brought."""
        if self.plan.vpn is not None:
            with self.journal.step(self.name("vpn-list")) as result:
                gateway.of(self.plan.vpn, self.plan, self.folder).publish()
                result.changed = True

    def _due(self, step: planned.Step, look: drift.Look) -> dict[str, str]:
        """Hosts whose roles have to run, each with the reason."""
        last = self.record.entries.get(step.name, {})
        snapshots, restorers = look.machines.snapshots, drift.restorers(self.plan, look.services.found)
        found = {}
        for host in self.plan.hosts:
            entry = f"Host/{host.name}"
            if last.get(entry) != step.entries[entry]:
                found[host.name] = "new" if entry not in last else "its variables or roles changed"
            elif host.name not in snapshots:
                found[host.name] = "its last state is not known, or it did not answer"
            elif different := drift.differences(self.record.snapshots[host.name], snapshots[host.name]):
                found[host.name] = "drift: " + ", ".join(different[:3]) + (", …" if len(different) > 3 else "")
            elif host.name in restorers:
                found[host.name] = "drift: the identity service's administration"
        return found

    def _keep(self, step: planned.Step, due: dict[str, str], outcome: ansible.Outcome, look: drift.Look) -> None:
        """Record what the hosts that went well look like now, then tell of those that did not."""
        good = [
            host
            for host in self.plan.hosts
            if host.name in due
            and host.name not in outcome.failed
            and outcome.reached.get(host.name, frozenset()) >= set(host.roles)
        ]
        ssh.disconnect(self.folder, self.way, list(due))
        seen, dead = drift.ask_machines(good, folder=self.folder, way=self.way)
        self.record.snapshots = {**self.record.snapshots, **seen}
        for name in (*outcome.failed, *dead):
            self.record.snapshots.pop(name, None)
        entries = self.record.entries.setdefault(step.name, {})
        entries.update({f"Host/{name}": step.entries[f"Host/{name}"] for name in seen})
        self.record.save()
        self.repaired += [finding for finding in look.machines.found if finding.subject in seen]
        self.left += [finding for finding in look.machines.found if finding.subject in due.keys() - seen.keys()]
        missing = [name for name in due if name not in seen]
        if missing:
            causes = {**{name: error.message for name, error in dead.items()}, **outcome.failed}
            raise errors.GovcloudError(
                f"the roles did not end well on {len(missing)} of {len(due)} machines: {', '.join(missing)}",
                where=self.name(step.name),
                cause="\n".join(f"{name}: {cause}" for name, cause in causes.items())
                or "Ansible gave up before their last role",
                log=str(self.log("roles")),
                remedy="mend the cause and run `govcloud deploy` again: machines that are done are skipped",
            )
        if all(entries.get(entry) == digest for entry, digest in step.entries.items()):
            self.record.finish(step)

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


def _shortly(due: dict[str, str]) -> str:
    if len(set(due.values())) == 1:
        return f"{counting.counted(len(due), 'machine')}: {next(iter(due.values()))}"
    return "; ".join(f"{name}: {reason}" for name, reason in due.items())
