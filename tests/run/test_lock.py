"""The lock, with real processes."""

from __future__ import annotations

import contextlib
import datetime
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from multiprocessing import connection, process
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.run import lock, workspace

NOW = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)
_FORK = multiprocessing.get_context("fork")


@pytest.fixture
def space(tmp_path: pathlib.Path) -> workspace.Workspace:
    return workspace.Workspace(path=tmp_path / ".govcloud" / "lab")


class Contender:
    """A process that tries to hold the lock until it is told to let go."""

    def __init__(self, space: workspace.Workspace, start: Any = None) -> None:
        self._ours, theirs = _FORK.Pipe()
        self.process: process.BaseProcess = _FORK.Process(target=_contend, args=(space, theirs, start))
        self.process.start()

    def said(self) -> tuple[str, float]:
        """`held` or the error's message, and the seconds it took."""
        assert self._ours.poll(30), "nothing came"
        told: tuple[str, float] = self._ours.recv()
        return told

    def end(self) -> int | None:
        """Let go; return the exit code."""
        with contextlib.suppress(OSError):
            self._ours.send("go")
        self.process.join(30)
        return self.process.exitcode


def _contend(space: workspace.Workspace, pipe: connection.Connection, start: Any) -> None:
    if start is not None:
        start.wait(30)
    began = time.monotonic()
    try:
        with lock.held(space, verb="deploy", now=datetime.datetime.now(datetime.UTC)):
            pipe.send(("held", time.monotonic() - began))
            pipe.recv()
    except errors.LockedError as error:
        pipe.send((error.message, time.monotonic() - began))
        os._exit(error.exit_code)
    os._exit(0)


@pytest.fixture
def holder(space: workspace.Workspace) -> Iterator[Contender]:
    """A process that has the lock."""
    found = Contender(space)
    assert found.said()[0] == "held"
    yield found
    found.process.kill()
    found.process.join()


def test_a_second_run_is_refused_and_told_who_holds_the_lock(space: workspace.Workspace, holder: Contender) -> None:
    with pytest.raises(errors.LockedError) as caught, lock.held(space, verb="destroy", now=NOW):
        pytest.fail("held twice")
    assert caught.value.exit_code == 5
    assert f"pid {holder.process.pid}, deploy since" in caught.value.message
    assert "@" in caught.value.message
    assert holder.end() == 0


def test_of_ten_at_once_one_runs_and_nine_are_refused_within_two_seconds(space: workspace.Workspace) -> None:
    start = _FORK.Event()
    runs = [Contender(space, start) for _ in range(10)]
    try:
        start.set()
        said = {run: run.said() for run in runs}
        (winner,) = [run for run in runs if said[run][0] == "held"]
        refused = [run for run in runs if run is not winner]
        assert [run.end() for run in refused] == [errors.ExitCode.LOCKED] * 9
        assert all("is locked: " in said[run][0] for run in refused)
        assert max(said[run][1] for run in refused) < 2, "refused, not queued"
        assert winner.end() == 0
    finally:
        for run in runs:
            run.process.kill()
            run.process.join()


def test_a_dead_holders_lock_is_free(space: workspace.Workspace, holder: Contender) -> None:
    assert holder.process.pid is not None
    os.kill(holder.process.pid, signal.SIGKILL)
    holder.process.join(10)
    with lock.held(space, verb="deploy", now=NOW):
        pass


def test_the_lock_is_free_again_after_a_failure_and_its_file_stays(space: workspace.Workspace) -> None:
    with pytest.raises(RuntimeError), lock.held(space, verb="deploy", now=NOW):
        raise RuntimeError
    with lock.held(space, verb="deploy", now=NOW):
        pass
    assert (space.path / "lock").exists(), "unlinked, two runs could each lock a file of their own"


def test_its_files_are_for_their_owner_alone(space: workspace.Workspace) -> None:
    with lock.held(space, verb="deploy", now=NOW):
        for name in ("lock", "holder.json"):
            assert (space.path / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"user": "x"}', '{"since": 1}'])
def test_a_holder_that_cannot_be_read_is_still_a_holder(
    space: workspace.Workspace, holder: Contender, text: str
) -> None:
    assert holder.process.is_alive()
    (space.path / "holder.json").write_text(text)
    with pytest.raises(errors.LockedError, match="not yet written"), lock.held(space, verb="deploy", now=NOW):
        pytest.fail("held twice")


def test_the_name_of_a_run_that_is_over_is_not_taken_for_the_holders(
    space: workspace.Workspace, holder: Contender
) -> None:
    named = json.loads((space.path / "holder.json").read_text())
    over = subprocess.Popen(["true"])
    over.wait()
    (space.path / "holder.json").write_text(json.dumps({**named, "pid": over.pid}))

    def late() -> None:
        time.sleep(0.1)
        (space.path / "holder.json").write_text(json.dumps(named))

    threading.Thread(target=late).start()
    with pytest.raises(errors.LockedError, match=f"pid {named['pid']}"), lock.held(space, verb="deploy", now=NOW):
        pytest.fail("held twice")
