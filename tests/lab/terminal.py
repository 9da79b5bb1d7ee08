"""Somebody at a terminal: a command on a pseudo-terminal, whose prompts are answered as they appear."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from collections.abc import Callable, Mapping, Sequence


def run(
    command: Sequence[str],
    answers: Mapping[str, Callable[[], str]],
    *,
    environment: Mapping[str, str],
    seconds: float = 300.0,
) -> tuple[int, str]:
    """Exit code and everything shown. `answers`: what to type when the screen ends with a prompt (a pattern)."""
    child, screen = pty.fork()
    if child == 0:
        os.execvpe(command[0], list(command), dict(environment))
    shown, answered, until = b"", 0, time.monotonic() + seconds
    while time.monotonic() < until:
        if select.select([screen], [], [], 0.5)[0]:
            try:
                read = os.read(screen, 65536)
            except OSError:
                # The other end is closed.
                break
            shown += read
        elif asked := _prompt(shown[answered:].decode("utf-8", "replace"), answers):
            # Only when nothing more comes: a prompt throws away what was typed before it.
            answered = len(shown)
            os.write(screen, (asked() + "\n").encode())
    else:
        os.kill(child, 15)
    _, status = os.waitpid(child, 0)
    os.close(screen)
    return os.waitstatus_to_exitcode(status), shown.decode("utf-8", "replace").replace("\r\n", "\n")


def _prompt(screen: str, answers: Mapping[str, Callable[[], str]]) -> Callable[[], str] | None:
    return next((answer for asked, answer in answers.items() if re.search(asked + r"\s*\Z", screen)), None)
