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


@pytest.mark.usefixtures("here")
def test_what_a_cluster_would_refuse_to_install_is_a_problem(shipped: Path) -> None:
    """CI would judge by it, and the deploy would fail in the middle."""
    path = shipped / "pods" / "pod-privileged" / "policy.yaml"
    text = path.read_text("utf-8")
    expression = "object.spec.containers.all(c, !c.?securityContext.?privileged.orValue(false))"
    path.write_text(text.replace(expression, f"{expression} && size([1, 'a']) == 2"), "utf-8")
    book = books.of(None)

    (problem,) = trials.problems(book, [book.entry("pod-privileged")])

    assert problem.startswith(f"{path}: spec.validations[0].expression: a cluster would refuse it")
