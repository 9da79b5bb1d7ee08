"""Whether the identity service still is as the last deploy left it, and whether it holds what nobody planned.

A realm has far more fields than a plan decides, and each may open it. So a deploy records them all, in
`.govcloud/<env>/<side>/realm.json`, and a look compares with that; secrets are in it as keyed digests. What a plan
explains and what it does not is judged by the plan alone: nothing becomes planned by having been there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.model import people
from govcloud_cli.plan import identity, identity_places, plans, steps
from govcloud_cli.providers.keycloak import parts
from govcloud_cli.run import workspace
from govcloud_cli.run.drift import findings, machines, subjects
from govcloud_cli.run.inspection import keycloak

NAME = "realm.json"
STEP = "identity"
_SCHEMA = 1
_REALM = f"Realm/{identity_places.REALM}"
_MASTER = "Realm/master"
_ROLES = ("clientRoles", "realmRoles")
_BUILT_IN = ("account", "account-console", "admin-cli", "broker", "security-admin-console")
"""Clients that Keycloak brings to every realm."""
_EXPLAINED = frozenset(
    (
        *(_REALM, _MASTER, "Client/realm-management", f"User/master/{people.BREAK_GLASS}"),
        *(f"Client/{place}{name}" for place in ("", "master/") for name in _BUILT_IN),
        *(f"Client/master/{name}" for name in ("master-realm", f"{identity_places.REALM}-realm")),
        f"Client/master/{identity.ENGINE_CLIENT}",
    )
)
"""What there is without an entry of the step."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """What a deploy left."""

    version: str = ""
    """The server's; another one has other fields."""
    host: str = ""
    """Digest by which the role `identity` was applied: it settles the realm `master`."""
    step: str = ""
    """Digest by which the stack `identity` was applied."""
    code: str = ""
    entries: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The stack's entries then."""
    parts: Mapping[str, parts.Fields] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """What a look made of the realm."""

    found: tuple[findings.Finding, ...] = ()
    count: int = 0
    """Parts compared."""
    stale: bool = False
    """There is no record of what the stack last left: it has to run again, with a look at what is there."""


def load(folder: workspace.SideFolder) -> Record:
    """The record of a side; an empty one where there is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        content = json.loads((folder.path / NAME).read_text(encoding="utf-8"))
        if content.pop("schemaVersion") == _SCHEMA:
            return Record(**content)
    return Record()


def job(subject: subjects.Subject) -> dict[str, str]:
    """What `run.inspection.keycloak` takes; empty while the stack never ran."""
    planned, folder = subject.plan.identity, subject.folder
    if planned is None or not subject.record.entries.get(STEP):
        return {}
    return {
        "url": planned.admin_url,
        "secret": str(folder.secrets / identity.ENGINE_SECRET),
        "ca": str(folder.pki / "services-ca.crt"),
        "master": str(folder.secrets / "master"),
    }


def pending(subject: subjects.Subject) -> tuple[str, ...]:
    """Entries that are about to change by plan."""
    step, last = _step(subject), subject.record.entries.get(STEP, {})
    if step is None or not last:
        return ()
    return tuple(sorted(change.entry for change in steps.changes(step.entries, last)))


def compare(subject: subjects.Subject, live: Mapping[str, Any]) -> Seen:
    """Compare what a worker told (`parts`, `version`) with the plan and with the record. Pure, but for the record."""
    step, record = _step(subject), load(subject.folder)
    if step is None:
        return Seen()
    there: Mapping[str, parts.Fields] = live["parts"]
    skipped = frozenset(pending(subject))
    explained = _EXPLAINED | step.entries.keys() | skipped
    found = [_finding(subject, part, findings.What.EXTRA) for part in there if part not in explained]
    if record.version != live["version"]:
        return Seen(found=tuple(found), stale=True)
    if record.host != _host(subject):
        skipped |= {part for part in record.parts if _is_administration(part)}
    compared = [part for part in sorted(record.parts) if part in explained - skipped]
    if _REALM not in there:
        compared = [part for part in compared if part == _REALM or _is_administration(part)]
    for part in compared:
        found += _differences(subject, part, record.parts[part], there.get(part))
    return Seen(found=tuple(found), count=len(compared), stale=record.step != subject.record.digests.get(STEP))


def is_outdated(subject: subjects.Subject) -> bool:
    """Whether the record is of another state than the one last applied."""
    record, last = load(subject.folder), subject.record
    return bool(job(subject)) and (record.step != last.digests.get(STEP) or record.host != _host(subject))


def keep(subject: subjects.Subject, live: Mapping[str, Any]) -> None:
    """Record what the stack left. What its plan did not change stays as it is on record: nobody's change gets in."""
    step, old = _step(subject), load(subject.folder)
    if step is None:
        return
    host, there = _host(subject), live["parts"]
    same_server = old.version == live["version"]
    kept: dict[str, parts.Fields] = {}
    for part in sorted(_EXPLAINED | step.entries.keys()):
        same = old.host == host if _is_administration(part) else _is_same(part, step, old)
        if same and same_server and part in old.parts:
            kept[part] = old.parts[part]
        elif part in there:
            kept[part] = there[part]
    record = Record(
        version=live["version"],
        host=host,
        step=subject.record.digests.get(STEP, ""),
        code=step.code,
        entries=step.entries,
        parts=kept,
    )
    content = json.dumps({"schemaVersion": _SCHEMA, **dataclasses.asdict(record)}, ensure_ascii=False)
    workspace.write(subject.folder.path / NAME, content)


