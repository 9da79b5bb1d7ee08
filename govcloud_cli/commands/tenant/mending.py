"""Faults of a file that is not written yet, told by the flags and questions that its answers came from."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from govcloud_cli import errors

_FLAGS = {
    "metadata.id": "ID",
    "metadata.displayName": "--display-name",
    "spec.organisation": "--organisation",
    "spec.zone": "--zone",
    "spec.dataClass": "--data-class",
    "spec.mlps": "--mlps",
    "spec.owner": "--owner",
    "spec.technicalLead": "--technical-lead",
    "spec.contact.mailbox": "--mailbox",
    "spec.contact.phone": "--phone",
    "spec.environments[].expiresOn": "--expires-on",
    "spec.environments[].databases": "--database",
    "spec.environments": "--environment",
    "spec.members": "--owner-group",
    "spec.reason": "--reason",
}
"""Field -> flag, the longer first."""
_NOT_ASKED = {"--database", "--reason"}


def told(error: errors.InventoryError, file: str) -> errors.InventoryError:
    """The same faults; those of `file`, which nobody can open, with the flag in what to do about them."""
    return errors.InventoryError(
        tuple(
            dataclasses.replace(fault, remedy=f"{flag}: {fault.remedy}; no file was written")
            if fault.file == file and (flag := _flag(fault.field))
            else fault
            for fault in error.faults
        )
    )


def again(faults: Sequence[errors.Fault], file: str) -> frozenset[str]:
    """Names of the answers to ask for again; none where that would not mend every fault."""
    flags = {_flag(fault.field) if fault.file == file else "" for fault in faults}
    if "" in flags or flags & _NOT_ASKED:
        return frozenset()
    return frozenset(_answer(flag) for flag in flags)


def _flag(field: str) -> str:
    plain = re.sub(r"\[[0-9]+\]", "[]", field)
    return next((flag for known, flag in _FLAGS.items() if plain.startswith(known)), "")


def _answer(flag: str) -> str:
    plural = {"ID": "id", "--environment": "environments", "--owner-group": "owner_groups"}
    return plural.get(flag) or flag.removeprefix("--").replace("-", "_")
