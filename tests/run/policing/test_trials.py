"""Policies against their samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli.run.policing import books, trials
from tests.support import policy_folders


@pytest.mark.usefixtures("here")
def test_samples_that_agree_are_no_problem() -> None:
    book = books.of(None)

    assert trials.problems(book, book.rulebook.entries) == ()


@pytest.mark.usefixtures("here")
def test_only_what_is_asked_for_is_judged(shipped: Path) -> None:
    policy_folders.write(shipped / "pods" / "pod-privileged" / "denied" / "pod.yaml", "a: [")
    book = books.of(None)

    assert trials.problems(book, [book.entry("tenant-named")]) == ()
    (problem,) = trials.problems(book, [book.entry("pod-privileged")])
    assert problem.startswith(str(shipped / "pods" / "pod-privileged" / "denied" / "pod.yaml"))
