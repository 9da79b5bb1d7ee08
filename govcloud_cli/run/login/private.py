"""Files that hold what only their owner may know: refused if others could have read or made them."""

from __future__ import annotations

import os
import pathlib
import stat

from govcloud_cli import errors

MOST_BYTES = 256 * 1024


def read(path: pathlib.Path) -> bytes | None:
    """The contents of `path`; None if there is none.

    Raises `errors.GovcloudError` for a link, for another's file, for one that others may read or write, and for one
    that is too long to be ours.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(path, error.strerror or "it cannot be opened") from None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise _refusal(path, "it is no ordinary file")
        if found.st_uid != os.geteuid():
            raise _refusal(path, "it belongs to somebody else")
        if found.st_mode & 0o077:
            raise _refusal(path, f"others may read or change it (mode {stat.S_IMODE(found.st_mode):04o})")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _refusal(path, "it is too long to be ours")
    return content


def _refusal(path: pathlib.Path, reason: str) -> errors.GovcloudError:
    return errors.GovcloudError(
        f"{path} cannot be trusted (文件不可信)",
        cause=reason,
        remedy="run `govcloud logout`, which removes it, then `govcloud login`",
    )
