"""One side of the air gap, brought to its plan: network, roles, stacks, in this order.

Every step is done only if its plan or the world differs from when it last succeeded. A step is recorded after it
ended and adopts what it finds, so that a run killed anywhere goes on where it stopped.
"""

from __future__ import annotations

from govcloud_cli.governance import usage
from govcloud_cli.plan import steps as planned
from govcloud_cli.plan import vpn as vpn_plan
from govcloud_cli.run import drift, preparing, sidenetwork, sideroles, siderun, sidestacks, sites
from govcloud_cli.run import usage as usage_record
from govcloud_cli.run.vpn import gateway

_VPN_LIST = f"{vpn_plan.AUTHORITY}.crl"
"""What `preparing.certify` says when it made a new revocation list."""


def run(side: siderun.SideRun) -> None:
    """Every step of the side, in order."""
    certified = preparing.certify(side.site, side.plan, now=side.now)
    ordered = side.steps = planned.of(side.plan, sites.facts(side.plan, side.folder))
    if side.way.exists:
        # Also after a kill between the network step and this; the step itself does it for machines it just made.
        side.configure_ssh()
    subject, look = _look(side, ordered)
    for step in ordered:
        if step.kind is planned.StepKind.NETWORK:
            sidenetwork.run(side, step, look.machines.dead)
        elif step.kind is planned.StepKind.ROLES:
            sideroles.run(side, step, sideroles.due(side, step, look), look)
    if _VPN_LIST in certified:
        _publish(side)
    sidestacks.run(side, subject, look.services)


def repair(side: siderun.SideRun) -> None:
    """Restore what drifted and nothing else: where the plan changed too, a deploy does both."""
    ordered = side.steps = planned.of(side.plan, sites.facts(side.plan, side.folder))
    if side.way.exists:
        side.configure_ssh()
    subject, look = _look(side, ordered)
    for step in ordered:
        if step.kind is planned.StepKind.ROLES:
            drifted = {finding.subject for finding in look.machines.found} | drift.restorers(
                side.plan, look.services.found
            )
            last = side.record.entries.get(step.name, {})
            due = {
                name: reason
                for name, reason in sideroles.due(side, step, look).items()
                if name in drifted and last.get(f"Host/{name}") == step.entries[f"Host/{name}"]
            }
            side.left += [finding for finding in look.machines.found if finding.subject not in due]
            side.unread += look.machines.unread
            if due:
                sideroles.run(side, step, due, look)
    sidestacks.repair(side, subject, look.services)


def _look(side: siderun.SideRun, ordered: tuple[planned.Step, ...]) -> tuple[drift.Subject, drift.Look]:
    """Whether anything drifted: asked of every machine, cluster and database server that was set up before."""
    subject = drift.Subject(plan=side.plan, steps=ordered, record=side.record, folder=side.folder, way=side.way)
    stacks_known = any(side.record.entries.get(step.name) for step in ordered if step.kind in sidestacks.KINDS)
    if not side.record.snapshots and not stacks_known:
        return subject, drift.NOTHING
    with side.journal.step(side.name("look")) as result:
        look = drift.look(subject)
        result.note = drift.summary(look)
        usage_record.record(side.folder.path, usage.samples(look.services.quotas, at=side.now), side.now)
    return subject, look


def _publish(side: siderun.SideRun) -> None:
    """Have the gateway use a list that is younger than the one that its role may have brought."""
    if side.plan.vpn is not None:
        with side.journal.step(side.name("vpn-list")) as result:
            gateway.of(side.plan.vpn, side.plan, side.folder).publish()
            result.changed = True
