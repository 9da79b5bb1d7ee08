"""Where things that several checkouts share are kept."""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Iterator

from govcloud_cli import errors


def cache_folder() -> pathlib.Path:
    """`$XDG_CACHE_HOME/govcloud` or `~/.cache/govcloud`; made (0700) if missing. Absolute."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    root = pathlib.Path(base) if os.path.isabs(base) else _home() / ".cache"  # noqa: PTH117 - the variable may be empty
    folder = root / "govcloud"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise errors.GovcloudError(
            f"the cache folder {folder} cannot be made",
            cause=str(error),
            remedy="set XDG_CACHE_HOME to a folder that can be written, and run again",
        ) from error
    return folder


def logs_folder() -> pathlib.Path:
    """Where builds write their logs; made (0700) if missing."""
    folder = cache_folder() / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def log_file(name: str) -> pathlib.Path:
    """The log of the build `name`, emptied (0600)."""
    log = logs_folder() / f"{name}.log"
    log.unlink(missing_ok=True)
    log.touch(mode=0o600)
    return log


def leftovers(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """What killed builds left in `folder`. Only meaningful while the folder's lock is held."""
    yield from folder.glob(".new-*")


def remove_leftovers(folder: pathlib.Path) -> None:
    """Remove what killed builds left in `folder`. Only allowed while the folder's lock is held."""
    for path in leftovers(folder):
        shutil.rmtree(path, ignore_errors=True)


def _home() -> pathlib.Path:
    try:
        return pathlib.Path.home()
    except RuntimeError as error:
        raise errors.GovcloudError(
            "neither XDG_CACHE_HOME nor a home folder is known", remedy="set HOME or XDG_CACHE_HOME and run again"
        ) from error
