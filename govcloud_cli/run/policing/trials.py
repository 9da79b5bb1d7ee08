"""Policies against their own samples, and against what a cluster takes."""

from __future__ import annotations

from collections.abc import Sequence

from govcloud_cli.compliance import installing, samples
from govcloud_cli.inventory import rulebook, sample_files
from govcloud_cli.run.policing import books

_SETTINGS: dict[str, list[str]] = {"registries": []}
"""What samples are judged by: an environment that declares no registries."""


def problems(book: books.Book, entries: Sequence[rulebook.Entry]) -> tuple[str, ...]:
    """Everything that is wrong between policies of `book` and their samples, `file: what` each.

    Raises `errors.InventoryError` for policies that do not compile.
    """
    compiled = books.compiled(book, [entry.policy for entry in entries], settings=_SETTINGS)
    found: list[str] = []
    for entry, rule in zip(entries, compiled, strict=True):
        found += samples.check(sample_files.read(entry), rule)
        refused = installing.problems(rule)
        found += [f"{entry.file}: {one.field}: a cluster would refuse it: {one.message}" for one in refused]
    return tuple(found)
