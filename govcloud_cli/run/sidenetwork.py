"""The lab's network and machines of one side: a Pulumi stack, run where there is no network yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from govcloud_cli import counting, errors
from govcloud_cli.plan import steps
from govcloud_cli.run import reach, sidestacks, stacks

if TYPE_CHECKING:
    from govcloud_cli.run import siderun


def run(side: siderun.SideRun, step: steps.Step, dead: Mapping[str, errors.GovcloudError]) -> None:
    """Make or mend the segments and machines, if their plan differs or one of them does not answer (`dead`)."""
    with side.journal.step(side.name(step.name)) as result:
        healthy = not dead and side.way.exists
        if side.record.is_done(step) and healthy:
            result.note = f"{len(side.plan.hosts)} machines run as planned"
            return
        why = "plan differs from last time"
        if side.record.is_done(step):
            why = "machines did not answer: " + ", ".join(dead) if dead else "its network is not there"
        side.begin(step)
        # What Pulumi recorded before a kill or a reboot of this host may not run any more.
        known = (side.folder.state / ".pulumi").exists()
        operation = stacks.Operation.REFRESH_UP if known else stacks.Operation.UP
        (found,) = sidestacks.run_stacks(side, ("network",), operation, way=reach.PRIVATE, label=step.name)
        sidestacks.raise_for(side, [found] if found.error else [], of=1, log=side.log("network"))
        before = side.record.outputs.get(step.name, {})
        network = side.plan.network
        side.record.finish(step, {**found.outputs, "image": "" if network is None else network.image})
        side.rebuilt = any(
            _host_key(before, machine.id) not in (None, _host_key(found.outputs, machine.id))
            for machine in (side.plan.kubernetes, *side.plan.databases)
            if machine is not None
        )
        result.changed = found.changed > 0
        result.note = f"{counting.counted(found.changed, 'resource')} changed ({why})"
    side.configure_ssh()


def _host_key(outputs: Mapping[str, Any], machine: str) -> str | None:
    key: str | None = outputs.get("machines", {}).get(machine, {}).get("host_key")
    return key
