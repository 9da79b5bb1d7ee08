"""Reads the catalogues of requirements, `policies/controls/*.yaml`."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from pathlib import Path

from govcloud_cli import errors
from govcloud_cli.inventory import policy_folders, reader, typed
from govcloud_cli.model import controls

_Told = tuple[reader.Path_, str, str]
"""Path, message, what was found."""


def load(folder: Path) -> tuple[controls.Catalogue, ...]:
    """Every catalogue of a folder of policies, in the order of `controls.Framework`; none if it has no such files.

    Raises `errors.InventoryError` with every fault, in the order of files and lines. Changes nothing.
    """
    faults: list[errors.Fault] = []
    found: dict[controls.Framework, tuple[Path, controls.Catalogue]] = {}
    for path in policy_folders.Listing(folder).catalogues():
        loaded = typed.load(path, controls.Catalogue)
        faults += loaded.faults
        if loaded.model is None:
            continue
        framework = loaded.model.spec.framework
        faults += _placed(path, [*_taken(framework, found), *_twice(loaded.model)])
        found.setdefault(framework, (path, loaded.model))
    if faults:
        raise errors.InventoryError(tuple(faults))
    return tuple(found[one][1] for one in controls.Framework if one in found)


def _taken(
    framework: controls.Framework, found: dict[controls.Framework, tuple[Path, controls.Catalogue]]
) -> list[_Told]:
    if framework not in found:
        return []
    message = f"{framework.value} has its catalogue in {found[framework][0]} already"
    return [(("spec", "framework"), message, framework.value)]


def _twice(catalogue: controls.Catalogue) -> Iterator[_Told]:
    seen: collections.Counter[str] = collections.Counter()
    for number, control in enumerate(catalogue.spec.controls):
        seen[control.id] += 1
        if seen[control.id] == 2:
            yield ("spec", "controls", number, "id"), f"control {control.id} is listed already", control.id


def _placed(path: Path, told: list[_Told]) -> Iterator[errors.Fault]:
    """Faults with their lines; the file is read again only if there are some."""
    document = reader.read(path) if told else None
    for where, message, found in told:
        if document is not None:
            yield typed.fault(document, "GC1201", where, message=message, found=found)
