"""`govcloud policy list`: every policy on a line, and only those that were asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import errors
from tests.support import command_line, policy_folders


@pytest.mark.usefixtures("here")
def test_every_policy_has_a_line_in_both_languages() -> None:
    lines = command_line.run("policy", "list").stdout.splitlines()

    assert lines[0].split()[:4] == ["pod-privileged", "critical", "baseline", "kubernetes"]
    assert lines[0].endswith("Containers do not run privileged (容器不得以特权模式运行)")
    assert lines[-1] == "2 policies"


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--control", "L3-CES1-17"], ["pod-privileged"]),
        (["--control", "AC-6"], ["tenant-named"]),
        (["--profile", "baseline"], ["pod-privileged"]),
        (["--profile", "mlps-l3"], ["pod-privileged", "tenant-named"]),
        (["--profile", "pss-restricted"], []),
        (["--input", "tenant"], ["tenant-named"]),
        (["--input", "tenant", "--control", "L3-CES1-17"], []),
    ],
)
@pytest.mark.usefixtures("here")
def test_only_those_that_were_asked_for(words: list[str], ids: list[str]) -> None:
    document = command_line.run("policy", "list", *words, "--json").document

    assert [one["id"] for one in document["policies"]] == ids


@pytest.mark.usefixtures("here")
def test_a_control_of_no_policy_suggests_one() -> None:
    result = command_line.run("policy", "list", "--control", "L3-CES1-71")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "did you mean 'L3-CES1-17'?" in result.stderr


def test_policies_of_ones_own_are_listed(here: Path) -> None:
    policy_folders.policy(here / "policies", "own-rule-of-pods")

    assert "3 policies" in command_line.run("policy", "list").stdout
