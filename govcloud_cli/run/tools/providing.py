"""Makes missing tools, side by side."""

from __future__ import annotations

import concurrent.futures
import pathlib
import threading
from collections.abc import Callable, Sequence

from govcloud_cli import errors
from govcloud_cli.run.tools import building, cache, catalog, finding


def provide(
    names: Sequence[str],
    *,
    install: bool,
    report: Callable[[str], None],
    stopping: threading.Event | None = None,
) -> dict[str, pathlib.Path]:
    """The absolute path of each named tool; what is missing is installed or built, if `install`.

    `report` gets one line per event, never from two threads at once. `stopping`, set by another thread, ends it.
    Raises `errors.UsageError` naming what is missing if not `install`; `errors.GovcloudError` if a build fails.
    """
    results = {name: finding.find(name) for name in names}
    missing = [result for result in results.values() if isinstance(result, finding.Missing)]
    ready = {name: result.path for name, result in results.items() if isinstance(result, finding.Found)}
    if not missing:
        return ready
    if not install:
        raise errors.UsageError(
            f"missing: {', '.join(f'{tool.name} {tool.wanted}' for tool in missing)}",
            cause="--no-install forbids to install or build them",
            remedy="put them on PATH, or run again without --no-install",
        )
    builds = {catalog.TOOLS[tool.name].build.name: catalog.TOOLS[tool.name].build for tool in missing}
    entries = _side_by_side(list(builds.values()), report=report, stopping=stopping or threading.Event())
    return ready | {tool.name: entries[catalog.TOOLS[tool.name].build.name].files[tool.name] for tool in missing}


def _side_by_side(
    builds: Sequence[catalog.Build], *, report: Callable[[str], None], stopping: threading.Event
) -> dict[str, cache.Entry]:
    one_at_a_time = threading.Lock()

    def told(line: str) -> None:
        with one_at_a_time:
            report(line)

    def obtain(build: catalog.Build) -> cache.Entry:
        entry = building.obtain(build, report=told, stopping=stopping)
        told(f"{build.name} {entry.version}: ready")
        return entry

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(builds))) as pool:
        futures = {build.name: pool.submit(obtain, build) for build in builds}
        try:
            # The first failure ends the other builds too: what Go has compiled so far stays in its own cache.
            concurrent.futures.wait(futures.values(), return_when=concurrent.futures.FIRST_EXCEPTION)
        finally:
            if any(not future.done() or future.exception() for future in futures.values()):
                stopping.set()
    return _results(futures)


def _results(futures: dict[str, concurrent.futures.Future[cache.Entry]]) -> dict[str, cache.Entry]:
    failures = [failure for future in futures.values() if (failure := future.exception()) is not None]
    causes = [failure for failure in failures if not isinstance(failure, errors.RunInterrupted)]
    for failure in (*causes, *failures):
        raise failure
    return {name: future.result() for name, future in futures.items()}
