"""The Debian image under every lab machine: a read-only lower layer, built once and shared by checkouts.

It lies in the cache as `images/<suite>-<digest>-<UTC time>/{root/,manifest.json}`. The digest covers packages, hooks,
suite and architecture, not time: an unchanged deploy never rebuilds it. A built image is never changed or removed,
because machines of any lab may stand on it; `provide(refresh=True)` builds a newer one beside it, which new machines
then get. `doctor` tells an image's age and calls for that after `OLD_DAYS` days, since security updates end with it.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from govcloud_cli import errors, resources
from govcloud_cli.run.tools import cache, interruptible, paths

SUITE = "bookworm"
OLD_DAYS = 30
PACKAGES = (
    "acl",
    "auditd",
    "ca-certificates",
    "chrony",
    "dbus",
    "etcd-client",
    "etcd-server",
    "gnutls-bin",
    "haproxy",
    "iproute2",
    "libpam-pwquality",
    "logrotate",
    "nftables",
    "ocserv",
    "openconnect",
    "openjdk-17-jre-headless",
    "opensc",
    "openssh-server",
    "openssl",
    "pgbouncer",
    "postgresql-15",
    "python3",
    "python3-apt",
    "softhsm2",
    "sudo",
    "systemd-sysv",
)
"""Everything the roles install: machines have no route to a package mirror."""
_HOOKS = ("essential", "customize")
# Files whose change means that somebody wrote into the image; few, so that the check costs next to nothing.
_WITNESSES = ("usr/lib/systemd/systemd", "usr/sbin/sshd", "usr/bin/python3", "etc/passwd", "etc/shadow")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Image:
    """A built image that has just been checked."""

    root: pathlib.Path
    """The root file system; use it as a read-only overlay lower layer."""
    built: datetime.datetime
    """When, in UTC."""

    def age(self, now: datetime.datetime) -> int:
        """Whole days since it was built."""
        return (now - self.built).days


def find(*, packages: Sequence[str] = PACKAGES) -> Image | None:
    """The newest sound image with exactly `packages`, or None."""
    place = _images()
    candidates = sorted(place.glob(f"{SUITE}-{digest(packages)}-*"), reverse=True)
    return next((image for folder in candidates if (image := _load(folder)) is not None), None)


def provide(
    *,
    packages: Sequence[str] = PACKAGES,
    report: Callable[[str], None],
    refresh: bool = False,
    stopping: threading.Event | None = None,
) -> pathlib.Path:
    """The root of an image with `packages`; built if there is none or if `refresh`. Building needs root.

    `stopping`, set by another thread, ends the build. Raises `errors.GovcloudError` with the log's path.
    """
    stopping = stopping or threading.Event()
    found = find(packages=packages)
    if found is not None and not refresh:
        return found.root
    if os.geteuid() != 0:
        raise errors.GovcloudError("only root can build the machines' base image", remedy="run GovCloud as root")
    with interruptible.locked(_images() / ".lock", what="base image", stopping=stopping, report=report):
        built_meanwhile = find(packages=packages)
        if built_meanwhile is not None and (found is None or built_meanwhile.root != found.root):
            return built_meanwhile.root
        paths.remove_leftovers(_images())
        return _build(packages, report=report, stopping=stopping)


def seed(root: pathlib.Path, files: Mapping[str, pathlib.Path]) -> None:
    """Put `files` (path in the image to file on this host) into the image at `root`, as links where that is possible.

    Roles find them in place and need not copy them over the network to every machine. A path has to name its
    content (by a checksum), because what is there is never replaced.
    """
    for name, source in files.items():
        target = root / name
        if target.exists():
            continue
        for folder in reversed([parent for parent in target.parents if parent.is_relative_to(root)]):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        try:
            new.hardlink_to(source)
        except OSError:
            # Another file system; once, so the time does not matter.
            shutil.copyfile(source, new)
            new.chmod(0o755)
        new.replace(target)


def digest(packages: Iterable[str]) -> str:
    """What identifies an image's content apart from its age: 16 hex digits."""
    content = {
        "architecture": platform.machine(),
        "hooks": {name: hashlib.sha256(_hook(name).read_bytes()).hexdigest() for name in _HOOKS},
        "packages": sorted(set(packages)),
        "suite": SUITE,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def command(packages: Iterable[str], *, root: pathlib.Path) -> list[str]:
    """The mmdebstrap command that builds an image at `root`.

    `GOVCLOUD_DEBIAN_MIRROR` names a mirror of one's own; without it mmdebstrap uses Debian's.
    """
    mirror = os.environ.get("GOVCLOUD_DEBIAN_MIRROR")
    return [
        "mmdebstrap",
        "--variant=important",
        "--dpkgopt=force-confold",
        # No fsync per file: the image gets its name only after one sync of all. A hook takes this out again.
        "--dpkgopt=force-unsafe-io",
        *(f"--{name}-hook={_hook(name)}" for name in _HOOKS),
        f"--include={','.join(sorted(set(packages)))}",
        SUITE,
        str(root),
        *([mirror] if mirror else []),
    ]


def _images() -> pathlib.Path:
    place = paths.cache_folder() / "images"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def _hook(name: str) -> pathlib.Path:
    return resources.folder("toolchain") / "image" / f"{name}.sh"


def _build(packages: Sequence[str], *, report: Callable[[str], None], stopping: threading.Event) -> pathlib.Path:
    log = paths.log_file("image")
    report(f"base image: building Debian {SUITE} with {len(set(packages))} packages, about a minute (log: {log})")
    new = pathlib.Path(tempfile.mkdtemp(prefix=".new-", dir=_images()))
    # mkdtemp's 0700 stays on the folder around the image; the image's own root must be open to its users.
    try:
        code = interruptible.run(
            _executable_hooks(command(packages, root=new / "root"), new),
            what="base image",
            log=log,
            stopping=stopping,
            report=report,
            timeout=1800.0,
            environment={"LC_ALL": "C.UTF-8"},
        )
        if code != 0:
            raise errors.GovcloudError(
                "the machines' base image could not be built",
                cause=_failure(log, code),
                log=str(log),
                remedy="check that a Debian mirror can be reached (GOVCLOUD_DEBIAN_MIRROR names one of your own)",
            )
        return _seal(new, packages)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _executable_hooks(argv: list[str], new: pathlib.Path) -> list[str]:
    """`argv` with the hooks copied beside the image: an installed wheel does not keep their execute permission."""
    for name in _HOOKS:
        copy = shutil.copyfile(_hook(name), new / f"{name}.sh")
        copy.chmod(0o700)
        argv = [argument.replace(str(_hook(name)), str(copy)) for argument in argv]
    return argv


def _seal(new: pathlib.Path, packages: Sequence[str]) -> pathlib.Path:
    now = datetime.datetime.now(datetime.UTC)
    for name in _HOOKS:
        (new / f"{name}.sh").unlink()
    manifest = {
        "schemaVersion": 1,
        "suite": SUITE,
        "packages": sorted(set(packages)),
        "built": now.isoformat(timespec="seconds"),
        "witnesses": dict(_witnesses(new / "root")),
    }
    file = new / "manifest.json"
    file.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    # A whole image must be on disk before it gets its name: thousands of files, so the file system as a whole.
    os.sync()
    place = _images() / f"{SUITE}-{digest(packages)}-{now:%Y%m%dT%H%M%SZ}"
    new.rename(place)
    return place / "root"


def _load(folder: pathlib.Path) -> Image | None:
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        image = Image(root=folder / "root", built=datetime.datetime.fromisoformat(manifest["built"]))
        return image if dict(_witnesses(image.root)) == manifest["witnesses"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _witnesses(root: pathlib.Path) -> Iterator[tuple[str, list[int | str]]]:
    """What `_WITNESSES` look like now, and the digest of the package database."""
    for name in _WITNESSES:
        seen = (root / name).lstat()
        yield name, [seen.st_size, seen.st_mode, seen.st_uid, seen.st_mtime_ns]
    yield "var/lib/dpkg/status", [cache.sha256(root / "var/lib/dpkg/status")]


def _failure(log: pathlib.Path, code: int | None) -> str:
    """mmdebstrap's own words about it, which come before its cleaning up."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.startswith(("E:", "W:"))]
    ended = "it took too long" if code is None else f"mmdebstrap ended with exit code {code}"
    return "\n".join(lines[-6:]) or interruptible.tail(log) or ended
