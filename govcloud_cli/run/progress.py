"""What a run tells while it goes on; `commands.progress` shows it to people."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator
from typing import Protocol


@dataclasses.dataclass(kw_only=True)
class StepResult:
    """How one step went."""

    name: str
    """E.g. `external/roles`."""
    seconds: float = 0.0
    changed: bool = False
    note: str = ""
    """One line: why nothing was done, or what was."""
    failed: bool = False


class Reporter(Protocol):
    """Shows progress. Called from several threads."""

    def started(self, name: str) -> None:
        """A step began."""

    def doing(self, name: str, text: str) -> None:
        """What the step does now."""

    def finished(self, result: StepResult) -> None:
        """A step ended."""


class Journal:
    """Collects the results of a run's steps and passes every event on to one reporter."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self.results: list[StepResult] = []

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[StepResult]:
        """Time a step. The block fills in `changed` and `note`."""
        result = StepResult(name=name)
        started = time.monotonic()
        with self._lock:
            self._reporter.started(name)
        try:
            yield result
        except BaseException:
            result.failed = True
            raise
        finally:
            result.seconds = time.monotonic() - started
            with self._lock:
                self.results.append(result)
                self._reporter.finished(result)

    def doing(self, name: str, text: str) -> None:
        """Tell what a step does now."""
        with self._lock:
            self._reporter.doing(name, text)
