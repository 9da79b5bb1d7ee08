"""`.govcloud/<env>/`: everything a run keeps. Folders 0700, files 0600, every write atomic and durable.

For the inventories of an installed GovCloud it is `govcloud/<env>` in the user's own folder for state.

- `.govcloud/<env>/lock`, `holder.json`: who deploys now
- `.govcloud/<env>/logs/`: one folder per run
- `.govcloud/<env>/<side>/applied.json`: what was last applied, entry by entry
- `.govcloud/<env>/<side>/state/`: Pulumi's state (unless a backend is named)
- `.govcloud/<env>/<side>/{pki,ssh,secrets,machines}/`
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
import secrets
import stat
from typing import TYPE_CHECKING

from govcloud_cli import errors, resources

if TYPE_CHECKING:
    # Not at run time: whoever only asks for the lock need not wait for the model.
    from govcloud_cli.model import platforms


@dataclasses.dataclass(frozen=True, kw_only=True)
class SideFolder:
    """One side of the air gap; shares nothing with the other, so that it can be carried to its own host."""

    path: pathlib.Path
    side: platforms.Side

    @property
    def applied(self) -> pathlib.Path:
        """What was last applied."""
        return self.path / "applied.json"

    @property
    def state(self) -> pathlib.Path:
        """Pulumi's file backend."""
        return self.path / "state"

    @property
    def pki(self) -> pathlib.Path:
        """The side's own certificate authorities and leaves."""
        return self.path / "pki"

    @property
    def ssh(self) -> pathlib.Path:
        """Key, known hosts and configuration of the SSH client."""
        return self.path / "ssh"

    @property
    def secrets(self) -> pathlib.Path:
        """Master secret and Pulumi passphrase."""
        return self.path / "secrets"

    @property
    def machines(self) -> pathlib.Path:
        """Disks of the lab's machines."""
        return self.path / "machines"

    @property
    def kubeconfig(self) -> pathlib.Path:
        """For platform engineers, usable from this host."""
        return self.path / "kubeconfig"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workspace:
    """The folder of one environment."""

    path: pathlib.Path

    @property
    def prefix(self) -> str:
        """Seven characters that tell this environment's namespaces from those of every other checkout on this host."""
        return "gc" + hashlib.sha256(os.fsencode(self.path)).hexdigest()[:5]

    def side(self, side: platforms.Side) -> SideFolder:
        """The folder of one side."""
        return SideFolder(path=self.path / side.value, side=side)

    @property
    def logs(self) -> pathlib.Path:
        """Where runs leave their logs."""
        return self.path / "logs"


def locate(inventory_folder: pathlib.Path) -> Workspace:
    """The workspace of the environment in `inventories/<env>`: `.govcloud/<env>` beside `inventories`.

    An upgrade of an installed package would wipe what lies in it, so for its own inventories (`lab`) it is
    `$XDG_STATE_HOME/govcloud/<env>` (`~/.local/state/govcloud/<env>`).
    """
    resolved = inventory_folder.resolve()
    shipped = resources.folder("inventories").resolve()
    if resolved.parent == shipped and not _is_own_checkout(shipped.parent):
        return Workspace(path=state_home() / "govcloud" / resolved.name)
    return Workspace(path=resolved.parent.parent / ".govcloud" / resolved.name)


def _is_own_checkout(folder: pathlib.Path) -> bool:
    return (folder / "pyproject.toml").is_file() and os.access(folder, os.W_OK)


def state_home() -> pathlib.Path:
    """The user's own folder for state (XDG Base Directory Specification)."""
    named = pathlib.Path(os.environ.get("XDG_STATE_HOME", ""))
    # The standard says that a relative one counts as none.
    return named if named.is_absolute() else pathlib.Path.home() / ".local" / "state"


def make_folder(path: pathlib.Path) -> pathlib.Path:
    """Create `path` (0700) and the parents below `.govcloud` that are missing; return it.

    Raises `errors.GovcloudError` where one of them is a link or somebody else's: secrets would end up in their hands.
    """
    for folder in (*reversed(path.parents), path):
        folder.mkdir(mode=0o700, exist_ok=True)
        if ".govcloud" not in folder.parts and folder != path:
            continue
        found = folder.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
            raise errors.GovcloudError(
                f"{folder} is a link or belongs to somebody else",
                cause="keys and passwords are kept there, for nobody but the one who deploys",
                remedy="remove it, or deploy as its owner",
            )
        if found.st_mode & 0o077:
            folder.chmod(0o700)
    return path


def write(path: pathlib.Path, content: str | bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `content` in one step, on disk before we return; a kill leaves the old file or the new one."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    data = content.encode() if isinstance(content, str) else content
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(path: pathlib.Path) -> None:
    """Have the names in `path` on disk: a new or removed file is durable only then."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def ensure_secret(path: pathlib.Path, *, length: int = 32) -> str:
    """The hex secret in `path`, made (of `length` random bytes) if there is none yet."""
    if not path.exists():
        write(path, secrets.token_hex(length))
    return path.read_text().strip()
