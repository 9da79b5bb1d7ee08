"""Changes database passwords and applications' secrets that somebody takes along: Secret and role in one run of the
tenant's stack, client and Secret beside each other, then the database sessions that were opened with the old one end.

`run.rotations` says which generation shall be; a stack that waits for nothing else is run here. Whatever else changed
in it is for `govcloud deploy`, which asks whether it may, and changes the password with it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import databases, plans, rotations, shards, steps
from govcloud_cli.run import applied, database_access, machines, process, reach, siderun, sidestacks, sites, workspace
from govcloud_cli.run import rotations as rotation_record

_POOLER = {"user": "pgbouncer", "folder": "/run/pgbouncer", "port": databases.PORT}
"""Account and socket of the pooler, as `roles/database` has them."""
_SECONDS = 120.0
IDENTITY = steps.StepKind.IDENTITY.value
"""What the realm's stack is called."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Due:
    """What a side has to do about passwords."""

    steps: tuple[steps.Step, ...] = ()
    """Stacks that wait for nothing but later passwords and secrets; the realm's first."""
    tenants: tuple[str, ...] = ()
    """Tenants in these whose passwords change."""
    waiting: tuple[str, ...] = ()
    """Tenants whose passwords change with the next deploy, because their stack changed otherwise."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ended:
    """What former passwords opened, and is no more."""

    tenants: tuple[str, ...] = ()
    """Whose new passwords and secrets are in force."""
    sessions: int = 0
    """Database sessions that were ended."""


def due(plan: plans.SidePlan, folder: workspace.SideFolder) -> Due:
    """What of `plan` (with its generations, `sites.plan`) is not applied yet."""
    record = applied.load(folder)
    facts = sites.facts(plan, folder)
    planned = {step.name: step for step in steps.of(plan, facts)}
    found: list[steps.Step] = []
    tenants: list[str] = []
    waiting: list[str] = []
    realm = record.entries.get(IDENTITY, {})
    if plan.identity is not None and realm and rotations.is_realm_due(plan.identity, realm, facts.secrets):
        found.append(planned[IDENTITY])
    for shard in plan.shards:
        last = record.entries.get(shard.id, {})
        if not last or not any(number > 1 for number in rotations.of_shard(shard).values()):
            continue
        ready = rotations.is_due(shard, last)
        if ready:
            found.append(planned[shard.id])
            tenants += rotations.changing(shard, last)
        elif ready is None:
            waiting += rotations.changing(shard, last)
    return Due(steps=tuple(found), tenants=tuple(sorted(tenants)), waiting=tuple(sorted(waiting)))


def rotate(run: siderun.SideRun, found: Due) -> None:
    """Run the stacks that are due; `cut` is to follow, also where one failed.

    Raises `errors.GovcloudError`; what was not done is still due.
    """
    run.configure_ssh()
    if found.steps:
        sidestacks.turn(run, found.steps)


def cut(plan: plans.SidePlan, folder: workspace.SideFolder) -> Ended:
    """End the sessions of every tenant whose new password is in force, once.

    To be called after stacks ran. Raises `errors.GovcloudError`; then it is to be done again.
    """
    record = rotation_record.load(folder)
    if not record.uncut:
        return Ended()
    left = due(plan, folder)
    turned = [tenant for tenant in record.uncut if tenant not in {*left.tenants, *left.waiting}]
    entries = applied.load(folder).entries
    of = [one for shard in plan.shards for one in shard.databases if one.tenant in turned]
    there = [one for one in of if entries.get(shards.shard_of(one.tenant), {}).get(_entry(one))]
    ended = end_sessions(there, plan, folder, reach.of(plan))
    rotation_record.save(folder, rotation_record.load(folder).cut(turned))
    return Ended(tenants=tuple(one for one in turned if entries.get(shards.shard_of(one))), sessions=ended)


def end_sessions(
    of: Iterable[databases.DatabasePlan],
    plan: plans.SidePlan,
    folder: workspace.SideFolder,
    way: reach.Reach,
) -> int:
    """End what is connected to these databases as their tenants' roles, at the pooler and behind it; return how many.

    Raises `errors.GovcloudError` if a pooler or a server could not be told.
    """
    by_machine: dict[str, list[databases.DatabasePlan]] = {}
    for one in of:
        by_machine.setdefault(one.machine, []).append(one)
    if not by_machine:
        return 0
    failed = _poolers(by_machine, folder, way)
    ended, reasons = _servers(by_machine, plan, folder, way)
    if failed or reasons:
        raise errors.GovcloudError(
            "database sessions of before could not all be ended",
            where=f"{plan.side.value}: {', '.join(sorted(by_machine))}",
            cause="\n".join((*failed, *reasons)),
            remedy="see that pooler and server run; restarting the pooler ends them too",
        )
    return ended


def _poolers(
    by_machine: Mapping[str, Sequence[databases.DatabasePlan]], folder: workspace.SideFolder, way: reach.Reach
) -> list[str]:
    asked = {
        machine: {**_POOLER, "databases": [one.database for one in those if not one.frozen]}
        for machine, those in by_machine.items()
    }
    failed = []
    for machine, answer in machines.run_script("pooler_cut", asked, folder=folder, way=way).items():
        if isinstance(answer, errors.GovcloudError):
            failed.append(f"the pooler on {machine}: {answer.message}")
        else:
            failed += [f"{database} at the pooler on {machine}: {why}" for database, why in answer.items() if why]
    return failed


def _servers(
    by_machine: Mapping[str, Sequence[databases.DatabasePlan]],
    plan: plans.SidePlan,
    folder: workspace.SideFolder,
    way: reach.Reach,
) -> tuple[int, list[str]]:
    known = {machine.id: machine for machine in plan.databases}
    job = {
        "servers": [
            {
                "machine": machine,
                "access": database_access.of(known[machine], folder),
                "roles": sorted(role for one in those for role in (one.rw, one.ro)),
            }
            for machine, those in by_machine.items()
        ]
    }
    argv = way.command([sys.executable, "-m", "govcloud_cli.run.people.database_sessions"])
    answers: dict[str, Any] = json.loads(process.run(argv, stdin=json.dumps(job), timeout=_SECONDS).stdout)
    reasons = [f"{machine}: {why}" for machine, (_, why) in answers.items() if why]
    return sum(number for number, _ in answers.values()), reasons


def _entry(one: databases.DatabasePlan) -> str:
    (entry,) = steps.database_entries([one])
    return entry
