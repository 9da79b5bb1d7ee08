"""Looks at a side: its machines, its cluster, its databases and its realm, side by side."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import sys
from collections.abc import Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.run import database_access, preparing, process
from govcloud_cli.run.drift import findings, machines, realms, seen, subjects, tasks, telling

Json = dict[str, Any]
_WORKER = [sys.executable, "-m", "govcloud_cli.run.inspection.worker"]
_AWAY = "nothing answers: the side's network is not there"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachinesLook:
    """The machines whose roles had run."""

    found: tuple[findings.Finding, ...] = ()
    unread: tuple[findings.Unread, ...] = ()
    snapshots: Mapping[str, machines.Snapshot] = dataclasses.field(default_factory=dict)
    dead: Mapping[str, errors.GovcloudError] = dataclasses.field(default_factory=dict)
    """Those that did not answer."""
    count: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServicesLook:
    """The cluster's objects, the databases and the realm."""

    found: tuple[findings.Finding, ...] = ()
    unread: tuple[findings.Unread, ...] = ()
    objects: int = 0
    databases: int = 0
    realm: int = 0
    """Parts of the identity service: clients, groups and so on."""
    stale: tuple[str, ...] = ()
    """Steps of which nobody knows what they left: they have to look at what is there."""
    pending: tuple[str, ...] = ()
    """Entries that were not looked at, because they are about to change by plan."""
    quotas: tuple[Json, ...] = ()
    """Every ResourceQuota of ours: `metadata` and `status`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """A whole side."""

    machines: MachinesLook
    services: ServicesLook

    @property
    def found(self) -> tuple[findings.Finding, ...]:
        """Everything that drifted."""
        return (*self.machines.found, *self.services.found)

    @property
    def unread(self) -> tuple[findings.Unread, ...]:
        """Everything that could not be looked at."""
        return (*self.machines.unread, *self.services.unread)


NOTHING = Look(machines=MachinesLook(), services=ServicesLook())
"""Before anything was applied."""


def look(subject: subjects.Subject) -> Look:
    """Look at everything that was applied. What cannot be looked at is in the answer, not an exception."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        asked = pool.submit(look_at_machines, subject)
        services = look_at_services(subject)
        return Look(machines=asked.result(), services=services)


def look_at_machines(subject: subjects.Subject) -> MachinesLook:
    """One question to each machine whose last state is known."""
    recorded = subject.record.snapshots
    known = [host for host in subject.plan.hosts if host.name in recorded]
    if not known:
        return MachinesLook()
    if not subject.way.exists:
        return MachinesLook(unread=tuple(_unread_machine(subject, host.name, _AWAY) for host in known))
    snapshots, dead = machines.look(known, folder=subject.folder, way=subject.way)
    return MachinesLook(
        found=machines.compare(subject.side, recorded, snapshots),
        unread=tuple(_unread_machine(subject, name, error.cause or error.message) for name, error in dead.items()),
        snapshots=snapshots,
        dead=dead,
        count=len(snapshots),
    )


def look_at_services(subject: subjects.Subject) -> ServicesLook:
    """One LIST per kind, and a few questions to the database server and the identity service."""
    scope = tasks.scope(subject.steps, subject.record.entries)
    pending = (*sorted(scope.pending), *realms.pending(subject))
    if not scope.planned and not realms.job(subject):
        return ServicesLook(pending=pending)
    known = seen.load(subject.folder)
    digests = tasks.sealed(scope.objects, seal=tasks.seal(subject.folder))
    job = _job(subject, scope, digests, known)
    try:
        outcome = ask_worker(subject, job)
    except errors.GovcloudError as error:
        outcome = {"unread": _nothing(job, error.cause or error.message)}
    _remember(subject, digests, known, outcome)
    told = telling.Teller(subject.plan, scope)
    cluster, databases = outcome.get("cluster"), outcome.get("databases")
    realm = realms.compare(subject, outcome["realm"]) if outcome.get("realm") else realms.Seen()
    return ServicesLook(
        found=(
            *realm.found,
            *told.objects(cluster["findings"] if cluster else ()),
            *told.databases(databases["findings"] if databases else ()),
        ),
        unread=tuple(told.unread(outcome["unread"])),
        objects=len(digests) if cluster else 0,
        databases=len(scope.databases) if databases else 0,
        realm=realm.count,
        stale=(realms.STEP,) if realm.stale else (),
        pending=pending,
        quotas=tuple(cluster["quotas"]) if cluster else (),
    )


