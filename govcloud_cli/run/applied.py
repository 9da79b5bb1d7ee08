"""What was last applied to one side: the memory that makes an unchanged deploy cheap and a plan truthful."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import steps
from govcloud_cli.run import workspace

_SCHEMA = 1


@dataclasses.dataclass(kw_only=True)
class Applied:
    """One side's record; `save` after every step, so that a kill forgets at most the step it hit."""

    folder: workspace.SideFolder
    digests: dict[str, str] = dataclasses.field(default_factory=dict)
    """Per step, its digest when it last succeeded."""
    entries: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """Per step, its entries then; also of a step that failed midway, whose digest is forgotten."""
    outputs: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Per step, what it told: host keys, ports."""
    snapshots: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """Per machine, what it looked like after its roles had run and been verified."""
    tenants: list[str] = dataclasses.field(default_factory=list)
    """Tenants that have something here."""
    untested: list[str] = dataclasses.field(default_factory=list)
    """Machines whose roles ran and whose roles' tests have not passed since."""
    signed_in: bool = False
    """Whether temporary people were let in and refused as planned since something was last changed."""
    frozen: list[str] = dataclasses.field(default_factory=list)
    """`<tenant>/<environment>` of what is frozen (`lifecycle.frozen_names`)."""

    def is_done(self, step: steps.Step) -> bool:
        """Whether the step was last applied exactly as it is now."""
        return self.digests.get(step.name) == step.digest

    def begin(self, step: steps.Step, tenants: Iterable[str] = ()) -> None:
        """Before a step: from now on its entries may exist, and its old digest says nothing any more."""
        self.digests.pop(step.name, None)
        self.signed_in = False
        self.entries[step.name] = {**self.entries.get(step.name, {})}
        self.tenants = sorted({*self.tenants, *tenants})
        self.save()

    def finish(self, step: steps.Step, outputs: Any = None) -> None:
        """After a step."""
        self.digests[step.name] = step.digest
        self.entries[step.name] = dict(step.entries)
        if outputs is not None:
            self.outputs[step.name] = outputs
        self.save()

    def save(self) -> None:
        """Write the record, durably."""
        content = {name: getattr(self, name) for name in _FIELDS}
        workspace.write(self.folder.applied, json.dumps({"schemaVersion": _SCHEMA, **content}, ensure_ascii=False))


_FIELDS = ("digests", "entries", "outputs", "snapshots", "tenants", "untested", "signed_in", "frozen")


def load(folder: workspace.SideFolder) -> Applied:
    """The record of a side; an empty one if nothing was ever applied. Raises for a record that is not one."""
    if not folder.applied.exists():
        return Applied(folder=folder)
    try:
        content = json.loads(folder.applied.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.pop("schemaVersion") != _SCHEMA:
            raise ValueError("unknown schemaVersion")
        return Applied(folder=folder, **{name: content[name] for name in _FIELDS if name in content})
    except (ValueError, KeyError, TypeError) as error:
        raise errors.GovcloudError(
            "the record of what was last applied cannot be read",
            where=str(folder.applied),
            cause=str(error),
            remedy="move the file away and deploy again: everything is looked at and adopted, nothing is deleted",
        ) from error
