"""The lock, with real processes."""

from __future__ import annotations

import datetime
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from govcloud_cli import errors
from govcloud_cli.run import lock, workspace

NOW = datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC)

HOLD = """
import datetime, pathlib, sys, time
from govcloud_cli import errors
from govcloud_cli.run import lock, workspace
space = workspace.Workspace(path=pathlib.Path(sys.argv[1]))
try:
    with lock.held(space, verb="deploy", now=datetime.datetime.now(datetime.UTC)):
        print("held", flush=True)
        sys.stdin.readline()
except errors.GovcloudError as error:
    print(error.message, flush=True)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def space(tmp_path: pathlib.Path) -> workspace.Workspace:
    return workspace.Workspace(path=tmp_path / ".govcloud" / "lab")


def holder(space: workspace.Workspace) -> subprocess.Popen[str]:
    """A process that tries to hold the lock until it is told to let go."""
    argv = [sys.executable, "-c", HOLD, str(space.path)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_second_run_is_refused_and_told_who_holds_the_lock(space: workspace.Workspace) -> None:
    with holder(space) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(errors.LockedError) as caught, lock.held(space, verb="destroy", now=NOW):
            pytest.fail("held twice")
        other.communicate("go\n")
    assert caught.value.exit_code == 5
    assert f"pid {other.pid}, deploy since" in caught.value.message
    assert "@" in caught.value.message


def test_of_ten_at_once_one_runs_and_nine_are_refused_within_two_seconds(space: workspace.Workspace) -> None:
    runs = [holder(space) for _ in range(10)]
    try:
        heads = {run.pid: run.stdout.readline() for run in runs if run.stdout}
        (winner,) = [run for run in runs if heads[run.pid] == "held\n"]
        started = time.monotonic()
        codes = [run.wait(10) for run in runs if run is not winner]
        assert time.monotonic() - started < 2, "refused, not queued"
        assert codes == [errors.ExitCode.LOCKED] * 9
        assert all("is locked: " in heads[run.pid] for run in runs if run is not winner)
        winner.communicate("go\n", timeout=10)
        assert winner.returncode == 0
    finally:
        for run in runs:
            run.kill()
            run.communicate()


def test_a_dead_holders_lock_is_free(space: workspace.Workspace) -> None:
    with holder(space) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        os.kill(other.pid, signal.SIGKILL)
        other.wait(5)
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
def test_a_holder_that_cannot_be_read_is_still_a_holder(space: workspace.Workspace, text: str) -> None:
    with holder(space) as other:
        assert other.stdout is not None
        other.stdout.readline()
        (space.path / "holder.json").write_text(text)
        with pytest.raises(errors.LockedError, match="not yet written"), lock.held(space, verb="deploy", now=NOW):
            pytest.fail("held twice")
        other.communicate("go\n")
