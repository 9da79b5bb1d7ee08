"""One side of the air gap, brought to its plan: network, roles, stacks, in this order.

Every step is done only if its plan or the world differs from when it last succeeded. A step is recorded after it
ended and adopts what it finds, so that a run killed anywhere goes on where it stopped.
"""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import build, plans, steps
from govcloud_cli.run import (
    ansible,
    applied,
    drift,
    preparing,
    progress,
    reach,
    sites,
    ssh,
    stacks,
    workspace,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asked for."""

    install: bool = True
    """Whether missing packages and tools may be installed."""
    removals: frozenset[str] = frozenset()
    """Tenants whose namespaces and databases may be deleted; a missing file alone never deletes one."""
    refresh: bool = False
    """Whether to look at every object and machine again, and run every step, whatever was recorded."""
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
    record: applied.Applied = dataclasses.field(init=False)
    folder: workspace.SideFolder = dataclasses.field(init=False)
    way: reach.Reach = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.site.space.side(self.plan.side)
        self.record = applied.load(self.folder)
        self.way = reach.of(self.plan)

    def run(self) -> None:
        """Every step of the side, in order."""
        preparing.certify(self.site, self.plan, now=self.now)
        ordered = steps.of(self.plan, sites.facts(self.plan, self.folder))
        if self.way.exists:
            # Also after a kill between the network step and this; the step itself does it for machines it just made.
            self._configure_ssh()
        snapshots, dead = self._look()
        for step in ordered:
            if step.kind is steps.StepKind.NETWORK:
                self._network(step, dead)
            elif step.kind is steps.StepKind.ROLES:
                self._roles(step, snapshots)
        self._stacks([step for step in ordered if step.kind in (steps.StepKind.PLATFORM, steps.StepKind.TENANTS)])

    def _name(self, step: str) -> str:
        return f"{self.plan.side.value}/{step}"

    def _look(self) -> tuple[dict[str, drift.Snapshot], dict[str, errors.GovcloudError]]:
        """How the machines look, if they are there: one question each tells whether anything drifted."""
        if not self.record.snapshots or not self.way.exists:
            return {}, {}
        known = [host for host in self.plan.hosts if host.name in self.record.snapshots]
        return drift.look(known, folder=self.folder, way=self.way)

    def _network(self, step: steps.Step, dead: dict[str, errors.GovcloudError]) -> None:
        with self.journal.step(self._name(step.name)) as result:
            healthy = not dead and self.way.exists
            if self._is_done(step) and healthy:
                result.note = f"{len(self.plan.hosts)} machines run as planned"
                return
            why = "plan differs from last time"
            if self.record.is_done(step):
                why = "machines did not answer: " + ", ".join(dead) if dead else "asked to look again"
            self.record.begin(step)
            # What Pulumi recorded before a kill or a reboot of this host may not run any more.
            known = (self.folder.state / ".pulumi").exists()
            operation = stacks.Operation.REFRESH_UP if known else stacks.Operation.UP
            (found,) = self._run_stacks(("network",), operation, way=reach.PRIVATE, label=step.name)
            self._raise_for([found] if found.error else [], of=1, log=self._log("network"))
            before = self.record.outputs.get(step.name, {})
            network = self.plan.network
            self.record.finish(step, {**found.outputs, "image": "" if network is None else network.image})
            self.rebuilt = any(
                _host_key(before, machine.id) not in (None, _host_key(found.outputs, machine.id))
                for machine in (self.plan.kubernetes, self.plan.database)
                if machine is not None
            )
            result.changed = found.changed > 0
            result.note = f"{found.changed} resources changed ({why})"
        self._configure_ssh()

    def _roles(self, step: steps.Step, snapshots: dict[str, drift.Snapshot]) -> None:
        with self.journal.step(self._name(step.name)) as result:
            due = self._due(step, snapshots)
            if not due:
                result.note = f"{len(self.plan.hosts)} machines look as their roles left them"
                self.record.finish(step)
                return
            self.record.begin(step)
            outcome = ansible.run_roles(
                self.plan.hosts,
                folder=self.folder,
                way=self.way,
                resolve=lambda file: sites.controller_file(self.folder, self.tools, file),
                only=tuple(due),
                log=self._log("roles"),
                report=lambda text: self.journal.doing(self._name(step.name), text),
                strategy=self.request.strategy,
            )
            self.record.untested = sorted({*self.record.untested, *due})
            self._keep(step, due, outcome)
            result.changed = any(outcome.changed.values())
            result.note = _shortly(due)

    def _due(self, step: steps.Step, snapshots: dict[str, drift.Snapshot]) -> dict[str, str]:
        """Hosts whose roles have to run, each with the reason."""
        last = self.record.entries.get(step.name, {})
        found = {}
        for host in self.plan.hosts:
            entry = f"Host/{host.name}"
            if self.request.refresh:
                found[host.name] = "asked to look again"
            elif last.get(entry) != step.entries[entry]:
                found[host.name] = "new" if entry not in last else "its variables or roles changed"
            elif host.name not in snapshots:
                found[host.name] = "its last state is not known, or it did not answer"
            elif different := drift.differences(self.record.snapshots[host.name], snapshots[host.name]):
                found[host.name] = "drift: " + ", ".join(different[:3]) + (", …" if len(different) > 3 else "")
        return found

    def _keep(self, step: steps.Step, due: dict[str, str], outcome: ansible.Outcome) -> None:
        """Record what the hosts that went well look like now, then tell of those that did not."""
        good = [
            host
            for host in self.plan.hosts
            if host.name in due
            and host.name not in outcome.failed
            and outcome.reached.get(host.name, frozenset()) >= set(host.roles)
        ]
        ssh.disconnect(self.folder, self.way, list(due))
        seen, dead = drift.look(good, folder=self.folder, way=self.way)
        self.record.snapshots = {**self.record.snapshots, **seen}
        for name in (*outcome.failed, *dead):
            self.record.snapshots.pop(name, None)
        entries = self.record.entries.setdefault(step.name, {})
        entries.update({f"Host/{name}": step.entries[f"Host/{name}"] for name in seen})
        self.record.save()
        missing = [name for name in due if name not in seen]
        if missing:
            causes = {**{name: error.message for name, error in dead.items()}, **outcome.failed}
            raise errors.GovcloudError(
                f"the roles did not end well on {len(missing)} of {len(due)} machines: {', '.join(missing)}",
                where=self._name(step.name),
                cause="\n".join(f"{name}: {cause}" for name, cause in causes.items())
                or "Ansible gave up before their last role",
                log=str(self._log("roles")),
                remedy="mend the cause and run `govcloud deploy` again: machines that are done are skipped",
            )
        self.record.finish(step)

    def _stacks(self, ordered: Sequence[steps.Step]) -> None:
        """The cluster-wide stack and every shard, in one job: one provider process serves them all."""
        label = self._name("stacks")
        with self.journal.step(label) as result:
            due = {step.name: step for step in ordered if not self._is_done(step) and self._has_work(step)}
            if not due:
                count = sum(len(step.entries) for step in ordered)
                result.note = f"{count} objects in {len(ordered)} stacks as last applied"
                return
            for step in due.values():
                self.record.begin(step, () if step.kind is steps.StepKind.PLATFORM else self._tenants_of(step))

            def done(stack: stacks.StackResult) -> None:
                if not stack.error:
                    self.record.finish(due[stack.stack])

            look = self.request.refresh or self.rebuilt
            operation = stacks.Operation.REFRESH_UP if look else stacks.Operation.UP
            found = self._run_stacks(tuple(due), operation, way=self.way, label="stacks", done=done)
            result.changed = any(stack.changed for stack in found)
            result.note = f"{sum(stack.changed for stack in found)} objects changed in {len(found)} stacks"
            self._raise_for([stack for stack in found if stack.error], of=len(found), log=self._log("stacks"))
            self.record.tenants = sorted(tenant.id for tenant in self.plan.tenants)
            self.record.save()

    def _raise_for(self, failed: Sequence[stacks.StackResult], *, of: int, log: pathlib.Path) -> None:
        """A failed stack stops no other: its tenants wait while the rest are served, and the exit code says so."""
        if not failed:
            return
        names = ", ".join(stack.stack for stack in failed)
        kind = errors.PartlyDoneError if len(failed) < of else errors.GovcloudError
        raise kind(
            f"{len(failed)} of {of} stacks failed: {names}",
            where=self._name(failed[0].stack),
            cause="\n".join(stack.error for stack in failed),
            log=str(log),
            remedy="mend the cause and run `govcloud deploy` again: it goes on where this run stopped",
        )

    def _is_done(self, step: steps.Step) -> bool:
        empty = self.rebuilt and step.kind in (steps.StepKind.PLATFORM, steps.StepKind.TENANTS)
        return self.record.is_done(step) and not self.request.refresh and not empty

    def _tenants_of(self, step: steps.Step) -> tuple[str, ...]:
        return next(found for found in self.plan.shards if found.id == step.name).tenants

    def _has_work(self, step: steps.Step) -> bool:
        """An empty shard that never held anything needs no stack."""
        return bool(step.entries) or bool(self.record.entries.get(step.name))

    def _run_stacks(
        self,
        names: tuple[str, ...],
        operation: stacks.Operation,
        *,
        way: reach.Reach,
        label: str,
        done: Callable[[stacks.StackResult], None] = lambda _: None,
    ) -> tuple[stacks.StackResult, ...]:
        engine = self.site.spec.platform.spec.engine
        workspace.make_folder(self.folder.state)
        job = stacks.Job(
            side=self.plan,
            stacks=names,
            operation=operation,
            folder=self.folder,
            pulumi=str(self.tools["pulumi"]),
            plugins=engine.plugins,
            backend=engine.backend or f"file://{self.folder.state}",
            kubeconfig=str(preparing.engine_kubeconfig(self.plan, self.folder)),
        )
        return stacks.run(
            job,
            way=way,
            log=self._log("network" if names == ("network",) else "stacks"),
            report=lambda text: self.journal.doing(self._name(label), text),
            done=done,
        )

    def _configure_ssh(self) -> None:
        outputs = self.record.outputs.get("network", {})
        keys = {name: machine["host_key"] for name, machine in outputs.get("machines", {}).items()}
        ssh.configure(self.folder, self.plan.hosts, host_keys=keys)
        forward = outputs.get("forwards", {}).get(build.API_FORWARD)
        if forward is not None:
            preparing.write_kubeconfig(self.folder, port=int(forward["port"]))

    def _log(self, name: str) -> pathlib.Path:
        return self.logs / f"{self.plan.side.value}-{name}.log"


def _shortly(due: dict[str, str]) -> str:
    if len(set(due.values())) == 1:
        return f"{len(due)} machines: {next(iter(due.values()))}"
    return "; ".join(f"{name}: {reason}" for name, reason in due.items())


def _host_key(outputs: Mapping[str, Any], machine: str) -> str | None:
    key: str | None = outputs.get("machines", {}).get(machine, {}).get("host_key")
    return key
