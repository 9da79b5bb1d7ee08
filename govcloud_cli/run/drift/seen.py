"""What was last found equal, in `.govcloud/<env>/<side>/seen.json`: what need not be compared again.

It is true of the moment when it was written, and says of what; losing it, or a run that dies before it writes, costs
time only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping

from govcloud_cli import __version__
from govcloud_cli.run import workspace

NAME = "seen.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """The record."""

    objects: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """Kubernetes object -> digest of what was planned, and fingerprint of what was live."""
    verifiers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Database role -> seal of the stored verifier that its password was found to give."""

    def marks(self, planned: Mapping[str, str]) -> dict[str, str]:
        """Object -> its fingerprint, where what is planned is what it was compared with; else empty. Pure."""
        none = ("", "")
        found = {key: self.objects.get(key, none) for key in planned}
        return {key: mark if digest == planned[key] else "" for key, (digest, mark) in found.items()}


def load(folder: workspace.SideFolder) -> Seen:
    """The record of a side; an empty one where there is none, or none of this version's."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        content = json.loads((folder.path / NAME).read_text(encoding="utf-8"))
        if content["version"] == __version__:
            objects = {str(key): (str(digest), str(mark)) for key, (digest, mark) in content["objects"].items()}
            return Seen(objects=objects, verifiers=dict(content["verifiers"]))
    return Seen()


def save(folder: workspace.SideFolder, record: Seen) -> None:
    """Write the record of a side."""
    content = {"version": __version__, "objects": record.objects, "verifiers": record.verifiers}
    workspace.write(folder.path / NAME, json.dumps(content, ensure_ascii=False, separators=(",", ":")))
