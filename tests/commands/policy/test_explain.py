"""`govcloud policy explain`: everything that somebody with a finding, or an auditor, wants to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import errors
from tests.support import command_line, policy_folders


def test_text_says_what_why_how_and_where(here: Path, shipped: Path) -> None:
    policy_folders.waiver(here / "policies")

    text = command_line.run("policy", "explain", "pod-privileged").stdout

    for told in (
        "pod-privileged: Containers do not run privileged\n容器不得以特权模式运行\n",
        "critical: a finding stops a deploy (阻止部署)",
        "MLPS L3-CES1-17",
        "kubernetes: pods",
        "pod-privileged.policies.govcloud.io (Deny)",
        "W-2026-001 until 2027-03-01: k8s:core/Pod/a/web",
        str(shipped / "pods" / "pod-privileged" / "policy.yaml"),
        "why: A privileged container controls the node",
        "fix: Remove privileged",
        "处置: 在所有容器中删除特权设置即可符合要求。",
        "must be true:\n    object.spec.containers.all(",
        "samples: 1 allowed, 1 denied",
    ):
        assert told in text


@pytest.mark.usefixtures("here")
def test_what_the_cluster_does_not_enforce_is_said_so() -> None:
    assert "not enforced there" in command_line.run("policy", "explain", "tenant-named").stdout


def test_what_cannot_be_waived_is_said_so(here: Path) -> None:
    policy_folders.policy(here / "policies", "own-rule-of-pods", waivable=False, severity="low")

    text = command_line.run("policy", "explain", "own-rule-of-pods").stdout

    assert "not possible (不可豁免)" in text
    assert "low: a finding is told, and stops nothing" in text
    assert "(Warn, Audit)" in text


def test_waivers_that_ended_are_not_in_force(here: Path) -> None:
    policy_folders.waiver(here / "policies", expires="2026-10-31")

    assert "possible; none in force" in command_line.run("policy", "explain", "pod-privileged").stdout


@pytest.mark.usefixtures("here")
def test_with_an_environment_its_waivers_are_told(environment: Path) -> None:
    policy_folders.waiver(environment.parents[1] / "policies")

    document = command_line.run("policy", "explain", "pod-privileged", "--env", str(environment), "--json").document

    assert [one["id"] for one in document["waivers"]] == ["W-2026-001"]


@pytest.mark.usefixtures("here")
def test_an_unknown_policy_suggests_the_nearest() -> None:
    result = command_line.run("policy", "explain", "pod-privilged")

    assert result.code == errors.ExitCode.BAD_INPUT
    assert "did you mean 'pod-privileged'?" in result.stderr


def test_variables_of_a_library_are_told_as_far_as_they_matter(here: Path) -> None:
    path = policy_folders.policy(here / "policies", "own-rule-of-pods")
    text = path.read_text("utf-8")
    start = text.index("  matchConstraints:")
    rule = "  library: shared\n" + text[text.index("  validations:") :].replace(
        "object.spec.cont", "variables.own.cont"
    )
    path.write_text(text[:start] + rule, "utf-8")
    library = (
        "apiVersion: govcloud/v1\nkind: PolicyLibrary\nspec:\n  matchConstraints:\n"
        '    resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods]}]\n  variables:\n'
        "    - {name: whole, expression: object}\n    - {name: other, expression: object}\n"
        "    - {name: own, expression: variables.whole.spec}\n"
    )
    policy_folders.write(here / "policies" / "library" / "shared.yaml", library)

    told = command_line.run("policy", "explain", "own-rule-of-pods").stdout

    assert "variables.whole:\n    object\nvariables.own:\n    variables.whole.spec\n" in told
    assert "variables.other" not in told
