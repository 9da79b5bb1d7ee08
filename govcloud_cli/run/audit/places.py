"""Where an audit log lies, and where its heads are remembered.

- `.govcloud/<env>/<side>/audit/log.jsonl`, `key.pub`, `lock`: the log and the public half of its key
- `.govcloud/<env>/<side>/audit/access/<day>.jsonl`: access events, held by records of the log
- `.govcloud/<env>/<side>/secrets/audit.key`: the private half
- `<second place>/<env>-<side>.heads.jsonl`: the signed head of every record
- `<second place>/<env>-<side>-<number>-<chain>/`: a log that ended with its lab
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import TYPE_CHECKING

from govcloud_cli import errors
from govcloud_cli.run import workspace

if TYPE_CHECKING:
    from govcloud_cli.model import platforms
    from govcloud_cli.run import sites


@dataclasses.dataclass(frozen=True, kw_only=True)
class Places:
    """The files of one side's log."""

    folder: pathlib.Path
    private: pathlib.Path
    second: pathlib.Path
    """The folder that remembers heads."""
    name: str
    """What the log is called there."""

    @property
    def log(self) -> pathlib.Path:
        """The records."""
        return self.folder / "log.jsonl"

    @property
    def access(self) -> pathlib.Path:
        """The daily files of access events that records of the log hold."""
        return self.folder / "access"

    @property
    def public(self) -> pathlib.Path:
        """The public half of the key, PEM."""
        return self.folder / "key.pub"

    @property
    def lock(self) -> pathlib.Path:
        """Held while a record is written."""
        return self.folder / "lock"

    @property
    def heads(self) -> pathlib.Path:
        """The heads, in the second place."""
        return self.second / f"{self.name}.heads.jsonl"


def of(folder: workspace.SideFolder, *, environment: str, copy_to: pathlib.Path) -> Places:
    """The files of the log of `environment` on the side that `folder` is of."""
    return Places(
        folder=folder.path / "audit",
        private=folder.secrets / "audit.key",
        second=copy_to,
        name=f"{environment}-{folder.side.value}",
    )


def of_site(site: sites.Site, side: platforms.Side) -> Places:
    """The files of a side's log, as the platform's inventory says. Raises as `second_place`."""
    return of(site.space.side(side), environment=site.spec.environment, copy_to=second_place_of(site))


def second_place_of(site: sites.Site) -> pathlib.Path:
    """The folder that remembers the heads of a platform's logs. Raises as `second_place`."""
    declared = site.spec.platform.spec.audit
    return second_place(site.space, None if declared is None else declared.copy_to)


def second_place(space: workspace.Workspace, copy_to: str | None) -> pathlib.Path:
    """The folder that remembers heads: `spec.audit.copyTo`, else one in the user's own folder for state.

    Raises `errors.UsageError` for one in the environment's own folder, which would be lost with the log.
    """
    if copy_to is None:
        return workspace.state_home() / "govcloud" / "audit" / space.prefix
    chosen = pathlib.Path(copy_to)
    if chosen.resolve().is_relative_to(space.path.resolve()):
        raise errors.UsageError(
            f"the audit log's second place {chosen} lies in the folder of the log itself",
            remedy="name a folder on another disk or host in spec.audit.copyTo of platform.yaml",
        )
    return chosen
