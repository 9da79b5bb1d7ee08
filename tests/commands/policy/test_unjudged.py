"""What could not be judged, as text: a block for each object, whatever fails on it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from govcloud_cli.commands.policy import rendering, unjudged
from govcloud_cli.compliance import findings, subjects
from govcloud_cli.model import policies
from tests.commands.policy import made

PATCH = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 3}}
FINE = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}}
RULES = tuple(made.policy(f"rule-of-pods-{number}") for number in range(7))


def subject(document: Any, key: str = "k8s:apps/Deployment/a/web", **rest: Any) -> subjects.Subject:
    place = subjects.Place(file="deploy/web.yaml")
    return subjects.Subject(input=policies.Input.KUBERNETES, key=key, document=document, place=place, **rest)


def result(about: subjects.Subject, rule: policies.Policy = RULES[0], **rest: Any) -> findings.Result:
    told: dict[str, Any] = {"outcome": findings.Outcome.ERROR, "message": "the rule cannot be evaluated", **rest}
    return findings.Result(policy=rule, subject=about, **told)


def told(*results: findings.Result, everything: bool = False) -> list[str]:
    found = unjudged.lines(results, everything=everything)
    return ["".join(text for text, _ in parts) for parts in found]


def test_a_patch_is_one_block_that_says_to_render_it_first() -> None:
    about = subject(PATCH)

    assert told(*(result(about, rule, line=4) for rule in RULES)) == [
        "not judged (未能判定) k8s:apps/Deployment/a/web by 7 rules",
        "  - deploy/web.yaml:4 spec.template is missing, Kubernetes has a mapping there (缺失，应为映射)",
        "  rules: rule-of-pods-0, rule-of-pods-1, rule-of-pods-2, rule-of-pods-3, rule-of-pods-4 and 2 more",
        (
            "  fix: judge whole objects; a patch or an overlay is rendered first, e.g. "
            "`kubectl kustomize DIR | govcloud policy check -` or `helm template CHART | govcloud policy check -`"
        ),
        (
            "  处置: 请检查完整的对象；补丁或 overlay 须先渲染，例如 "
            "kubectl kustomize DIR | govcloud policy check - 或 helm template CHART | govcloud policy check -"
        ),
        "",
    ]


def test_all_lists_every_rule() -> None:
    about = subject(PATCH)

    assert told(*(result(about, rule) for rule in RULES), everything=True)[2].endswith("rule-of-pods-6")


def test_a_value_that_is_not_known_yet_is_named() -> None:
    path = ("spec", "containers", 0, "image")
    about = subject(FINE, unknown=(path,))
    lines = told(*(result(about, rule, outcome=findings.Outcome.UNKNOWN, message="x") for rule in RULES[:2]))

    assert lines[0] == "not judged (未能判定) k8s:apps/Deployment/a/web by 2 rules"
    assert lines[1] == "  - deploy/web.yaml spec.containers[0].image is not known before `pulumi up` (部署前未知)"
    assert "before `pulumi up`" in lines[3]
    [whole] = told(result(subject(FINE, unknown=((),))))[1:2]
    assert "the whole object is not known" in whole


def test_a_document_that_the_engine_cannot_take_says_why_and_blames_no_policy() -> None:
    lines = told(result(subject(FINE, unknown=(("spec",),)), message="the document has a NUL character in a text"))

    assert lines[1] == "  - deploy/web.yaml the document has a NUL character in a text"
    assert lines[3].startswith("  fix: mend the object")


def test_operators_of_the_engine_are_not_for_people() -> None:
    about = subject(FINE)
    found = [
        result(about, message="the rule types do not fit: _+_(int64, list)", path=("spec",)),
        result(about, RULES[1], message="the rule types do not fit: _==_(int64, list)", path=("spec",)),
        result(about, RULES[2], message="the rule reads missing, which is not there"),
    ]

    assert told(*found)[1:3] == [
        "  - deploy/web.yaml the rule types do not fit (at spec)",
        "  - deploy/web.yaml the rule reads missing, which is not there",
    ]


def test_a_rule_that_fails_on_many_good_objects_is_one_block_of_the_rule() -> None:
    found = [result(subject(FINE, f"k8s:core/Pod/a/{number}"), line=number + 1) for number in range(9)]
    lines = told(*found)

    assert lines[0] == "not judged (未能判定) rule-of-pods-0: Demand of rule-of-pods-0 (不得使用特权)  ×9"
    assert lines[1] == "  - deploy/web.yaml:1 k8s:core/Pod/a/0: the rule cannot be evaluated"
    assert lines[6] == "  - … and 4 more; --all lists them"
    assert lines[7].startswith("  fix: if Kubernetes takes the object as it is, the policy is at fault")
    assert len(lines) == 10


def test_many_malformed_objects_are_counted_beyond_the_first() -> None:
    found = [result(subject(PATCH, f"k8s:apps/Deployment/a/{number}"), rule) for number in range(9) for rule in RULES]

    assert len([line for line in told(*found) if line.startswith("not judged (未能判定) k8s:")]) == 5
    assert "not judged (未能判定): 4 more objects; --all lists them" in told(*found)
    assert len([line for line in told(*found, everything=True) if line.startswith("not judged")]) == 9


def test_objects_with_many_faults_are_told_the_first() -> None:
    about = subject({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": ["x"] * 8}})
    lines = told(result(about))

    assert lines[1] == (
        "  - deploy/web.yaml spec.containers[0] is a text, Kubernetes has a mapping there (应为映射，实为文本)"
    )
    assert lines[6] == "  - … and 3 more; --all lists them"


@pytest.mark.parametrize("name", ["a\nPASSED (符合)", "\x1b[2J", "##[error]x", "\r::set-env name=X::y"])
def test_words_of_the_input_make_no_line_and_give_no_orders(name: str) -> None:
    labelled = {**PATCH, "metadata": {"labels": {name: 1}}}
    found = [
        result(subject(labelled, name)),
        result(subject(FINE, name, unknown=((name,),))),
        *(result(dataclasses.replace(subject(FINE, name)), message=name, path=(name,)) for _ in range(9)),
    ]

    for line in told(*found, everything=True):
        assert line.isprintable()
        assert not line.lstrip().startswith(("::", name))
        assert "##[" not in line


@pytest.mark.parametrize("outcome", [findings.Outcome.ERROR, findings.Outcome.UNKNOWN])
def test_with_anything_not_judged_nothing_is_called_clean(outcome: findings.Outcome) -> None:
    found = rendering.lines(made.report(made.result(outcome=outcome)), threshold=policies.Severity.HIGH)
    lines = ["".join(text for text, _ in parts) for parts in found]

    assert lines[0] == "not judged (未能判定) k8s:apps/Deployment/finance-prod/web by 1 rule"
    assert "INCOMPLETE (结论不完整): not everything was judged" in lines
