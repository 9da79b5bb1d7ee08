"""Decommissions a tenant, step by step; killed anywhere and run again, it goes on.

While the tenant's file is in the inventory nothing is destroyed yet, and everything is asked anew. What begins with its
removal is written down first (`decommissions/<tenant>.json`), and every later step finds what an earlier run left.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.governance import requests as request_states
from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import plans
from govcloud_cli.run import progress, reach, renderings, requests, scaffolding, sites, workspace
from govcloud_cli.run.decommission import backup, decide, reading

_ID = re.compile(r"[a-z][a-z0-9-]{1,29}\Z")
_MADE = "%Y%m%dT%H%M%SZ"
"""What the folder of a backup is called: when it was made, UTC."""
_FRESH = datetime.timedelta(days=1)
"""So old may the backup be of data that is still there when an interrupted decommission goes on."""
Recorder = Callable[[chain.Action, Mapping[str, Any]], None]
"""Puts a record into the audit log. Raises `errors.GovcloudError` if it cannot: nothing is done then."""
Deployer = Callable[[sites.Site], None]
"""Deploys a site whose inventory no longer has the tenant, with leave to remove it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """One decommission."""

    folder: pathlib.Path
    """Of the inventory."""
    site: sites.Site
    """The tenant's side alone."""
    tenant: str
    now: datetime.datetime
    seen: Collection[request_states.Step] | None = None
    """What the audit log has of requests, as deploy's own gate is told; None where there is no log."""

    @property
    def side(self) -> platforms.Side:
        """The tenant's side."""
        return self.site.sides[0]

    @property
    def file(self) -> pathlib.Path:
        """The tenant's file."""
        return self.folder / "tenants" / f"{self.tenant}.yaml"

    @property
    def freeze(self) -> pathlib.Path:
        """The file that may freeze it."""
        return self.folder / "freezes" / f"{self.tenant}.yaml"

    @property
    def mark(self) -> pathlib.Path:
        """What says that its removal began."""
        return mark_of(self.site.space, self.side, self.tenant)

    @property
    def place(self) -> workspace.SideFolder:
        """The side's folder."""
        return self.site.space.side(self.side)

    @property
    def plan(self) -> plans.SidePlan:
        """The side's plan, for where its machines are."""
        (found,) = sites.plan(self.site, today=self.now.date(), guards=()).sides
        return found


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a decommission would do, and what stands in the way."""

    approval: str | None
    """Who decided it; None while nobody did."""
    denied: str | None
    """Why it is not approved."""
    obstacles: tuple[str, ...]
    """What is in use, or cannot be read."""
    reading: decide.Reading


def mark_of(space: workspace.Workspace, side: platforms.Side, tenant: str) -> pathlib.Path:
    """The file that says that a tenant's removal began, and where its backup is."""
    return space.side(side).path / "decommissions" / f"{tenant}.json"


def unfinished(space: workspace.Workspace, tenant: str) -> platforms.Side | None:
    """The side on which an earlier run began to remove the tenant and did not end."""
    # What is typed is looked for as a file: `../x` would be another one than a mark.
    if not _ID.match(tenant):
        return None
    return next((side for side in platforms.Side if mark_of(space, side, tenant).is_file()), None)


def outlook(task: Task) -> Outlook:
    """Look at everything; changes nothing."""
    approval, denied = _approval(task)
    found = reading.look(task.site, task.plan, task.tenant)
    spec = task.site.spec
    obstacles = decide.obstacles(
        found,
        decide.consumers(task.tenant, spec.tenants),
        decide.members(task.tenant, spec.tenants, spec.people),
    )
    return Outlook(approval=approval, denied=denied, obstacles=obstacles, reading=found)


def proceed(task: Task, *, deploy: Deployer, record: Recorder, journal: progress.Journal) -> pathlib.Path:
    """Remove the tenant; return the folder of its backup. Raises with every reason if it may not go.

    The environment's lock is held.
    """
    if task.file.exists():
        with journal.step("look") as step:
            seen = _permitted(task)
            step.note = f"nothing stands in the way; {seen.approval}"
        record(chain.Action.DECOMMISSION_BEGAN, {"approval": seen.approval})
        with journal.step("backup") as step:
            target = _back_up(task, seen)
            step.changed, step.note = True, str(target)
        # Whoever came meanwhile may have written what the backup lacks.
        _permitted(task)
        workspace.write(task.mark, json.dumps({"tenant": task.tenant, "backup": str(target)}) + "\n")
        scaffolding.remove(task.freeze)
        scaffolding.remove(task.file)
    target = _begun(task)
    _refuse_old(task, target)
    # Not read again: a machine that is dedicated to it may still be in platform.yaml, and is emptied like any other.
    deploy(dataclasses.replace(task.site, spec=without(task.site.spec, task.tenant)))
    with journal.step("sweep") as step:
        left = decide.orphans(reading.sweep(task.site, task.plan, task.tenant))
        if left:
            raise errors.GovcloudError(
                f"{len(left)} things of tenant {task.tenant} are still there",
                where=f"{task.side.value}/sweep",
                cause="\n".join(left),
                remedy="mend what holds them, then run the same command again",
            )
        step.note = "no namespace, secret, database or role is left"
    manifest = (target / backup.MANIFEST).read_bytes()
    record(chain.Action.DECOMMISSION_ENDED, {"backup": str(target), "manifest": json.loads(manifest), "orphans": 0})
    scaffolding.remove(task.mark)
    return target


