"""Starting, watching and stopping a machine's systemd (systemd-nspawn)."""

from __future__ import annotations

import contextlib
import pathlib
import signal
import threading
import time
from typing import Final

from govcloud_cli import errors
from govcloud_cli.providers.lab import cgroups, namespaces
from govcloud_cli.run import process

LOG: Final = "console.log"
_NSPAWN: Final = pathlib.Path("/run/systemd/nspawn")
_STOP_SECONDS: Final = 20.0
_POLL: Final = 0.1


def is_running(namespace: str, root: pathlib.Path) -> bool:
    """Tell whether the machine runs, on this disk and in the namespace that has its name now."""
    inside = cgroups.processes(namespace, "payload")
    if not inside or not cgroups.processes(namespace, "supervisor"):
        return False
    expected = namespaces.inode(namespace)
    try:
        disk = root.stat()
        there = (pathlib.Path("/proc") / str(inside[0]) / "root").stat()
    except OSError:
        return False
    return namespaces.inode_of_process(inside[0]) == expected and (disk.st_dev, disk.st_ino) == (
        there.st_dev,
        there.st_ino,
    )


def start(namespace: str, folder: pathlib.Path) -> None:
    """Boot the machine in a control group of its own; return at once."""
    # Without a group of its own nspawn would put every machine's services into one and the same.
    groups = [str(group) for group in cgroups.make(namespace)]
    log = folder / LOG
    log.unlink(missing_ok=True)
    process.detached(
        (
            *("sh", "-c", cgroups.ENTER, "sh", *groups, "--"),
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot"),
            *("--capability=CAP_NET_ADMIN,CAP_NET_RAW", f"--network-namespace-path={namespaces.path(namespace)}"),
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
            *("-D", str(folder / "root"), "-M", namespace),
        ),
        log=log,
        environment={
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1" if cgroups.is_unified() else "0",
            "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
        },
    )


def stop(namespace: str, root: pathlib.Path) -> None:
    """Shut the machine down, by force after 20 s, and remove what nspawn leaves on the host."""
    lock = _lock_file(root)
    if cgroups.processes(namespace, "payload"):
        cgroups.send(namespace, signal.SIGTERM, below="supervisor")
        cgroups.wait_empty(namespace, seconds=_STOP_SECONDS)
    cgroups.end(namespace)
    with contextlib.suppress(FileNotFoundError):
        (_NSPAWN / "propagate" / namespace).rmdir()
    if lock is not None:
        lock.unlink(missing_ok=True)


def wait_for_ssh(
    namespace: str, folder: pathlib.Path, *, via: str, address: str, seconds: float, cancelled: threading.Event
) -> None:
    """Wait until sshd at `address` greets a caller in namespace `via`.

    Raises `errors.GovcloudError` when the machine ended or the time is over, `errors.RunInterrupted` when cancelled.
    """
    limit = time.monotonic() + seconds
    begun = time.monotonic()
    while not _greets(via, address):
        if cancelled.wait(_POLL):
            raise errors.RunInterrupted(f"waiting for machine {namespace} was cancelled", where=namespace)
        ended = time.monotonic() > begun + 1 and not cgroups.processes(namespace)
        if ended or time.monotonic() > limit:
            what = "ended while it booted" if ended else f"did not answer SSH at {address} within {seconds:g} s"
            raise errors.GovcloudError(
                f"machine {namespace} {what}",
                cause=_tail(folder / LOG),
                remedy="look into the log; then deploy again, which boots it anew",
                log=str(folder / LOG),
            )


def _greets(via: str, address: str) -> bool:
    with contextlib.suppress(OSError), namespaces.connected(via, address, port=22, seconds=2) as connection:
        connection.settimeout(2)
        return connection.recv(4) == b"SSH-"
    return False


def _lock_file(root: pathlib.Path) -> pathlib.Path | None:
    """Return nspawn's lock for the disk; a killed nspawn leaves it."""
    with contextlib.suppress(FileNotFoundError):
        status = root.stat()
        return _NSPAWN / "locks" / f"inode-{status.st_dev}:{status.st_ino}"
    return None


def _tail(log: pathlib.Path, lines: int = 15) -> str:
    with contextlib.suppress(OSError):
        text = log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])
    return "there is no console log"
