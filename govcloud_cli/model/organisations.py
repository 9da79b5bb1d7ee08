"""The tree of government: which levels lie below which, and what is a department."""

from __future__ import annotations

from collections.abc import Iterable

from govcloud_cli.model import platforms


def depth(level: platforms.Level) -> int:
    """0 for national, 3 for county."""
    return tuple(platforms.Level).index(level)


def departments(organisations: Iterable[platforms.Organisation]) -> frozenset[str]:
    """Ids of the organisations that are departments: of the same level as their parent. The others are governments."""
    entries = tuple(organisations)
    levels = {entry.id: entry.level for entry in entries}
    return frozenset(entry.id for entry in entries if entry.parent in levels and levels[entry.parent] is entry.level)
