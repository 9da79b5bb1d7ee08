"""`.govcloud/<env>/<side>/decisions.json`: per tenant, what was last applied and what a person last decided.

The platform's own memory of approvals. Git cannot change it: an older commit brings no older approval back.
"""

from __future__ import annotations

import pathlib
from typing import Annotated, Literal

import pydantic

from govcloud_cli import errors
from govcloud_cli.governance import approvals, requests
from govcloud_cli.model import base, names, tenants
from govcloud_cli.run import workspace

_NAME = "decisions.json"


class Entry(base.Model):
    """One tenant."""

    applied: tenants.Tenant | None
    """What was last applied as a whole; null if nothing stands any more, or yet."""
    attempted: str
    """Digest of what the last deploy was to apply, empty for a removal; not that of `applied` where it failed."""
    number: Annotated[int, pydantic.Field(ge=0)]
    """Of the newest request that was used."""
    decided: tenants.Tenant | None
    """What a person last decided."""
    at: requests.Moment

    @property
    def last(self) -> approvals.Last:
        """As the judge wants it."""
        return approvals.Last(applied=self.applied, decided=self.decided, number=self.number)


class Record(base.Model):
    """One side's record."""

    schema_version: Literal[1] = 1
    place: str = ""
    """`<environment>/<side>`: what another one decided says nothing here. Empty in a record of an older GovCloud."""
    required: bool = False
    """Whether approvals were required at the last deploy; then they stay so."""
    tenants: dict[names.Id, Entry] = pydantic.Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _is_of_its_tenants(self) -> Record:
        for name, entry in self.tenants.items():
            if any(one is not None and one.metadata.id != name for one in (entry.applied, entry.decided)):
                raise ValueError(f"what it has of {name} is another tenant's")
        return self


def load(folder: workspace.SideFolder) -> Record:
    """The record of a side; an empty one if there is none. Raises `errors.GovcloudError` for one that is none."""
    path = _path(folder)
    if not path.exists() and not path.is_symlink():
        return Record()
    try:
        found = Record.model_validate_json(path.read_bytes())
        if found.place not in {"", _place(folder)}:
            raise ValueError(f"it is that of {found.place}, and this is {_place(folder)}")
    except (OSError, ValueError) as error:
        raise errors.GovcloudError(
            "the record of what was decided cannot be read",
            where=str(path),
            cause=str(error),
            remedy="put it back from a backup; without it, everything has to be approved again",
        ) from error
    return found


def save(folder: workspace.SideFolder, record: Record) -> None:
    """Replace the record, durably. Raises `errors.GovcloudError` where the disk refuses: the old one stays."""
    path = _path(folder)
    try:
        workspace.write(path, record.model_copy(update={"place": _place(folder)}).model_dump_json())
    except OSError as error:
        raise errors.GovcloudError(
            "what was decided cannot be recorded",
            where=str(path),
            cause=error.strerror,
            remedy="make room or restore access, then deploy again: it records what was applied",
        ) from error


def _place(folder: workspace.SideFolder) -> str:
    return f"{folder.path.parent.name}/{folder.side.value}"


def _path(folder: workspace.SideFolder) -> pathlib.Path:
    return folder.path / _NAME
