"""What is a secret in a command line, and what only looks like one; `tests/cases/pods/arguments.yaml` has the cases."""

from __future__ import annotations

import pathlib
import shlex

import pytest
import yaml

from govcloud_cli.compliance import findings, subjects
from govcloud_cli.model import policies
from tests.support import rulebooks

CASES = yaml.safe_load((pathlib.Path(__file__).parents[1] / "cases" / "pods" / "arguments.yaml").read_text("utf-8"))
_SHELL = frozenset(";&|$`<>'\"")


def outcomes(command: list[str], args: list[str]) -> list[findings.Outcome]:
    [rule] = [one for one in rulebooks.rules() if one.id == "secret-in-arguments"]
    container = {"name": "web", "image": "registry.gov.example/apps/web:1", "command": command, "args": args}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [container]}}
    found = rule.judge(subjects.Subject(input=policies.Input.KUBERNETES, key="k8s:core/Pod/web", document=pod))
    assert all(result.message == "arguments hold a secret in: web" for result in found)
    return [result.outcome for result in found]


@pytest.mark.parametrize(
    ("verdict", "line"), [(verdict, line) for verdict in ("denied", "allowed") for line in CASES[verdict]]
)
def test_a_command_line_holds_a_secret_or_not(verdict: str, line: str) -> None:
    expected = [findings.Outcome.FAIL] if verdict == "denied" else []

    assert outcomes(["sh", "-c"], [line]) == expected
    if _SHELL.isdisjoint(line):
        assert outcomes(words := shlex.split(line), []) == expected
        assert outcomes(words[:1], words[1:]) == expected
