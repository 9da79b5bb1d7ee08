"""One deploy at a time per environment.

The lock is `flock`: the kernel frees it when its holder dies, so there is no stale lock to guess about
and nothing is ever unlinked. The text beside it only tells people who holds it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import getpass
import json
import os
import pathlib
import socket
import time
from collections.abc import Iterator

import filelock

from govcloud_cli import errors
from govcloud_cli.run import workspace

_PATIENCE = 0.5
"""Seconds to wait for a holder that has just begun to write its name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """The lock, held: what must not run beside another run asks for one."""

    space: workspace.Workspace


@contextlib.contextmanager
def held(space: workspace.Workspace, *, verb: str, now: datetime.datetime) -> Iterator[Held]:
    """Hold the environment's lock for `verb`. Raises `errors.LockedError`, naming the holder, without waiting."""
    workspace.make_folder(space.path)
    lock = filelock.FileLock(space.path / "lock", mode=0o600)
    holder = space.path / "holder.json"
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise errors.LockedError(
            f"environment {space.path.name} is locked: {_describe(holder, now)}",
            remedy="wait for it to end, or stop it with Ctrl-C where it runs; a dead holder's lock is free by itself",
        ) from None
    try:
        workspace.write(
            holder,
            json.dumps(
                {
                    "user": getpass.getuser(),
                    "host": socket.gethostname(),
                    "pid": os.getpid(),
                    "verb": verb,
                    "since": now.isoformat(timespec="seconds"),
                }
            ),
        )
        yield Held(space=space)
    finally:
        lock.release()


def _describe(holder: pathlib.Path, now: datetime.datetime) -> str:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            text = json.loads(holder.read_text(encoding="utf-8"))
            since = datetime.datetime.fromisoformat(text["since"])
            if _runs(text["pid"]) or time.monotonic() > until:
                minutes = int((now - since).total_seconds() // 60)
                who = f"{text['user']}@{text['host']} pid {text['pid']}"
                return f"{who}, {text['verb']} since {since:%H:%M} ({minutes} min)"
        except (OSError, ValueError, KeyError, TypeError):
            if time.monotonic() > until:
                return "its holder has just started and not yet written its name"
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Whether the process is there; one that is not has left its name, and the holder has not yet written its own."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
