"""Control groups: which processes belong to a machine or a forward, and the way to end exactly these.

A group is better than a pid file: it cannot name a stranger that got the same number, it holds every
descendant, and a killed deploy leaves it where the next one finds it.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import threading
import time
from typing import Final

from govcloud_cli import errors

_MOUNT: Final = pathlib.Path("/sys/fs/cgroup")
_STEP: Final = 0.05

ENTER: Final = 'while [ "$1" != -- ]; do echo $$ > "$1"/cgroup.procs || exit 70; shift; done; shift; exec "$@"'
"""Shell: join the groups given before `--`, then become the command after it."""


def trees() -> tuple[pathlib.Path, ...]:
    """Return the hierarchies that systemd tracks processes in: one (v2 or v1) or both (hybrid)."""
    if (_MOUNT / "cgroup.procs").exists():
        return (_MOUNT,)
    found = tuple(_MOUNT / name for name in ("unified", "systemd") if (_MOUNT / name / "cgroup.procs").exists())
    if not found:
        raise errors.GovcloudError(
            "no control group hierarchy is mounted below /sys/fs/cgroup",
            remedy="run on a host (or in a container) with /sys/fs/cgroup writable",
        )
    return found


def is_unified() -> bool:
    """Tell whether the host has version 2 alone; nspawn must give its machine the same."""
    return (_MOUNT / "cgroup.procs").exists()


def make(name: str) -> tuple[pathlib.Path, ...]:
    """Make the group, if need be, and return its folders."""
    folders = tuple(tree / name for tree in trees())
    for folder in folders:
        folder.mkdir(exist_ok=True)
    return folders


def processes(name: str, below: str = "") -> tuple[int, ...]:
    """Return the process ids in the group (or in its subgroup `below`), empty if there is no group."""
    found: set[int] = set()
    for tree in trees():
        for folder, _, _ in os.walk(tree / name / below):
            with contextlib.suppress(OSError):
                lines = (pathlib.Path(folder) / "cgroup.procs").read_text(encoding="ascii").split()
                found.update(int(line) for line in lines if line != "0")
    return tuple(sorted(found))


def send(name: str, number: int, *, below: str = "") -> None:
    """Send signal `number` to every process of the group."""
    for pid in processes(name, below):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_empty(name: str, *, seconds: float, cancelled: threading.Event | None = None) -> bool:
    """Wait until no process is left in the group; tell whether that came true in time."""
    limit = time.monotonic() + seconds
    while processes(name):
        if time.monotonic() > limit or (cancelled is not None and cancelled.is_set()):
            return False
        time.sleep(_STEP)
    return True


def end(name: str) -> None:
    """Kill what is left in the group and remove it. Raises `errors.GovcloudError` if a process resists."""
    for _ in range(3):
        for tree in trees():
            with contextlib.suppress(OSError):
                (tree / name / "cgroup.kill").write_text("1", encoding="ascii")
        send(name, signal.SIGKILL)
        if wait_empty(name, seconds=10):
            break
    else:
        raise errors.GovcloudError(
            f"processes {processes(name)} do not end", where=name, remedy="look at them with `ps`"
        )
    for tree in trees():
        for folder, _, _ in os.walk(tree / name, topdown=False):
            _remove(pathlib.Path(folder))


def names(prefix: str) -> tuple[str, ...]:
    """Return the groups whose names begin with `prefix`."""
    return tuple(sorted({folder.name for tree in trees() for folder in tree.glob(f"{prefix}*") if folder.is_dir()}))


def resident_bytes(name: str) -> int:
    """Return the memory of the group's processes, with what several share counted in proportion."""
    total = 0
    for pid in processes(name):
        with contextlib.suppress(OSError):
            lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _remove(folder: pathlib.Path) -> None:
    limit = time.monotonic() + 5
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # the kernel lets go of a dead process a moment later
            if time.monotonic() > limit:
                raise
            time.sleep(_STEP)
        else:
            return
