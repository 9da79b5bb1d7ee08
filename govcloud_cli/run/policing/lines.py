"""Where findings are: lines of manifests, and of the inventory that a planned object came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from govcloud_cli.compliance import assessing, subjects
from govcloud_cli.inventory import lines
from govcloud_cli.model import policies


@dataclasses.dataclass(frozen=True, kw_only=True)
class Origin(subjects.Place):
    """What a document was planned from. The document is not written there, so no path of it leads to a line."""


def of_files(*, stdin: str | None = None) -> assessing.Lines:
    """The line of a value, or of what is nearest above it; `stdin` is what `-` stands for."""
    found = lines.Lines(stdin=stdin)

    def line(place: subjects.Place, path: subjects.Path) -> int | None:
        whole = place.path if isinstance(place, Origin) else (*place.path, *path)
        return found.line(place.file, place.document, whole)

    return line


def planned(found: Iterable[subjects.Subject]) -> Iterator[subjects.Subject]:
    """Subjects of a plan, those that are written nowhere as they are with an `Origin` as their place."""
    for one in found:
        made = one.input in {policies.Input.KUBERNETES, policies.Input.HOST, policies.Input.RESOURCE}
        if made and one.place is not None:
            place = Origin(file=one.place.file, document=one.place.document, path=one.place.path)
            yield dataclasses.replace(one, place=place)
        else:
            yield one
