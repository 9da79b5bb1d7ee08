"""What to do where an inventory is refused because somebody changed a tenant's id."""

from __future__ import annotations

import dataclasses
import pathlib
import re

from govcloud_cli import errors
from govcloud_cli.governance import comparisons
from govcloud_cli.run import history

_FORM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


def with_what_helps(
    error: errors.InventoryError, folder: pathlib.Path, start: history.Base | None
) -> errors.InventoryError:
    """The same faults; those that come of a changed id say which id it was, as far as `start` tells."""
    before = _before(folder, start)
    return errors.InventoryError(
        tuple(dataclasses.replace(fault, remedy=_remedy(fault, folder, before)) for fault in error.faults)
    )


def _remedy(fault: errors.Fault, folder: pathlib.Path, before: frozenset[str]) -> str:
    if fault.code == "GC1015" and fault.field == "metadata.id":
        return _whichever_it_was(pathlib.PurePath(fault.file).stem, fault.found, before)
    gone = fault.found in before and not (folder / "tenants" / f"{fault.found}.yaml").exists()
    if fault.code == "GC1205" and fault.field.endswith("peer.tenant") and gone:
        return (
            f"'{fault.found}' was there before. If its id was changed: {comparisons.keep_the_id(fault.found)}. "
            "If it is to go: this department removes its allowance first"
        )
    return fault.remedy


def _whichever_it_was(stem: str, identifier: str, before: frozenset[str]) -> str:
    if stem in before or identifier in before:
        return comparisons.keep_the_id(stem if stem in before else identifier)
    if not _FORM.match(stem):
        return f"name the file tenants/{identifier}.yaml; the name for people is displayName (名称)"
    return (
        f"ids never change (标识不变): name the file tenants/{identifier}.yaml, or write id: {stem}, whichever it was "
        "before; the name for people is displayName (名称), which may change"
    )


def _before(folder: pathlib.Path, start: history.Base | None) -> frozenset[str]:
    """Ids that the tenants had."""
    if start is None:
        return frozenset()
    try:
        return frozenset(tenant.metadata.id for tenant in history.inventory_at(folder, start).tenants)
    except errors.GovcloudError:
        # What is told already is enough.
        return frozenset()
