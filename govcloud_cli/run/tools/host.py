"""What this host must be able to do for the embedded substrate. Looking changes nothing that lasts."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Iterator

from govcloud_cli import errors
from govcloud_cli.run import process
from govcloud_cli.run.tools import findings, paths

_GIB = 1024**3
_COLD_DISK = 10 * _GIB
_WARM_DISK = 3 * _GIB
_MEMORY = 4 * _GIB
_LEAST_MEMORY = 2 * _GIB

# Each is tried in a network namespace that ends with the command, so the host's own network is never touched.
_NETWORK_PROBES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("network namespaces", ("ip", "link", "show", "dev", "lo")),
    ("veth", ("ip", "link", "add", "name", "gcprobe0", "type", "veth", "peer", "name", "gcprobe1")),
    ("bridge", ("ip", "link", "add", "name", "gcprobe0", "type", "bridge")),
    ("nf_tables", ("nft", "add", "table", "inet", "govcloud_probe")),
)


def python() -> findings.Check:
    """The interpreter that runs us."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return findings.ready("python", f"{version} ({sys.executable})")


def environment() -> findings.Check:
    """Whether we run in a virtual environment."""
    if sys.prefix != sys.base_prefix:
        return findings.ready("virtual environment", sys.prefix)
    return findings.note("virtual environment", "none", "run `./govcloud` of a checkout, or install into a venv")


def root() -> findings.Check:
    """Network namespaces and machines need root."""
    if os.geteuid() == 0:
        return findings.ready("root", "yes")
    return findings.blocked("root", f"no (user id {os.geteuid()})", "run as root: `sudo ./govcloud deploy`")


def kernel() -> Iterator[findings.Check]:
    """Namespaces, veth, bridge, nf_tables and overlay, each tried in a namespace of its own."""
    if os.geteuid() != 0:
        yield findings.note("kernel", "can only be tried as root")
        return
    for name, argv in _NETWORK_PROBES:
        yield _tried(f"kernel: {name}", ["unshare", "--net", "--", *argv], program=argv[0])
    with tempfile.TemporaryDirectory(prefix=".probe-", dir=paths.cache_folder()) as folder:
        parts = {part: pathlib.Path(folder, part) for part in ("lowerdir", "upperdir", "workdir", "merged")}
        for part in parts.values():
            part.mkdir()
        merged = parts.pop("merged")
        options = ",".join(f"{part}={path}" for part, path in parts.items())
        mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)]
        yield _tried("kernel: overlay", ["unshare", "--mount", "--", *mount], program="mount")


def control_groups(place: pathlib.Path = pathlib.Path("/sys/fs/cgroup")) -> findings.Check:
    """Machines boot systemd, which needs control groups of either version."""
    if (place / "cgroup.controllers").exists():
        return findings.ready("control groups", "version 2")
    if (place / "systemd").is_dir():
        return findings.ready("control groups", "version 1")
    return findings.blocked(
        "control groups", f"none at {place}", "mount them, or run on a host or virtual machine rather than a container"
    )


INOTIFY = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")
_INOTIFY_LEAST = 1024
"""The kernel's 128 serve fifteen machines: the systemd of each takes about eight, and the next one hangs at boot."""


def inotify(place: pathlib.Path = INOTIFY) -> findings.Check:
    """Whether many machines can watch their files at once."""
    seen = int(place.read_text("ascii"))
    name, found = "kernel: inotify", f"{seen} instances"
    if seen >= _INOTIFY_LEAST:
        return findings.ready(name, found)
    return findings.would(name, found, f"raise {place.name} to {_INOTIFY_LEAST}, until the next boot")


def raise_inotify(*, install: bool, place: pathlib.Path = INOTIFY) -> tuple[str, ...]:
    """Raise the limit if it is too low; return what was done. Raises `errors.UsageError` if `install` forbids it."""
    check = inotify(place)
    if check.status is findings.Status.READY:
        return ()
    by_hand = f"sysctl fs.inotify.max_user_instances={_INOTIFY_LEAST}"
    if not install:
        raise errors.UsageError(
            f"this host lets its programs watch files only {check.found} at a time",
            cause="the systemd of each machine takes about eight, and --no-install forbids to raise the limit",
            remedy=f"{by_hand}, or run again without --no-install",
        )
    try:
        place.write_text(f"{_INOTIFY_LEAST}\n", "ascii")
    except OSError as error:
        raise errors.GovcloudError(
            "the kernel's limit of inotify instances cannot be raised",
            where=str(place),
            cause=error.strerror,
            remedy=f"on the machine that carries this one: {by_hand}",
        ) from error
    return (f"inotify limit {_INOTIFY_LEAST}",)


def memory(meminfo: str) -> findings.Check:
    """Whether the lab fits, given the text of /proc/meminfo."""
    rows = dict(line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    available = int(rows.get("MemAvailable", "0 kB").split()[0]) * 1024
    found = f"{available / _GIB:.1f} GiB available"
    if available < _LEAST_MEMORY:
        return findings.blocked("memory", found, f"free some: the lab needs about {_MEMORY // _GIB} GiB")
    if available < _MEMORY:
        return findings.note("memory", found, f"the lab may need up to {_MEMORY // _GIB} GiB")
    return findings.ready("memory", found)


def disk(*, warm: bool) -> findings.Check:
    """Free space for the cache. `warm`: tools and image are built already."""
    place = paths.cache_folder()
    free = shutil.disk_usage(place).free
    needed = _WARM_DISK if warm else _COLD_DISK
    found = f"{free / _GIB:.1f} GiB free at {place}"
    if free < needed:
        return findings.blocked(
            "disk", found, f"free some, or set XDG_CACHE_HOME: {needed // _GIB} GiB are needed for tools and image"
        )
    return findings.ready("disk", found)


def _tried(name: str, argv: list[str], *, program: str) -> findings.Check:
    if shutil.which(program) is None:
        return findings.note(name, f"tried once `{program}` is installed")
    try:
        process.run(argv, environment={"LC_ALL": "C"}, timeout=20)
    except errors.ProcessError as error:
        found = (error.cause or error.message).splitlines()[-1]
        return findings.blocked(name, found, "run on a host or virtual machine whose kernel allows it")
    return findings.ready(name, "works")
