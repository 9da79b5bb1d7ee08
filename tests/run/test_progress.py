from __future__ import annotations

import pytest

from govcloud_cli.run import progress


class Told:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []

    def started(self, name: str) -> None:
        self.events.append(("started", name))

    def doing(self, name: str, text: str) -> None:
        self.events.append(("doing", name, text))

    def finished(self, result: progress.StepResult) -> None:
        self.events.append(("finished", result.name, result.note, str(result.failed)))


def test_a_step_is_told_from_its_beginning_to_its_end() -> None:
    told = Told()
    journal = progress.Journal(told)
    with journal.step("external/roles") as step:
        journal.doing("external/roles", "installing")
        step.changed = True
        step.note = "done"
    assert told.events == [
        ("started", "external/roles"),
        ("doing", "external/roles", "installing"),
        ("finished", "external/roles", "done", "False"),
    ]
    (result,) = journal.results
    assert result.changed
    assert result.seconds >= 0


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_step_that_fails_is_told_too_and_the_failure_goes_on(error: type[BaseException]) -> None:
    journal = progress.Journal(Told())
    with pytest.raises(error), journal.step("prepare"):
        raise error
    assert [result.failed for result in journal.results] == [True]