def unknown(side: str, look: ServicesLook) -> tuple[findings.Unread, ...]:
    """What nobody knows whether it changed, as the record of it is lost or of another version. Pure."""
    reason = "there is no record of what the last deploy left; another deploy makes one"
    return tuple(
        findings.Unread(side=side, part=findings.Part.REALM, subject="realm", reason=reason, steps=(step,))
        for step in look.stale
    )


def keep_realm(subject: subjects.Subject) -> None:
    """Record what the identity service holds now, for the next look. Raises `errors.GovcloudError`."""
    outcome = ask_worker(subject, {"cluster": {}, "databases": [], "realm": realms.job(subject)})
    if not outcome.get("realm"):
        raise errors.GovcloudError(
            "what the identity service holds could not be recorded",
            where=f"{subject.side}/{realms.STEP}",
            cause=outcome["unread"][0]["reason"] if outcome["unread"] else "",
            remedy="run `govcloud deploy` again",
        )
    realms.keep(subject, outcome["realm"])


def _job(subject: subjects.Subject, scope: tasks.Scope, digests: Mapping[str, str], known: seen.Seen) -> Json:
    cluster: Json = {}
    if digests:
        cluster = {
            "kubeconfig": str(preparing.engine_kubeconfig(subject.plan, subject.folder)),
            "kinds": scope.kinds,
            "planned": known.marks(digests),
            "ignored": sorted(scope.pending),
        }
    return {
        "cluster": cluster,
        "databases": _servers(subject, scope.databases, known),
        "realm": realms.job(subject),
    }


def _servers(subject: subjects.Subject, names: frozenset[str], known: seen.Seen) -> list[Json]:
    found = []
    for machine in subject.plan.databases:
        planned = tasks.planned_databases(subject.plan, machine.id, names)
        roles = {plan[name] for plan in planned for name in ("rw", "ro")}
        if planned:
            found.append(
                {
                    "machine": machine.id,
                    "access": database_access.of(machine, subject.folder),
                    "planned": planned,
                    "master": str(subject.folder.secrets / "master"),
                    "verified": {role: mark for role, mark in known.verifiers.items() if role in roles},
                }
            )
    return found


def _nothing(job: Json, reason: str) -> list[Json]:
    """What is told where the worker could not even ask."""
    cluster = [{"subject": "cluster", "reason": reason}] if job["cluster"] else []
    realm = [{"subject": "realm", "reason": reason}] if job["realm"] else []
    names = [server["machine"] for server in job["databases"]]
    return realm + cluster + [{"subject": f"databases on {name}", "reason": reason, "machine": name} for name in names]


def ask_worker(subject: subjects.Subject, job: Json) -> Json:
    """Talk with a worker that stands where the side can be reached. Raises `errors.GovcloudError` if it dies."""
    if not subject.way.exists:
        raise errors.GovcloudError(_AWAY)
    with process.talking(subject.way.command(_WORKER)) as (answers, questions):
        try:
            questions.write(json.dumps(job) + "\n")
            questions.flush()
            for line in answers:
                document: Json = json.loads(line)
                if "moved" not in document:
                    return document
                answer = {"desired": tasks.desired(subject.plan, subject.folder, document["moved"])}
                questions.write(json.dumps(answer) + "\n")
                questions.flush()
        except BrokenPipeError:
            pass
    raise errors.GovcloudError(
        "the process that looks at cluster and databases ended early", remedy="its own words are above; run again"
    )


def _remember(subject: subjects.Subject, digests: Mapping[str, str], known: seen.Seen, outcome: Json) -> None:
    """Write what was found equal; what was not looked at keeps what is known of it."""
    cluster, databases = outcome.get("cluster"), outcome.get("databases")
    record = seen.Seen(
        objects={key: (digests[key], mark) for key, mark in cluster["equal"].items()} if cluster else known.objects,
        verifiers=databases["seals"] if databases else known.verifiers,
    )
    if record != known:
        seen.save(subject.folder, record)


def _unread_machine(subject: subjects.Subject, name: str, reason: str) -> findings.Unread:
    return findings.Unread(side=subject.side, part=findings.Part.MACHINE, subject=name, reason=reason)
