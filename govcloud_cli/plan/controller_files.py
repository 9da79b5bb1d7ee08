"""Files that roles copy from where they are run: named in a plan, found by a run."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True, kw_only=True)
class ControllerFile:
    """A file where the roles are run from; a run turns it into a path."""

    folder: Literal["pki", "secrets", "tools"]
    name: str
    digest: bool = False
    """Its SHA-256 (hex) instead of its path; never of a secret."""


def pki(name: str) -> ControllerFile:
    """A certificate, key or revocation list of the side's own authorities."""
    return ControllerFile(folder="pki", name=name)


def secret(name: str) -> ControllerFile:
    """A file of the side's `secrets/`."""
    return ControllerFile(folder="secrets", name=name)


def tool(name: str, *, digest: bool = False) -> ControllerFile:
    """A program of the cache."""
    return ControllerFile(folder="tools", name=name, digest=digest)