def _permitted(task: Task) -> Outlook:
    seen = outlook(task)
    reasons = [*filter(None, [seen.denied]), *seen.obstacles]
    if not reasons:
        return seen
    kind = errors.PolicyDeniedError if seen.denied else errors.GovcloudError
    raise kind(
        f"tenant {task.tenant} cannot be decommissioned: {len(reasons)} {'reason' if len(reasons) == 1 else 'reasons'}",
        cause="\n".join(reasons),
        remedy=f"nothing was removed; `govcloud tenant decommission {task.tenant} --plan` looks again",
    )


def _approval(task: Task) -> tuple[str | None, str | None]:
    """Who decided that it goes, or why it may not: what deploy's own gate will say once its file is gone."""
    spec = task.site.spec
    if not spec.needs_approval:
        return None, (
            "not approved: nobody may approve here, and it takes a second person: name one in people.yaml (approves),"
            f" then govcloud request submit {task.tenant} --decommission"
        )
    try:
        clearance = requests.gate(
            dataclasses.replace(task.site, spec=without(spec, task.tenant)), task.folder, now=task.now, seen=task.seen
        )
    except errors.PolicyDeniedError as error:
        return None, f"not approved: {error.cause or error.message}: {error.remedy}"
    verdict = next((one for one in clearance.verdicts[task.side] if one.tenant == task.tenant), None)
    if verdict is None or verdict.approver is None:
        return None, "not approved: nothing of it was ever deployed here; a change that removes its file is enough"
    return verdict.why, None


def without(spec: inventory.Inventory, tenant: str) -> inventory.Inventory:
    """The inventory as it will be when the tenant is gone."""
    return dataclasses.replace(
        spec,
        tenants=tuple(one for one in spec.tenants if one.metadata.id != tenant),
        freezes=tuple(one for one in spec.freezes if one.metadata.id != tenant),
    )


def _back_up(task: Task, seen: Outlook) -> pathlib.Path:
    target = task.place.path / "backups" / task.tenant / f"{task.now:{_MADE}}"
    rendering = renderings.of(task.site.spec, task.tenant, today=task.now.date())
    texts = {"tenant.yaml": task.file.read_text(encoding="utf-8"), "objects.yaml": renderings.text(rendering)}
    if task.freeze.exists():
        texts["freeze.yaml"] = task.freeze.read_text(encoding="utf-8")
    sources = [backup.Source(database=one.name, machine=one.machine) for one in seen.reading.databases]
    backup.make(target, sources, texts, folder=task.place, way=reach.of(task.plan), now=task.now)
    return target


def _begun(task: Task) -> pathlib.Path:
    """The backup that a removal which began has; what it says is compared with what is there."""
    try:
        target = pathlib.Path(json.loads(task.mark.read_text(encoding="utf-8"))["backup"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.GovcloudError(
            f"there is no word of a decommission of {task.tenant} that began",
            where=str(task.mark),
            cause=str(error),
            remedy="put its file back under tenants/, and begin anew",
        ) from error
    wrong = backup.faults(target)
    if wrong:
        raise errors.GovcloudError(
            f"the backup of {task.tenant} is not whole, so nothing more is removed",
            where=str(target),
            cause="\n".join(wrong),
            remedy="put the backup back, or its file under tenants/ to begin anew",
        )
    return target


def _refuse_old(task: Task, target: pathlib.Path) -> None:
    """Who had put the file back may have worked on for months; what was written since is in no backup."""
    age = task.now - datetime.datetime.strptime(target.name, _MADE).replace(tzinfo=datetime.UTC)
    if age <= _FRESH:
        return
    standing = reading.look(task.site, task.plan, task.tenant)
    if standing.databases or standing.unreadable:
        raise errors.GovcloudError(
            f"the backup of {task.tenant} is {age.days} days old, and its databases may have been used since",
            where=str(target),
            cause="\n".join([*(one.name for one in standing.databases), *standing.unreadable]),
            remedy=f"put {task.file} back (git checkout), and decommission it anew: that makes a new backup",
        )
