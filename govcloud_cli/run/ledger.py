"""What a run writes into the audit log: that it begins to act, what became of whom, and how it ended.

A side's log is its own; nothing is written by a run that changes nothing.
"""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from govcloud_cli import __version__, errors
from govcloud_cli.governance import chain, lifecycle
from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import plans, shards
from govcloud_cli.run import request_audit, requests, sites
from govcloud_cli.run.audit import log as audit_log
from govcloud_cli.run.audit import writing

if TYPE_CHECKING:
    from govcloud_cli.run import drift, siderun

Clock = Callable[[], datetime.datetime]
"""The time now, UTC."""

_TURNS = {
    lifecycle.Turn.FROZEN: chain.Action.TENANT_FROZEN,
    lifecycle.Turn.EXPIRED: chain.Action.TENANT_EXPIRED,
    lifecycle.Turn.THAWED: chain.Action.TENANT_THAWED,
}


@dataclasses.dataclass(kw_only=True)
class Ledger:
    """The logs of the sides that a run is about."""

    site: sites.Site
    logs: Mapping[platforms.Side, audit_log.Log]
    actor: chain.Actor
    clock: Clock
    verb: str
    _began: set[platforms.Side] = dataclasses.field(default_factory=set)
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def note_requests(self, cleared: requests.Clearance) -> None:
        """Transitions that came by Git: they are on record before anything is done about them."""
        for request, step in cleared.unseen:
            request_audit.record(self.logs[request.side], request, step, now=self.clock())

    def begin(self, plan: plans.SidePlan, tenants: Iterable[str]) -> None:
        """Say once that the side will be changed. Raises `errors.GovcloudError` if it cannot: do not act then."""
        with self._lock:
            if plan.side in self._began:
                return
            details = {
                "verb": self.verb,
                "plan": plans.digest(plan),
                "version": __version__,
                "changed": sorted(tenants),
            }
            self.note(plan.side, chain.Action.DEPLOY_BEGAN, details)
            self._began.add(plan.side)

    def settle(self, run: siderun.SideRun, cleared: requests.Clearance | None, settled: inventory.Inventory) -> None:
        """What became of the side's tenants and of what had drifted."""
        side = run.plan.side
        if cleared is not None:
            self._tenants(run, cleared, settled)
        for finding in run.repaired:
            self._drift(side, chain.Action.DRIFT_REPAIRED, finding)
        for finding in run.left:
            self._drift(side, chain.Action.DRIFT_FOUND, finding)

    def end(self, error: BaseException | None, *, changed: Mapping[str, bool]) -> None:
        """How the run ended, for every side that it began to change. `changed`: each step, and whether it did."""
        result = "done" if error is None else "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        details: dict[str, Any] = {"verb": self.verb, "result": result}
        if error is not None:
            details["error"] = error.message if isinstance(error, errors.GovcloudError) else type(error).__name__
        for side in sorted(self._began):
            steps = sorted(name for name, did in changed.items() if did and name.startswith(f"{side.value}/"))
            self.note(side, chain.Action.DEPLOY_ENDED, {**details, "changed": steps})

    def _tenants(self, run: siderun.SideRun, cleared: requests.Clearance, settled: inventory.Inventory) -> None:
        side = run.plan.side
        done, failed = _fates(run, cleared)
        there = {tenant.id for tenant in run.plan.tenants}

        def told(one: requests.Provisioned) -> None:
            action = chain.Action.TENANT_APPLIED if one.tenant in there else chain.Action.TENANT_REMOVED
            details = {
                "request": one.number,
                "state": one.state.value,
                "digest": one.digest,
                "approver": one.approver,
            }
            self.note(side, action, details, tenant=one.tenant)

        requests.mark_provisioned(self.site, cleared, side, done=done, failed=failed, record=told, now=self.clock())
        # Only what was applied has turned; the rest is told when it is.
        for turned in lifecycle.turns(run.record.frozen, settled):
            if turned.tenant in done:
                details = {"environment": turned.environment, "reason": turned.reason}
                self.note(side, _TURNS[turned.turn], details, tenant=turned.tenant)
        untold = {name for name in run.record.frozen if name.partition("/")[0] not in done}
        now = {name for name in lifecycle.frozen_names(settled) if name.partition("/")[0] in done}
        if run.record.frozen != sorted(untold | now):
            run.record.frozen = sorted(untold | now)
            run.record.save()

    def _drift(self, side: platforms.Side, action: chain.Action, finding: drift.Finding) -> None:
        told = finding.to_json()
        names = {"before": "found", "after": "expected"} if action is chain.Action.DRIFT_REPAIRED else {}
        details = {name: told[name] for name in ("part", "subject", "field", "what", "withheld", "found", "expected")}
        for new, old in names.items():
            details[new] = details.pop(old)
        self.note(side, action, details, tenant=finding.tenant or None)

    def note(
        self, side: platforms.Side, action: chain.Action, details: Mapping[str, Any], *, tenant: str | None = None
    ) -> None:
        """Write one record. Raises `errors.GovcloudError` if it could not be made durable."""
        self.logs[side].append(actor=self.actor, action=action, now=self.clock(), tenant=tenant, details=details)


def opened(site: sites.Site, *, clock: Clock, verb: str, environ: Mapping[str, str]) -> Ledger:
    """The ledger of a run. Raises `errors.GovcloudError` for a log that was cut, replaced or cannot be written."""
    logs = {side: writing.opened(site, side, now=clock()) for side in site.sides}
    return Ledger(site=site, logs=logs, actor=writing.actor(site, environ), clock=clock, verb=verb)


def retire(site: sites.Site, side: platforms.Side, *, clock: Clock, environ: Mapping[str, str]) -> pathlib.Path | None:
    """End the log of a side that is being destroyed; return where it is kept, None if there was none."""
    if not (site.space.side(side).path / "audit").is_dir():
        return None
    return writing.opened(site, side, now=clock()).retire(actor=writing.actor(site, environ), now=clock())


def _fates(run: siderun.SideRun, cleared: requests.Clearance) -> tuple[frozenset[str], frozenset[str]]:
    """Tenants whose stack is as planned now, and those whose stack was begun and is not."""
    steps = {step.name: step for step in run.steps}
    done, failed = set(), set()
    for verdict in cleared.verdicts[run.plan.side]:
        name = shards.shard_of(verdict.tenant)
        step = steps.get(name)
        if step is not None and run.record.is_done(step):
            done.add(verdict.tenant)
        elif name in run.begun:
            failed.add(verdict.tenant)
    return frozenset(done), frozenset(failed)


def changed_tenants(cleared: requests.Clearance, side: platforms.Side) -> tuple[str, ...]:
    """Tenants of a side that differ from what was last applied."""
    return tuple(verdict.tenant for verdict in cleared.verdicts[side] if verdict.changed)
