"""What the names on a command line hold: manifests, and previews of Pulumi, as documents that can be judged."""

from __future__ import annotations

import dataclasses
import pathlib
import sys
from collections.abc import Iterator, Sequence

from govcloud_cli.compliance import assessing, manifest_inputs, subjects
from govcloud_cli.inventory import manifest_files, manifests
from govcloud_cli.run.policing import files


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """All that was found."""

    inputs: tuple[assessing.Input, ...]
    """One for each name."""
    problems: tuple[str, ...]
    """What could not be read, or may lack something."""
    stdin: str | None
    """What `-` stands for."""


def read(paths: Sequence[str]) -> Found:
    """Read folders, files and `-`. Never raises for what they hold."""
    stdin = None
    if manifest_files.STDIN in paths:
        stdin = files.standard_input(sys.stdin, most=manifest_files.MAX_BYTES)
    found = manifests.read([pathlib.Path(path) for path in paths], stdin=stdin)
    problems = list(found.problems)
    inputs = []
    for source in found.sources:
        whole = [*manifest_inputs.of_manifests(source.objects), *_previewed(source.previews, problems)]
        inputs.append(assessing.Input(name=source.name, subjects=tuple(whole), skipped=len(source.skipped)))
    return Found(inputs=tuple(inputs), problems=tuple(problems), stdin=stdin)


def _previewed(found: Sequence[manifests.Manifest], problems: list[str]) -> Iterator[subjects.Subject]:
    if not found:
        return
    # Here, because it knows plans, and who judges manifests alone need not wait for these.
    from govcloud_cli.compliance import previews

    for one in found:
        preview = previews.read(one.document, file=one.file)
        problems += preview.problems
        yield from preview.subjects
