"""Writes people into an inventory's `people.yaml`: checked as a whole first, and against what was asked for."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.inventory import people_csv, people_edits, typed
from govcloud_cli.model import people
from govcloud_cli.run import scaffolding, workspace

NAME = "people.yaml"
_MODE = 0o644
"""As `scaffolding`: inventories are read by all who review them, and hold no secret."""
_START = "apiVersion: govcloud/v1\nkind: People\nspec:\n  people:\n"


def merged(folder: pathlib.Path, table: people_csv.Table) -> tuple[str, str]:
    """The text of `people.yaml` now ("" if there is none), and with the people of `table`.

    Raises `errors.InventoryError` for what the inventory would refuse, `errors.GovcloudError` if the edit would say
    anything else than was asked for.
    """
    path = folder / NAME
    known: tuple[people.Person, ...]
    if not path.exists():
        before, known = "", ()
        after = _START + people_edits.added(table.rows, indent=4)
    else:
        loaded = typed.load(path, people.People)
        if loaded.model is None:
            raise errors.InventoryError(loaded.faults)
        before = path.read_text(encoding="utf-8")
        known = loaded.model.spec.people
        after = people_edits.edited(before, table.rows)
    spec = scaffolding.check(folder, NAME, after)
    _refuse_other(_expected(known, table.rows), spec.people)
    return before, after


def write(folder: pathlib.Path, text: str, *, instead_of: str) -> None:
    """Replace `people.yaml`, in one step. Raises `errors.UsageError` if somebody changed it since it was read."""
    path = folder / NAME
    if not instead_of:
        scaffolding.create(path, text)
        return
    if path.is_symlink() or path.read_text(encoding="utf-8") != instead_of:
        raise errors.UsageError(f"{path} was changed meanwhile, or is a link", remedy="run it again")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scaffolding.create(temporary, text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    workspace.sync_folder(path.parent)


def _expected(known: Sequence[people.Person], rows: Sequence[Mapping[str, Any]]) -> dict[str, people.Person]:
    found = {person.id: json.loads(person.model_dump_json(by_alias=True, exclude_defaults=True)) for person in known}
    for row in rows:
        person = found.setdefault(row["id"], {"id": row["id"]})
        for name, value in row.items():
            person.pop(name, None)
            if value is not None and value != []:
                person[name] = value
    return {name: people.Person.model_validate(person, strict=False) for name, person in found.items()}


def _refuse_other(expected: Mapping[str, people.Person], found: Sequence[people.Person]) -> None:
    seen = {person.id: person for person in found}
    wrong = sorted(name for name in {*expected, *seen} if expected.get(name) != seen.get(name))
    if wrong:
        raise errors.GovcloudError(
            f"people.yaml is written in a way that cannot be edited for {', '.join(wrong[:5])}",
            remedy="write these people as `- id: …` with one field a line, or edit them by hand",
        )
