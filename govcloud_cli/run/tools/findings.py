"""What `doctor` says about one thing."""

from __future__ import annotations

import dataclasses
import enum


class Status(enum.StrEnum):
    """How one thing stands."""

    READY = "ready"
    WOULD_BE_DONE = "would-be-done"
    """Missing, and `deploy` sees to it."""
    NOTE = "note"
    """Worth knowing; nothing is stopped by it."""
    BLOCKED = "blocked"
    """`deploy` cannot run before `remedy` is done."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that `deploy` needs."""

    name: str
    status: Status
    found: str
    """What is there, in a few words."""
    action: str = ""
    """What `deploy` would do, for `WOULD_BE_DONE`."""
    remedy: str = ""
    """What a person does, for `BLOCKED` and `NOTE`."""


def ready(name: str, found: str) -> Check:
    """Nothing to do."""
    return Check(name=name, status=Status.READY, found=found)


def blocked(name: str, found: str, remedy: str) -> Check:
    """Nothing goes on before a person has done `remedy`."""
    return Check(name=name, status=Status.BLOCKED, found=found, remedy=remedy)


def note(name: str, found: str, remedy: str = "") -> Check:
    """Worth knowing."""
    return Check(name=name, status=Status.NOTE, found=found, remedy=remedy)


def would(name: str, found: str, action: str) -> Check:
    """`deploy` does `action` by itself."""
    return Check(name=name, status=Status.WOULD_BE_DONE, found=found, action=action)
