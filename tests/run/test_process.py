"""The gate through which every process goes, with real processes."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest

from govcloud_cli import errors
from govcloud_cli.run import process


def alive(pid: int) -> bool:
    """Whether a process is there and is more than a zombie that nobody has waited for."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def soon(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether a condition comes true within a time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def number_in(path: pathlib.Path) -> int:
    """The process id that a child writes into a file."""
    assert soon(lambda: path.exists() and path.read_text().strip().isdigit())
    return int(path.read_text())


def test_output_and_exit_code_come_back() -> None:
    done = process.run(["sh", "-c", "cat; echo wrong >&2; exit 3"], stdin="in\n", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "in\n", "wrong\n")


def test_a_failure_tells_the_command_and_its_own_words() -> None:
    with pytest.raises(errors.ProcessError, match="exit code 3") as caught:
        process.run(["sh", "-c", "echo wrong >&2; exit 3"])
    assert caught.value.cause == "wrong"
    assert caught.value.returncode == 3


def test_words_reach_the_program_as_they_are_for_no_shell_reads_them() -> None:
    words = ["$(id)", "a b", "; rm -rf x", "*", "", "云溪"]
    code = "import sys, json; print(json.dumps(sys.argv[1:]))"
    assert json.loads(process.run([sys.executable, "-c", code, *words]).stdout) == words


def test_a_missing_program_is_named_with_what_to_do() -> None:
    for start in (
        lambda: process.run(["no-such-program-here"]),
        lambda: process.attached(["no-such-program-here"]),
        lambda: process.talking(["no-such-program-here"]).__enter__(),
    ):
        with pytest.raises(errors.ProcessError, match="`no-such-program-here` is not installed") as caught:
            start()
        assert caught.value.returncode == 127
        assert "doctor" in str(caught.value.remedy)


def test_a_time_out_ends_the_whole_group(tmp_path: pathlib.Path) -> None:
    child = tmp_path / "child"
    started = time.monotonic()
    with pytest.raises(errors.ProcessError, match=r"did not end within 0\.5 s"):
        process.run(["sh", "-c", f"sleep 60 & echo $! >{child}; wait"], timeout=0.5)
    assert time.monotonic() - started < 5
    assert soon(lambda: not alive(number_in(child)))


def test_a_time_out_ends_a_child_that_does_not_care_and_outlived_its_parent(tmp_path: pathlib.Path) -> None:
    """It holds the pipes open, so whoever waits for their end would wait as long as it lives."""
    child = tmp_path / "child"
    started = time.monotonic()
    with pytest.raises(errors.ProcessError):
        process.run(["sh", "-c", f"(trap '' TERM; sleep 60) & echo $! >{child}"], timeout=0.5)
    assert time.monotonic() - started < 10
    assert soon(lambda: not alive(number_in(child)))


def test_leaving_a_stream_early_ends_what_it_started(tmp_path: pathlib.Path) -> None:
    child = tmp_path / "child"
    with process.streaming(["sh", "-c", f"sleep 60 & echo $! >{child}; echo ready; wait"]) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
    assert not alive(running.pid)
    assert soon(lambda: not alive(number_in(child)))


def test_a_log_is_appended_to_and_is_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "log"
    for word in ("one", "two"):
        with process.streaming(["sh", "-c", f"echo {word} >&2; echo out"], stderr=log) as running:
            assert running.stdout is not None
            assert running.stdout.read() == "out\n"
    assert log.read_text() == "one\ntwo\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_what_other_threads_have_running_can_be_ended() -> None:
    failures: list[errors.GovcloudError] = []

    def work() -> None:
        try:
            process.run(["sleep", "60"])
        except errors.ProcessError as error:
            failures.append(error)

    before = set(process._running)
    thread = threading.Thread(target=work)
    thread.start()
    assert soon(lambda: bool(process._running - before))
    process.end_children()
    thread.join(10)
    assert not thread.is_alive()
    assert failures[0].returncode == -signal.SIGTERM  # type: ignore[attr-defined]


def test_an_attached_programs_exit_code_is_told_as_shells_do() -> None:
    assert process.attached(["sh", "-c", "exit 7"]) == 7
    assert process.attached(["sh", "-c", "kill -9 $$"]) == 137


def test_a_helper_ends_when_its_input_is_closed() -> None:
    with process.talking(["cat"]) as (stdout, stdin):
        stdin.write("hello\n")
        stdin.flush()
        assert stdout.readline() == "hello\n"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> str:
    """A run that nobody else has; what is started from now on belongs to it."""
    monkeypatch.setenv("GOVCLOUD_RUN", "")
    process.mark(str(tmp_path))
    return str(tmp_path)


def test_leftovers_of_the_same_run_are_killed_and_nothing_else(
    marked: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process.streaming(["sleep", "60"]) as own:
        monkeypatch.setenv("GOVCLOUD_RUN", marked + "-other")
        with process.streaming(["sleep", "60"]) as other:
            assert process.end_leftovers(marked) == (own.pid,)
            assert own.wait(5) == -signal.SIGKILL
            assert alive(other.pid)
    assert process.end_leftovers(marked) == ()


def test_what_a_killed_run_left_is_found_again(marked: str, tmp_path: pathlib.Path) -> None:
    """A run is killed with -9; its child goes on in a session of its own, where no signal of ours reaches it."""
    child = tmp_path / "child"
    code = f"from govcloud_cli.run import process; process.run(['sh', '-c', 'echo $$ >{child}; sleep 60'])"
    with process.streaming([sys.executable, "-c", code]) as run:
        left = number_in(child)
        os.kill(run.pid, signal.SIGKILL)
        run.wait(5)
        assert alive(left)
        assert left in process.end_leftovers(marked)
        assert not alive(left), "its end is awaited"


def test_a_process_whose_first_thread_has_ended_is_found_by_the_others(marked: str) -> None:
    """A killed program ends thread by thread: the first may be gone while another is still in its last write."""
    code = "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(60,)).start()"
    with process.streaming([sys.executable, "-c", f"{code}; ctypes.CDLL(None).pthread_exit(None)"]) as run:
        assert soon(lambda: not alive(run.pid)), "its first thread has ended"
        with pytest.raises(ProcessLookupError):
            pathlib.Path(f"/proc/{run.pid}/environ").read_bytes()
        assert process.end_leftovers(marked) == (run.pid,)
        assert run.wait(5) == -signal.SIGKILL


# Python warns of a child that is let go of while it runs; that is what a daemon is.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_daemon_is_no_part_of_the_run_that_started_it(marked: str, tmp_path: pathlib.Path) -> None:
    pid = process.detached(["sh", "-c", "echo started; exec sleep 60"], log=tmp_path / "log")
    try:
        assert soon(lambda: (tmp_path / "log").read_text() == "started\n")
        assert b"GOVCLOUD_RUN" not in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert pid not in process.end_leftovers(marked)
        assert os.getsid(pid) == pid, "a signal to our group does not reach it"
        assert alive(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
