"""Shows a run's progress: live on a terminal, one line per finished step elsewhere, nothing with `--json`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from govcloud_cli.commands import output

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from govcloud_cli.run import progress

_HEARTBEAT = 60.0


class Silent:
    """For `--json`: results speak for themselves."""

    def started(self, name: str) -> None:
        """Say nothing."""

    def doing(self, name: str, text: str) -> None:
        """Say nothing."""

    def finished(self, result: progress.StepResult) -> None:
        """Say nothing."""


class Lines:
    """For logs: a line per finished step, and a heartbeat while something takes long."""

    def __init__(self) -> None:
        self._console = output.console(stderr=True)
        self._spoke = time.monotonic()

    def started(self, name: str) -> None:
        """Nothing yet: the line comes when it ended."""

    def doing(self, name: str, text: str) -> None:
        """Tell what is waited for, once a minute."""
        if time.monotonic() - self._spoke >= _HEARTBEAT:
            self._say(f"  … {name}: {text}")

    def finished(self, result: progress.StepResult) -> None:
        """One line."""
        self._say(line(result))

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)
        self._spoke = time.monotonic()


class Screen:
    """For terminals: finished steps above, what runs now below, with elapsed time."""

    def __init__(self) -> None:
        from rich import live

        self._console = output.console(stderr=True)
        self._running: dict[str, tuple[float, str]] = {}
        self._live: Live = live.Live(
            console=self._console, get_renderable=self._render, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, name: str) -> None:
        """Show it below."""
        self._running[name] = (time.monotonic(), "")

    def doing(self, name: str, text: str) -> None:
        """Show what it does."""
        since = self._running.get(name, (time.monotonic(), ""))[0]
        self._running[name] = (since, text)

    def finished(self, result: progress.StepResult) -> None:
        """Move it above."""
        self._running.pop(result.name, None)
        self._live.console.print(line(result), soft_wrap=True)

    def _render(self) -> RenderableType:
        from rich import table, text

        grid = table.Table.grid(padding=(0, 1))
        for name, (since, what) in list(self._running.items()):
            grid.add_row(
                text.Text("▸", style="cyan"),
                text.Text(name),
                text.Text(f"{time.monotonic() - since:.0f} s", style="dim"),
                text.Text(what, style="dim", overflow="ellipsis", no_wrap=True),
            )
        return grid


def line(result: progress.StepResult) -> str:
    """One finished step as a line of text."""
    mark = "✗" if result.failed else "~" if result.changed else "="
    return f"{mark} {result.name:<28} {result.seconds:6.1f} s  {result.note}".rstrip()


def is_terminal() -> bool:
    """Whether progress goes to a person's terminal."""
    return sys.stderr.isatty()
