"""Long child processes that another thread can stop, and locks that can be waited for likewise."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import filelock

from govcloud_cli import errors
from govcloud_cli.run import process

_POLL_SECONDS = 0.2
_HEARTBEAT_SECONDS = 30.0


def run(
    argv: Sequence[str],
    *,
    what: str,
    log: pathlib.Path,
    stopping: threading.Event,
    report: Callable[[str], None],
    timeout: float = 3600.0,
    directory: pathlib.Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> int | None:
    """Run `argv` to its end; its exit code, or None if it took longer than `timeout` seconds and was ended.

    Standard error is appended to `log`; standard output must stay below a pipe's 64 KiB. `report` hears of `what`
    every half minute. Raises `errors.RunInterrupted` soon after `stopping` is set, the process group being ended.
    """
    started = told = time.monotonic()
    with process.streaming(
        [*_outlived_by_us(), *argv], directory=directory, environment=environment, stderr=log
    ) as child:
        while child.poll() is None:
            now = time.monotonic()
            if stopping.wait(_POLL_SECONDS):
                raise errors.RunInterrupted(f"{what}: stopped")
            if now - started > timeout:
                return None
            if now - told >= _HEARTBEAT_SECONDS:
                told = now
                report(f"{what}: still at it, {now - started:.0f} s")
        return child.returncode


def _outlived_by_us() -> tuple[str, ...]:
    # Killed outright, we cannot end the child; the kernel can, and then the next run does not meet it at work.
    return ("setpriv", "--pdeathsig", "TERM", "--") if shutil.which("setpriv") else ()


@contextlib.contextmanager
def locked(
    file: pathlib.Path, *, what: str, stopping: threading.Event, report: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock `file`; the kernel frees it when its holder dies. `report` hears once if that means waiting."""
    lock = filelock.FileLock(file, mode=0o600)
    told = False
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except filelock.Timeout:
            if not told:
                report(f"{what}: another run is at it; waiting")
                told = True
        if stopping.wait(_POLL_SECONDS):
            raise errors.RunInterrupted(f"{what}: stopped")
    try:
        yield
    finally:
        lock.release()


def tail(log: pathlib.Path, lines: int = 12) -> str:
    """The last lines of `log` that say something about a failure."""
    text = log.read_text("utf-8", "replace")
    shown = [line for line in text.splitlines() if line.strip() and not line.startswith("go: downloading")]
    return "\n".join(shown[-lines:])
