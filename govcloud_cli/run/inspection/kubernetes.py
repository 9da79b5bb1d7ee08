"""Whether a cluster's objects are as they were last applied; the part that talks to the API server.

Every change of an object moves its `resourceVersion`. So one LIST of metadata per kind tells which objects are the
very ones that were found equal before; only the others are read whole and compared field by field.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any

from govcloud_cli.plan import namespaces
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.providers.kubernetes import comparison, kinds

Json = dict[str, Any]
QUOTA = "ResourceQuota"
"""Read whole every time: it tells what is used."""

_KINDS = {kind.name: kind for kind in kinds.SERVED}
_MANY = 40
"""From so many objects of a kind on, one LIST of it is cheaper than a GET for each."""
_ORPHANS = 100
"""Told per kind: whoever may create objects could otherwise fill every report."""
_AT_ONCE = 16
_WRITTEN = ("uid", "labels", "annotations", "deletionTimestamp")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """What to look at. Objects are named as steps name their entries: `Kind/<namespace>/<name>`."""

    kinds: Sequence[Sequence[str]]
    """Pairs of apiVersion and kind."""
    planned: Mapping[str, str]
    """Object -> the `fingerprint` under which it was last found equal; empty for one that has to be compared."""
    ignored: Sequence[str]
    """Objects that are about to change, come or go by plan."""


@dataclasses.dataclass(kw_only=True)
class Answer:
    """What was seen."""

    findings: list[Json] = dataclasses.field(default_factory=list)
    """`subject`, `what`, `field`, `expected`, `found`, `withheld`."""
    equal: dict[str, str] = dataclasses.field(default_factory=dict)
    """Object -> its fingerprint, for those that are as planned."""
    quotas: list[Json] = dataclasses.field(default_factory=list)
    """Every ResourceQuota of ours: `metadata` (name, namespace, labels) and `status`."""


Ask = Callable[[Sequence[str]], Mapping[str, Json]]
"""Gives the manifests, secrets filled in, of the objects named."""


async def look(client: clients.Client, task: Task, ask: Ask) -> Answer:
    """Compare. `ask` is called once, for what moved. Raises the client's errors: half a look says nothing."""
    answer = Answer()
    served = list(task.kinds)
    seen = await _together(_list(client, version, kind, answer) for version, kind in served)
    listed = {key: entry for found in seen for key, entry in found.items()}
    known = {*task.planned, *task.ignored}
    moved = [key for key, mark in task.planned.items() if not mark or listed.get(key) != mark]
    for key, mark in task.planned.items():
        if mark and listed.get(key) == mark:
            answer.equal[key] = mark
    for _, kind in served:
        _orphans(answer, [key for key in listed if key not in known and key.startswith(f"{kind}/")])
    desired = ask(moved) if moved else {}
    versions = {kind: version for version, kind in served}
    by_kind: dict[str, list[str]] = {}
    for key in moved:
        by_kind.setdefault(key.partition("/")[0], []).append(key)
    await _together(_compare(client, versions[kind], keys, desired, answer) for kind, keys in by_kind.items())
    return answer


async def _list(client: clients.Client, version: str, kind: str, answer: Answer) -> dict[str, str]:
    """Return the kind's objects that have our label, each with its fingerprint."""
    whole = kind == QUOTA
    found = {}
    async for item in client.list_kind(version, kind, label_selector=namespaces.SELECTOR, metadata_only=not whole):
        found[_key(item)] = fingerprint(item)
        if whole:
            metadata = {name: item["metadata"].get(name) for name in ("name", "namespace", "labels")}
            answer.quotas.append({"metadata": metadata, "status": item.get("status") or {}})
    return found


def fingerprint(live: Mapping[str, Any]) -> str:
    """What no two states of an object share.

    Identity and time of the last write too: a restored etcd counts its versions again. A quota moves with every pod,
    and is read whole; of it the parts count that somebody writes.
    """
    metadata = live["metadata"]
    if live["kind"] == QUOTA:
        parts = [*(metadata.get(name) for name in _WRITTEN), live.get("spec")]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    times = [str(entry.get("time") or "") for entry in metadata.get("managedFields") or ()]
    return f"{metadata['resourceVersion']} {metadata['uid']} {max(times, default='')}"


async def _compare(
    client: clients.Client, version: str, keys: Sequence[str], desired: Mapping[str, Json], answer: Answer
) -> None:
    """Compare the objects of one kind that are named."""
    left = set(keys)
    if len(keys) > _MANY:
        kind = keys[0].partition("/")[0]
        async for live in client.list_kind(version, kind, label_selector=namespaces.SELECTOR):
            if (key := _key(live)) in left:
                left.discard(key)
                _judge(answer, key, desired[key], live)
    # Few, or no longer under our label: asked for by name before it is said that one is gone.
    async for key, found in _get(client, version, sorted(left)):
        if found is None:
            answer.findings.append({"subject": key, "what": "missing"})
        else:
            _judge(answer, key, desired[key], found)


async def _get(client: clients.Client, version: str, keys: Sequence[str]) -> AsyncIterator[tuple[str, Json | None]]:
    for start in range(0, len(keys), _AT_ONCE):
        batch = keys[start : start + _AT_ONCE]
        places = [key.split("/") for key in batch]
        found = await _together(
            client.get(version, place[0], place[-1], namespace=place[1] if len(place) > 2 else None) for place in places
        )
        for pair in zip(batch, found, strict=True):
            yield pair


def _judge(answer: Answer, key: str, desired: Json, live: Json) -> None:
    kind = _KINDS[str(desired["kind"])]
    deviations = comparison.deviations(kind, desired, live)
    for deviation in deviations:
        secret = deviation.path[0] in kind.secret
        answer.findings.append(
            {
                "subject": key,
                "what": _what(deviation),
                "field": deviation.field,
                "expected": None if secret else deviation.expected,
                "found": None if secret else deviation.found,
                "withheld": secret,
            }
        )
    if not deviations:
        answer.equal[key] = fingerprint(live)


def _what(deviation: comparison.Deviation) -> str:
    if deviation.path == ("metadata", "deletionTimestamp"):
        return "deleting"
    if deviation.expected is comparison.ABSENT:
        return "extra"
    return "missing" if deviation.found is comparison.ABSENT else "changed"


def _orphans(answer: Answer, keys: Sequence[str]) -> None:
    for key in sorted(keys)[:_ORPHANS]:
        answer.findings.append({"subject": key, "what": "orphan"})
    if len(keys) > _ORPHANS:
        kind = keys[0].partition("/")[0]
        answer.findings.append({"subject": f"{kind}/*", "what": "orphan", "found": f"{len(keys) - _ORPHANS} more"})


def _key(live: Mapping[str, Any]) -> str:
    metadata = live["metadata"]
    return "/".join(part for part in (live["kind"], metadata.get("namespace"), metadata["name"]) if part)


async def _together(work: Iterable[Any]) -> list[Any]:
    """Await all of `work` side by side; the first failure ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
