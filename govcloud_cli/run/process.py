"""The only place that starts a process.

Commands are argument vectors, never shell text. Secrets travel by standard input, by file or by
environment, never in `argv`, because every local user can read `/proc/*/cmdline`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import select
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from govcloud_cli import errors

_MARK = "GOVCLOUD_RUN"
_END_SECONDS = 20
_running: set[subprocess.Popen[str]] = set()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Completed:
    """What a finished command left behind."""

    returncode: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    directory: pathlib.Path | None = None,
    timeout: float = 120.0,
    check: bool = True,
) -> Completed:
    """Run `argv` to its end and return its output.

    `environment` is added to ours. `timeout` is in seconds; past it the whole process group is killed.
    Raises `errors.ProcessError` on a time-out, on a missing program and, if `check`, on a non-zero exit.
    """
    process = _start(
        argv,
        environment=_environment(environment),
        directory=directory,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    _running.add(process)
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        # The pipes may be all that is left of it: a child of its own that outlived it.
        stop(process)
        stdout, stderr = process.communicate()
        raise errors.ProcessError(
            f"`{_shown(argv)}` did not end within {timeout:g} s",
            returncode=-signal.SIGKILL,
            stdout=stdout,
            stderr=stderr,
        ) from None
    except BaseException:
        stop(process)
        raise
    finally:
        _running.discard(process)
    if check and process.returncode != 0:
        raise errors.ProcessError(
            f"`{_shown(argv)}` failed with exit code {process.returncode}",
            returncode=process.returncode,
            stdout=stdout,
            stderr=stderr,
        )
    return Completed(returncode=process.returncode, stdout=stdout, stderr=stderr)


@contextlib.contextmanager
def streaming(
    argv: Sequence[str],
    *,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    directory: pathlib.Path | None = None,
    stdout: pathlib.Path | None = None,
    stderr: pathlib.Path | None = None,
    inherit: Sequence[int] = (),
) -> Iterator[subprocess.Popen[str]]:
    """Start `argv` in its own process group; yield it with `stdout` open for reading line by line.

    `stdout` (instead of reading it) and `stderr` are files to append to (0600). `inherit` are file descriptors that it
    keeps open under their numbers. Leaving the block before its end stops it with its group.
    """
    with contextlib.ExitStack() as stack:
        output_to: int | IO[bytes] = subprocess.PIPE if stdout is None else stack.enter_context(_append(stdout))
        errors_to: int | IO[bytes] = subprocess.DEVNULL if stderr is None else stack.enter_context(_append(stderr))
        process = _start(
            argv,
            environment=_environment(environment),
            directory=directory,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=output_to,
            stderr=errors_to,
            inherit=inherit,
        )
        _running.add(process)
        try:
            if stdin is not None and process.stdin is not None:
                process.stdin.write(stdin)
                process.stdin.close()
            yield process
        finally:
            if process.poll() is None:
                stop(process)
            _running.discard(process)
            if process.stdout is not None:
                process.stdout.close()


@contextlib.contextmanager
def talking(argv: Sequence[str]) -> Iterator[tuple[IO[str], IO[str]]]:
    """Start a helper in our own process group; yield its standard output and input, and close the input to end it.

    Its errors go to our own standard error.
    """
    try:
        helper = subprocess.Popen(list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    except FileNotFoundError as error:
        raise _missing(argv) from error
    with helper:
        if helper.stdin is None or helper.stdout is None:
            raise RuntimeError("pipes were asked for")
        try:
            yield helper.stdout, helper.stdin
        finally:
            helper.stdin.close()
            try:
                helper.wait(10)
            except subprocess.TimeoutExpired:
                helper.kill()


def attached(argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> int:
    """Run `argv` on our own terminal and standard streams; return its exit code (128 + n for signal n)."""
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = subprocess.call(list(argv), env=_environment(environment), preexec_fn=_default_interrupt)
    except FileNotFoundError as error:
        raise _missing(argv) from error
    finally:
        signal.signal(signal.SIGINT, previous)
    return code if code >= 0 else 128 - code


def detached(
    argv: Sequence[str],
    *,
    log: pathlib.Path,
    environment: Mapping[str, str] | None = None,
    inherit: Sequence[int] = (),
) -> int:
    """Start `argv` as a daemon that outlives us and every run; return its process id.

    Its output is appended to `log` (0600). `inherit` are file descriptors that it keeps open under their numbers.
    """
    unmarked = {name: value for name, value in os.environ.items() if name != _MARK}
    with _append(log) as output:
        process = _start(
            argv,
            environment={**unmarked, **(environment or {})},
            directory=None,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            inherit=inherit,
        )
    return process.pid


def end_children() -> None:
    """Stop whatever `run` and `streaming` have running in other threads, so that those threads come to an end."""
    for process in tuple(_running):
        stop(process)


def mark(run: str) -> None:
    """Mark whatever we start from now on, directly or not, as part of `run`; daemons are not part of it."""
    os.environ[_MARK] = run


def end_leftovers(run: str) -> tuple[int, ...]:
    """Kill what a killed process of the same `run` left running; return the process ids, when all have ended.

    A child's child notices its parent's death late or never, and would go on writing beside us. One that is killed
    already may still be in its last write, so of those too the end is awaited. Raises `errors.GovcloudError` for one
    that does not end.
    """
    needle = f"{_MARK}={run}".encode()
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError), contextlib.ExitStack() as kept:
            # Opened first: a number that another process has by the time of the signal is not the one we read about.
            handle = os.pidfd_open(int(folder.name))
            kept.callback(os.close, handle)
            if any(needle in variables for variables in _environments(folder)):
                found[int(folder.name)] = handle
                kept.pop_all()
    try:
        for handle in found.values():
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        for identifier, handle in found.items():
            _await_end(identifier, handle)
    finally:
        for handle in found.values():
            os.close(handle)
    return tuple(found)


def _environments(folder: pathlib.Path) -> Iterator[list[bytes]]:
    """The variables of a process, once per thread: of one that was killed, the first thread may have ended already."""
    for thread in (folder / "task").iterdir():
        with contextlib.suppress(OSError):
            yield (thread / "environ").read_bytes().split(b"\0")


def _await_end(identifier: int, handle: int) -> None:
    ended = select.poll()
    ended.register(handle, select.POLLIN)
    if not ended.poll(_END_SECONDS * 1000):
        raise errors.GovcloudError(
            f"process {identifier}, which a killed run left behind, does not end",
            cause="it was killed, and the kernel still waits for something on its behalf",
            remedy=f"look at /proc/{identifier}/stack, then run the same command again",
        )


def stop(process: subprocess.Popen[str], *, patience: float = 5.0) -> None:
    """End the process group of `process`: SIGTERM, `patience` seconds for its leader, then SIGKILL for all of it."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    # Also when the leader is gone: what it started may not have heard, or not have cared.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)


def _start(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None,
    directory: pathlib.Path | None,
    stdin: int,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    inherit: Sequence[int] = (),
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            list(argv),
            env=None if environment is None else dict(environment),
            cwd=directory,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            pass_fds=tuple(inherit),
        )
    except FileNotFoundError as error:
        raise _missing(argv) from error


def _environment(extra: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if extra is None else {**os.environ, **extra}


def _append(path: pathlib.Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab")


def _default_interrupt() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _missing(argv: Sequence[str]) -> errors.ProcessError:
    return errors.ProcessError(
        f"the program `{argv[0]}` is not installed",
        returncode=127,
        stdout="",
        stderr="",
        remedy="run `govcloud doctor` to see what is missing",
    )


def _shown(argv: Sequence[str]) -> str:
    text = shlex.join(argv)
    return text if len(text) <= 160 else text[:157] + "..."
