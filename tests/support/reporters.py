"""Who hears of a run's progress in a test."""

from __future__ import annotations

from govcloud_cli.run import progress


class Quiet:
    """Hears nothing."""

    def started(self, name: str) -> None:
        """Nothing."""

    def doing(self, name: str, text: str) -> None:
        """Nothing."""

    def finished(self, result: progress.StepResult) -> None:
        """Nothing."""
