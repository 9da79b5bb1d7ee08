"""Makes what the cache lacks: a wrapper module's programs, or a distribution. Whole or not at all."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
import threading
from collections.abc import Callable

from govcloud_cli import errors
from govcloud_cli.run.tools import cache, catalog, distributing, golang, installer, interruptible, paths


def obtain(build: catalog.Build, *, report: Callable[[str], None], stopping: threading.Event) -> cache.Entry:
    """The build in the cache, made if missing.

    `stopping`, once set, ends the build. Raises `errors.GovcloudError` with the log's path.
    """
    workplace = cache.folder(build).parent / f".{build.name}.building"
    workplace.mkdir(mode=0o700, parents=True, exist_ok=True)
    what = f"{build.name} {build.version}"
    with interruptible.locked(workplace / ".lock", what=what, stopping=stopping, report=report):
        ready = cache.load(build, thorough=True)
        if ready is not None:
            return ready
        paths.remove_leftovers(workplace)
        new = pathlib.Path(tempfile.mkdtemp(prefix=".new-", dir=workplace))
        try:
            if isinstance(build, catalog.Distribution):
                built_by = distributing.make(build, new, report=report, stopping=stopping)
            else:
                built_by = _make(build, new, report=report, stopping=stopping)
            return cache.seal(build, new, built_by=built_by)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def _make(
    module: catalog.Module, new: pathlib.Path, *, report: Callable[[str], None], stopping: threading.Event
) -> str:
    log = paths.log_file(module.name)
    if module is catalog.PULUMI and installer.reachable():
        report(f"pulumi {module.version}: installing the official release")
        if installer.install(new, log=log, report=report, stopping=stopping):
            return "installer"
        report("pulumi: the official installer failed; building from source instead")
    go_mod = (cache.sources(module) / "go.mod").read_text("utf-8")
    go = golang.provide(catalog.required_go(go_mod), report=report, stopping=stopping)
    report(f"{module.name} {module.version}: building with Go {go.version}, some minutes (log: {log})")
    (new / "bin").mkdir(exist_ok=True)
    code = interruptible.run(
        [str(go.path), "build", *module.flags, "-o", f"{new / 'bin'}/", *module.packages],
        what=f"building {module.name} {module.version}",
        log=log,
        stopping=stopping,
        report=report,
        directory=cache.sources(module),
        environment=catalog.BUILD_ENVIRONMENT,
    )
    if code != 0:
        raise _failure(module, code=code, log=log)
    return f"go {go.version}"


def _failure(module: catalog.Module, *, code: int | None, log: pathlib.Path) -> errors.GovcloudError:
    programs = " and ".join(f"`{name}`" for name in module.programs)
    return errors.GovcloudError(
        f"building {module.name} {module.version} failed",
        where=str(cache.sources(module)),
        cause=interruptible.tail(log) or ("it took too long" if code is None else f"go ended with exit code {code}"),
        log=str(log),
        remedy=(
            "see the log; building needs the Go module proxy, about 4 GB of free disk and 2 GB of memory; "
            f"or put {programs} {module.version} on PATH, and run again"
        ),
    )
