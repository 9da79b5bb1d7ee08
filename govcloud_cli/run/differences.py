"""What a deploy would change for one tenant, against what was last applied."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import belongings, steps
from govcloud_cli.providers.kubernetes import difference
from govcloud_cli.run import applied, renderings, sites, workspace

_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key by which Pulumi marks a secret in its state
HIDDEN = "(secret)"
"""Stands for what is not shown."""
_LONGEST = 120


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """One field that differs."""

    path: str
    before: str
    """As JSON; `-` if it is not there."""
    after: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Difference:
    """One object or database that differs."""

    action: steps.Action
    entry: str
    fields: tuple[Field, ...] | None
    """What differs in a changed object; None where its content is not recorded here, and for what comes or goes."""


def of(site: sites.Site, tenant: str, *, today: datetime.date) -> tuple[Difference, ...]:
    """Every object of a tenant that differs, ordered by entry. Raises for a record that cannot be read."""
    rendering = renderings.of(site.spec, tenant, today=today)
    folder = site.space.side(rendering.side)
    recorded = applied.load(folder).entries.get(rendering.shard, {})
    last = {entry: digest for entry, digest in recorded.items() if belongings.is_entry_of(tenant, entry)}
    wanted = steps.manifest_entries(rendering.manifests) | steps.database_entries(rendering.databases)
    planned = dict(zip(steps.manifest_entries(rendering.manifests), rendering.manifests, strict=True))
    known = _recorded(folder, rendering.shard)
    return tuple(
        Difference(
            action=change.action,
            entry=change.entry,
            fields=_fields(known.get(change.entry), planned.get(change.entry))
            if change.action is steps.Action.CHANGE
            else None,
        )
        for change in steps.changes(wanted, last)
    )


def _recorded(folder: workspace.SideFolder, stack: str) -> dict[str, Mapping[str, Any]]:
    """What Pulumi's state says was last applied, by entry; empty where the state is kept elsewhere."""
    found: dict[str, Mapping[str, Any]] = {}
    for file in (folder.state / ".pulumi" / "stacks").rglob(f"{stack}.json"):
        for resource in _resources(file):
            inputs = resource.get("inputs")
            if isinstance(inputs, dict) and isinstance(inputs.get("metadata"), dict) and "kind" in inputs:
                found[steps.manifest_entry(inputs)] = inputs
    return found


def _resources(file: pathlib.Path) -> Iterator[Mapping[str, Any]]:
    try:
        state = json.loads(file.read_bytes())
        yield from state["checkpoint"]["latest"].get("resources", ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.GovcloudError(
            "Pulumi's state cannot be read",
            where=str(file),
            cause=str(error),
            remedy="run `govcloud deploy`: it mends a state that a killed run left torn",
        ) from error


def _fields(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Field, ...] | None:
    if before is None or after is None:
        return None
    old = _plain({key: value for key, value in before.items() if not key.startswith("__")})
    new = _plain(json.loads(json.dumps(dict(after), default=lambda _: HIDDEN)))
    if after["kind"] == "Secret":
        # The state holds the whole of it encrypted: that something in it changed is all that can be told.
        old, new = (one | {"data": HIDDEN} for one in (old, new))
    found = tuple(
        Field(path=difference.text(path), before=_shown(old, path), after=_shown(new, path))
        for path in difference.changed_paths(old, new)
    )
    return found or (Field(path="data", before=HIDDEN, after=HIDDEN),)


def _plain(value: Any) -> Any:
    """Without what is secret."""
    if isinstance(value, dict):
        return HIDDEN if _SECRET in value else {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _shown(value: Any, path: difference.Path) -> str:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return "-"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