def restorers(plan: plans.SidePlan, found: Iterable[findings.Finding]) -> frozenset[str]:
    """Machines whose roles restore what is on no machine's disk: the realm `master`. `found`: of a `ServicesLook`."""
    drifted = any(finding.step == machines.ROLES for finding in found)
    return frozenset({plan.identity.machine} if drifted and plan.identity is not None else ())


def _is_same(part: str, step: steps.Step, old: Record) -> bool:
    """Whether nothing in the plan could have changed a part; what has no entry of its own follows the realm's."""
    entry = part if part in step.entries else _REALM
    return old.code == step.code and old.entries.get(entry) == step.entries.get(entry)


def _is_administration(part: str) -> bool:
    return part == _MASTER or part.split("/")[1] == "master"


def _differences(
    subject: subjects.Subject, part: str, wanted: parts.Fields, there: parts.Fields | None
) -> Iterator[findings.Finding]:
    if there is None:
        yield _finding(subject, part, findings.What.MISSING)
        return
    for field in sorted({*wanted, *there}):
        before, after = wanted.get(field), there.get(field)
        if before == after:
            continue
        what = findings.What.CHANGED
        if field not in there:
            what = findings.What.MISSING
        elif field not in wanted:
            what = findings.What.EXTRA
        yield _finding(subject, part, what, field=field, expected=before, found=after)


def _finding(
    subject: subjects.Subject,
    part: str,
    what: findings.What,
    *,
    field: str = "",
    expected: Any = None,
    found: Any = None,
) -> findings.Finding:
    withheld = any(isinstance(value, str) and value.startswith(parts.SEALED) for value in (expected, found))
    return findings.Finding(
        side=subject.side,
        part=findings.Part.REALM,
        subject=part,
        what=what,
        field=field,
        expected=None if withheld else expected,
        found=None if withheld else found,
        withheld=withheld,
        step=_restored_by(subject, part),
        mend=_mend(subject, part) if field.startswith(_ROLES) else None,
    )


def _restored_by(subject: subjects.Subject, part: str) -> str:
    """The step that knows how a part should be; none where no plan explains it, which is for people to judge."""
    if part not in _EXPLAINED | _entries(subject):
        return ""
    return machines.ROLES if _is_administration(part) else STEP


def _mend(subject: subjects.Subject, part: str) -> Mapping[str, str] | None:
    groups = () if subject.plan.identity is None else subject.plan.identity.groups
    bare = (group.name for group in groups if f"Group/{group.name}" == part and not group.roles)
    return next(({"kind": keycloak.NO_ROLES, "group": name} for name in bare), None)


def _step(subject: subjects.Subject) -> steps.Step | None:
    return next((step for step in subject.steps if step.kind is steps.StepKind.IDENTITY), None)


def _entries(subject: subjects.Subject) -> frozenset[str]:
    step = _step(subject)
    return frozenset() if step is None else frozenset(step.entries)


def _host(subject: subjects.Subject) -> str:
    planned = subject.plan.identity
    roles: Mapping[str, str] = subject.record.entries.get("roles", {})
    return "" if planned is None else roles.get(f"Host/{planned.machine}", "")
