"""A side's roles: on which machines they have to run, and what is kept of how they went."""

from __future__ import annotations

import contextlib

from govcloud_cli import counting, errors
from govcloud_cli.plan import steps as planned
from govcloud_cli.run import ansible, drift, side_secrets, siderun, sites, ssh


def run(side: siderun.SideRun, step: planned.Step, reasons: dict[str, str], look: drift.Look) -> None:
    """Run the roles of the hosts in `reasons` (why, by host), and record how those look that went well."""
    with side.journal.step(side.name(step.name)) as result:
        if not reasons:
            result.note = f"{counting.counted(len(side.plan.hosts), 'machine')} as left by the roles"
            side.record.finish(step)
            return
        side.begin(step)
        sealed = side.plan.identity is not None and side.plan.identity.machine in reasons
        with side_secrets.break_glass_file(side.folder) if sealed else contextlib.nullcontext():
            outcome = ansible.run_roles(
                side.plan.hosts,
                folder=side.folder,
                way=side.way,
                resolve=lambda file: sites.controller_file(side.folder, side.tools, file),
                only=tuple(reasons),
                log=side.log("roles"),
                report=lambda text: side.journal.doing(side.name(step.name), text),
                strategy=side.request.strategy,
            )
        side.record.untested = sorted({*side.record.untested, *reasons})
        _keep(side, step, reasons, outcome, look)
        result.changed = any(outcome.changed.values())
        result.note = _shortly(reasons)


def due(side: siderun.SideRun, step: planned.Step, look: drift.Look) -> dict[str, str]:
    """Hosts whose roles have to run, each with the reason."""
    last = side.record.entries.get(step.name, {})
    snapshots, restorers = look.machines.snapshots, drift.restorers(side.plan, look.services.found)
    found = {}
    for host in side.plan.hosts:
        entry = f"Host/{host.name}"
        if last.get(entry) != step.entries[entry]:
            found[host.name] = "new" if entry not in last else "its variables or roles changed"
        elif host.name not in snapshots:
            found[host.name] = "its last state is not known, or it did not answer"
        elif different := drift.differences(side.record.snapshots[host.name], snapshots[host.name]):
            found[host.name] = "drift: " + ", ".join(different[:3]) + (", …" if len(different) > 3 else "")
        elif host.name in restorers:
            found[host.name] = "drift: the identity service's administration"
    return found


def _keep(
    side: siderun.SideRun, step: planned.Step, reasons: dict[str, str], outcome: ansible.Outcome, look: drift.Look
) -> None:
    """Record what the hosts that went well look like now, then tell of those that did not."""
    good = [
        host
        for host in side.plan.hosts
        if host.name in reasons
        and host.name not in outcome.failed
        and outcome.reached.get(host.name, frozenset()) >= set(host.roles)
    ]
    ssh.disconnect(side.folder, side.way, list(reasons))
    seen, dead = drift.ask_machines(good, folder=side.folder, way=side.way)
    side.record.snapshots = {**side.record.snapshots, **seen}
    for name in (*outcome.failed, *dead):
        side.record.snapshots.pop(name, None)
    entries = side.record.entries.setdefault(step.name, {})
    entries.update({f"Host/{name}": step.entries[f"Host/{name}"] for name in seen})
    side.record.save()
    side.repaired += [finding for finding in look.machines.found if finding.subject in seen]
    side.left += [finding for finding in look.machines.found if finding.subject in reasons.keys() - seen.keys()]
    missing = [name for name in reasons if name not in seen]
    if missing:
        causes = {**{name: error.message for name, error in dead.items()}, **outcome.failed}
        raise errors.GovcloudError(
            f"the roles did not end well on {len(missing)} of {len(reasons)} machines: {', '.join(missing)}",
            where=side.name(step.name),
            cause="\n".join(f"{name}: {cause}" for name, cause in causes.items())
            or "Ansible gave up before their last role",
            log=str(side.log("roles")),
            remedy="mend the cause and run `govcloud deploy` again: machines that are done are skipped",
        )
    if all(entries.get(entry) == digest for entry, digest in step.entries.items()):
        side.record.finish(step)


def _shortly(reasons: dict[str, str]) -> str:
    if len(set(reasons.values())) == 1:
        return f"{counting.counted(len(reasons), 'machine')}: {next(iter(reasons.values()))}"
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
