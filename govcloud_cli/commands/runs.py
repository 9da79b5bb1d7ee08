"""What verbs that act share: the site, a log folder, progress."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from govcloud_cli.commands import options, progress

if TYPE_CHECKING:
    import pathlib

    from govcloud_cli.run import lock, sites, workspace
    from govcloud_cli.run import progress as run_progress


_LOGS_KEPT = 50


def site(environment: str, side: str | None = None, *, abandoned: bool = False) -> sites.Site:
    """The environment that `--env` and `--side` name; `abandoned`: with sides that the inventory no longer has."""
    from govcloud_cli.run import sites as run_sites

    return run_sites.load(options.find_inventory(environment), side=side, abandoned=abandoned)


@contextlib.contextmanager
def locked(environment: str, verb: str, moment: datetime.datetime) -> Iterator[lock.Held]:
    """Hold the environment's lock before its inventory is even read: who comes second is told at once."""
    from govcloud_cli.run import lock as run_lock
    from govcloud_cli.run import workspace as run_workspace

    space = run_workspace.locate(options.find_inventory(environment))
    with run_lock.held(space, verb=verb, now=moment) as holding:
        yield holding


def now() -> datetime.datetime:
    """The one clock of a run."""
    return datetime.datetime.now(datetime.UTC)


def log_folder(space: workspace.Workspace, verb: str, moment: datetime.datetime) -> pathlib.Path:
    """A new folder for this run's logs."""
    import shutil

    from govcloud_cli.run import workspace as run_workspace

    if space.logs.is_dir():
        for old in sorted(space.logs.iterdir())[:-_LOGS_KEPT]:
            shutil.rmtree(old)
    return run_workspace.make_folder(space.logs / f"{moment:%Y%m%dT%H%M%S}-{verb}")


@contextlib.contextmanager
def journal(*, quiet: bool) -> Iterator[run_progress.Journal]:
    """Collects steps and shows them as fits: not at all, line by line, or live on a terminal."""
    from govcloud_cli.run import progress as run_progress

    if quiet:
        yield run_progress.Journal(progress.Silent())
    elif progress.is_terminal():
        with progress.Screen() as screen:
            yield run_progress.Journal(screen)
    else:
        yield run_progress.Journal(progress.Lines())


def steps_document(journal: run_progress.Journal) -> list[dict[str, Any]]:
    """A run's steps as verbs print them with `--json`."""
    return [
        {"name": step.name, "seconds": round(step.seconds, 3), "changed": step.changed, "note": step.note}
        for step in journal.results
    ]
