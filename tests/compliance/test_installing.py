"""What an API server would refuse of a policy, told without one."""

from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance import installing
from tests.support import installing as cases
from tests.support import rulebooks


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: f"{case['in']}: {case['expression']}")
def test_what_would_be_refused_is_told(case: dict[str, Any]) -> None:
    found = installing.problems(cases.rule(case))
    if "refused" not in case:
        assert found == ()
        return
    assert case["refused"] in " ".join(problem.message for problem in found)
    places = {"validation": "validations[0].expression", "condition": "matchConditions[0].expression"}
    place = places.get(case["in"], "validations[0].messageExpression")
    assert {problem.field for problem in found} == {f"spec.{place}"}


def test_a_rule_that_no_cluster_enforces_may_say_what_it_likes() -> None:
    case = next(case for case in cases.CASES if "refused" in case and case["in"] == "validation")
    assert installing.problems(cases.rule(case, cluster="none")) == ()


def test_every_policy_of_ours_can_be_installed() -> None:
    assert [problem for rule in rulebooks.rules() for problem in installing.problems(rule)] == []
