"""`.govcloud/<env>/<side>/rotations.json`: which generation of database passwords each tenant has, and for whom.

The file is what a plan takes its generations from: it says what shall be, `applied.json` what is.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Collection, Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.run import workspace

NAME = "rotations.json"
_SCHEMA = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rotations:
    """The record of a side."""

    generations: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Tenant -> generation, of those that had more than one."""
    open: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    """Person -> tenants that were rotated for him, until all else about him is done: once is enough."""
    uncut: Sequence[str] = ()
    """Tenants whose sessions with the former password are not ended yet."""
    owed: Sequence[str] = ()
    """Tenants whose file no longer lets everybody read who could: their turn comes when that is in force."""

    def bumped(self, person: str, tenants: Collection[str]) -> Rotations:
        """With the next generation for each of `tenants` that was not yet rotated for `person`. Pure."""
        had = set(self.open.get(person, ()))
        fresh = sorted(set(tenants) - had)
        later = {tenant: self.generations.get(tenant, 1) + 1 for tenant in fresh}
        return dataclasses.replace(
            self,
            generations={**self.generations, **later},
            open={**self.open, person: sorted({*had, *fresh})},
            uncut=sorted({*self.uncut, *fresh}),
        )

    def settled(self, person: str) -> Rotations:
        """Without what is open for `person`. Pure."""
        return dataclasses.replace(self, open={name: those for name, those in self.open.items() if name != person})

    def owing(self, tenants: Collection[str]) -> Rotations:
        """With a next generation owed to these. Pure."""
        return dataclasses.replace(self, owed=sorted({*self.owed, *tenants}))

    def paid(self, tenants: Collection[str]) -> Rotations:
        """With the next generation for each of these, and nothing owed to them. Pure."""
        later = {tenant: self.generations.get(tenant, 1) + 1 for tenant in tenants}
        return dataclasses.replace(
            self,
            generations={**self.generations, **later},
            uncut=sorted({*self.uncut, *tenants}),
            owed=[tenant for tenant in self.owed if tenant not in later],
        )

    def cut(self, tenants: Collection[str]) -> Rotations:
        """With nothing more to end of these. Pure."""
        return dataclasses.replace(self, uncut=[tenant for tenant in self.uncut if tenant not in set(tenants)])


def load(folder: workspace.SideFolder) -> Rotations:
    """The record of a side; an empty one if nothing was ever rotated. Raises for a record that is not one."""
    path = _path(folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schemaVersion"] != _SCHEMA:
            raise ValueError("unknown schemaVersion")
        generations = {str(tenant): int(number) for tenant, number in content["generations"].items()}
        if any(number < 1 for number in generations.values()):
            raise ValueError("a generation below 1")
        return Rotations(
            generations=generations,
            open={str(name): tuple(those) for name, those in content["open"].items()},
            uncut=tuple(str(tenant) for tenant in content["uncut"]),
            owed=tuple(str(tenant) for tenant in content.get("owed", ())),
        )
    except FileNotFoundError:
        return Rotations()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # An empty one instead would bring passwords back that people know who left.
        raise errors.GovcloudError(
            "the record of rotated database passwords cannot be read",
            where=str(path),
            cause=str(error),
            remedy="restore it from the backup of the state folder",
        ) from error


def save(folder: workspace.SideFolder, record: Rotations) -> None:
    """Write the record of a side, durably; it holds no secret."""
    content = {"schemaVersion": _SCHEMA, **{field.name: getattr(record, field.name) for field in _FIELDS}}
    workspace.write(_path(folder), json.dumps(content, ensure_ascii=False, default=list) + "\n")


_FIELDS = dataclasses.fields(Rotations)


def _path(folder: workspace.SideFolder) -> pathlib.Path:
    return folder.path / NAME
