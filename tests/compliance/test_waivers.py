"""Waivers: each case file is a day, a waiver that differs in one thing, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance import findings, waivers
from govcloud_cli.model import policies
from tests.compliance import rulings

CASES = Path(__file__).resolve().parents[1] / "cases" / "waivers"
TODAY = rulings.day("2026-04-01")
ASKED = frozenset({(rulings.RULE, "k8s:core/Pod/finance-prod/")})
REASON = "govcloud.io/waive.no-host-network"


def apply(*given: Any, results: Any = None, today: Any = TODAY, asked: Any = ASKED) -> Any:
    """With one failing result and the one approver."""
    found = [rulings.result()] if results is None else results
    return waivers.apply(found, given, rulings.approvers("wang.fang"), [rulings.policy()], today=today, asked=asked)


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.iterdir()))
def test_a_waiver(name: str) -> None:
    case = yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))
    waiver = rulings.waiver(**case.get("waiver", {}))
    approvers = rulings.approvers(*case.get("approvers", ["wang.fang"]))
    rule = rulings.policy(waivable=case.get("waivable", True))
    outcome = findings.Outcome(case.get("outcome", "fail"))

    results, notices = waivers.apply(
        [rulings.result(outcome)], [waiver], approvers, [rule], today=case["today"], asked=ASKED
    )
    valid = waivers.in_force([waiver], approvers, [rule], today=case["today"])

    assert [{"kind": one.kind, "detail": one.detail} for one in notices] == case["notices"]
    assert [(one.outcome, one.waiver) for one in results] == [
        (findings.Outcome.WAIVED, "W-2026-001") if case["waived"] else (outcome, None)
    ]
    ended = any(notice["kind"] in {"expired", "refused"} for notice in case["notices"])
    assert bool(valid) is not ended, "what CI lets be is what deploy and the cluster let be"


def test_what_ended_and_what_was_refused_fails_a_run_and_the_rest_does_not() -> None:
    kinds = {"expired": True, "refused": True, "expiring": False, "unused": False}
    notices = [findings.WaiverNotice(waiver="W", rule="r", kind=kind, detail="") for kind in kinds]

    assert [notice.fails for notice in notices] == list(kinds.values())


def test_every_finding_of_the_rule_at_the_resource_is_waived_and_no_other() -> None:
    other = rulings.policy("other-rule")
    results = [
        rulings.result(),
        rulings.result(),
        rulings.result(of=other),
        rulings.result(subject=rulings.pod("web2")),
    ]

    found, _ = apply(rulings.waiver(), results=results)

    assert [one.outcome.value for one in found] == ["waived", "waived", "fail", "fail"]


def test_an_error_is_not_waived_and_a_waiver_beside_it_is_not_called_unused() -> None:
    found, notices = apply(rulings.waiver(), results=[rulings.result(findings.Outcome.ERROR)])

    assert [one.outcome for one in found] == [findings.Outcome.ERROR]
    assert notices == ()


def test_of_two_waivers_the_one_that_lasts_longer_is_named() -> None:
    found, _ = apply(rulings.waiver(1), rulings.waiver(2, expires="2026-08-01"), rulings.waiver(3))

    assert found[0].waiver == "W-2026-002"


def test_one_that_ended_fails_the_run_even_where_another_is_in_force() -> None:
    found, notices = apply(rulings.waiver(1, expires="2026-03-31"), rulings.waiver(2))

    assert found[0].waiver == "W-2026-002"
    assert [(one.waiver, one.kind) for one in notices] == [("W-2026-001", "expired")]


def test_a_waiver_is_not_unused_where_its_rule_was_not_asked() -> None:
    _, notices = apply(rulings.waiver(), results=[], asked=frozenset())

    assert notices == ()


def test_a_waiver_whose_resource_passes_is_unused() -> None:
    _, notices = apply(rulings.waiver(), results=[])

    assert [one.kind for one in notices] == ["unused"]


def test_an_annotation_asks_and_waives_nothing() -> None:
    asking = rulings.pod(annotations={REASON: "  until\nthe move \u202e ", "govcloud.io/waive.other-rule": "no"})

    [found], _ = apply(results=[rulings.result(subject=asking)])

    assert (found.outcome, found.requested, found.waiver) == (findings.Outcome.FAIL, "until the move", None)


def test_what_was_asked_for_stays_with_what_is_waived() -> None:
    [found], _ = apply(rulings.waiver(), results=[rulings.result(subject=rulings.pod(annotations={REASON: "please"}))])

    assert (found.outcome, found.requested) == (findings.Outcome.WAIVED, "please")


@pytest.mark.parametrize("annotations", [None, [], "text", {REASON: None}, {REASON: 5}, {REASON: "  "}, {}])
def test_annotations_that_ask_nothing(annotations: Any) -> None:
    [found], _ = apply(results=[rulings.result(subject=rulings.pod(annotations=annotations))])

    assert found.requested is None


def test_a_long_reason_is_cut() -> None:
    [found], _ = apply(results=[rulings.result(subject=rulings.pod(annotations={REASON: "x" * 5000}))])

    assert found.requested == "x" * 200 + "…"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("k8s:apps/Deployment/finance-prod/web", "k8s:apps/Deployment/finance-prod/"),
        ("k8s:rbac.authorization.k8s.io/ClusterRole/system:node", "k8s:rbac.authorization.k8s.io/ClusterRole/"),
        ("flow:external-web", "flow:"),
        ("pulumi:network:index/Zone:Zone/edge", "pulumi:network:index/Zone:Zone/"),
    ],
)
def test_a_neighbourhood_is_a_key_without_its_name(key: str, expected: str) -> None:
    assert waivers.neighbourhood(key) == expected


DAYS = st.dates(rulings.day("2026-01-01"), rulings.day("2027-06-01"))


@given(DAYS, DAYS, DAYS, st.sampled_from(["li.wei", "wang.fang", "zhao.min"]), st.booleans())
def test_ci_deploy_and_the_cluster_agree_on_every_day(
    created: Any, expires: Any, today: Any, approver: str, waivable: bool
) -> None:
    """What is waived is what is in force, and that never outside its days or for longer than 180 of them."""
    waiver = rulings.waiver(created=created, expires=expires, approver=approver)
    approvers, rules = rulings.approvers("wang.fang", "li.wei"), [rulings.policy(waivable=waivable)]

    [found], notices = waivers.apply([rulings.result()], [waiver], approvers, rules, today=today)
    valid = waivers.in_force([waiver], approvers, rules, today=today)

    should = waivable and approver == "wang.fang" and created <= today <= expires and (expires - created).days <= 180
    assert bool(valid) is should
    assert (found.outcome is findings.Outcome.WAIVED) is should
    assert any(one.fails for one in notices) is not should


def test_waivers_are_listed_by_id() -> None:
    given = [rulings.waiver(number) for number in (3, 1, 2)]

    valid = waivers.in_force(given, rulings.approvers("wang.fang"), [rulings.policy()], today=TODAY)

    assert [one.metadata.id for one in valid] == ["W-2026-001", "W-2026-002", "W-2026-003"]


def test_results_of_other_inputs_have_no_annotations() -> None:
    one = rulings.pod()
    flow = type(one)(input=policies.Input.FLOW, key="flow:web", document={"metadata": {"annotations": {REASON: "x"}}})

    [found], _ = apply(results=[rulings.result(subject=flow)])

    assert found.requested is None
