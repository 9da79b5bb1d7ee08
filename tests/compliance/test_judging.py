"""Many rules and many documents: as fast as one expression, with the verdicts that each rule gives by itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance import checks, findings, judging, rules, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.compliance.checks import check
from govcloud_cli.model import policies
from tests.compliance import rulings

ENGINE = engine.Engine({"registries": []})


def rule(name: str, *expressions: str, condition: str | None = None, **spec: Any) -> rules.Rule:
    given_ = rulings.policy(
        name,
        input="flow",
        matchConstraints=None,
        validations=[{"expression": one, "message": "it is wrong"} for one in expressions],
        matchConditions=[{"name": "one", "expression": condition}] if condition else [],
        **spec,
    )
    return rules.compile(given_, libraries={}, engine=ENGINE)


def flow(document: Any, **more: Any) -> subjects.Subject:
    return subjects.Subject(input=policies.Input.FLOW, key="flow:x", document=document, **more)


def told(results: Sequence[findings.Result]) -> list[tuple[str, str, str]]:
    return [(result.policy.metadata.id, result.outcome.value, result.message) for result in results]


def one_by_one(found: Sequence[rules.Rule], asked: Sequence[subjects.Subject]) -> Iterator[findings.Result]:
    for subject, each in itertools.product(asked, found):
        if each.matches(subject):
            yield from each.judge(subject)


def test_passes_are_counted_and_the_rest_is_told() -> None:
    found = [rule("port-is-known", "object.port == 443"), rule("has-purpose", "has(object.purpose)")]
    asked = [flow({"port": 443, "purpose": "x"}), flow({"port": 80}), flow({"purpose": "x"})]
    judged = judging.judge(found, asked)
    assert told(judged.results) == [
        ("port-is-known", "fail", "it is wrong"),
        ("has-purpose", "fail", "it is wrong"),
        ("port-is-known", "error", "the rule reads port, which is not there"),
    ]
    assert judged.passed == {"port-is-known": 1, "has-purpose": 2}
    assert judged.evaluations == 6
    assert judged.judged == (True, True, True)


def test_a_document_that_no_rule_is_about_is_not_judged() -> None:
    other = subjects.Subject(input=policies.Input.HOST, key="host:x", document={})
    pod = subjects.Subject(input=policies.Input.KUBERNETES, key="k8s:?", document={"kind": "Pod", "apiVersion": "v1"})
    judged = judging.judge([rule("port-is-known", "true")], [other, flow({}), pod])
    assert judged.judged == (False, True, False)
    assert judged.evaluations == 1
    assert judging.judge([], [flow({})]).judged == (False,)
    assert judging.judge([rule("port-is-known", "true")], []).results == ()


def test_judging_again_counts_anew() -> None:
    found = [rule("port-is-known", "true")]
    assert judging.judge(found, [flow({})]).passed == judging.judge(found, [flow({})]).passed == {"port-is-known": 1}


def test_an_error_in_one_rule_leaves_the_others_alone() -> None:
    found = [rule("first-one", "object.missing"), rule("second-one", "true"), rule("third-one", "false")]
    judged = judging.judge(found, [flow({})])
    assert [(one[0], one[1]) for one in told(judged.results)] == [("first-one", "error"), ("third-one", "fail")]
    assert judged.passed["second-one"] == 1


def test_a_match_condition_that_fails_is_no_pass_even_where_the_rule_would_hold() -> None:
    found = [rule("first-one", "true", condition="object.missing"), rule("second-one", "false", condition="false")]
    judged = judging.judge(found, [flow({})])
    assert [(one[0], one[1]) for one in told(judged.results)] == [("first-one", "error")]
    assert judged.passed["second-one"] == 1


@pytest.mark.parametrize("length", [1_900, 3_900])
def test_a_long_list_is_judged_by_each_rule_where_all_together_would_take_too_many_steps(length: int) -> None:
    """The engine ends an evaluation after 10,000 steps of a loop."""
    found = [rule(f"all-of-{index}", "object.ports.all(p, p == 1)") for index in range(6)]
    bad = rule("none-of-them", "object.ports.all(p, p == 2)")
    judged = judging.judge([*found, bad], [flow({"ports": [1] * length})])
    assert told(judged.results) == [("none-of-them", "fail", "it is wrong")]
    assert judged.passed == {**{one.id: 1 for one in found}, "none-of-them": 0}


def test_a_rule_that_takes_too_many_steps_is_an_error() -> None:
    square = rule("each-with-each", "object.ports.all(p, object.ports.all(q, p == q))")
    judged = judging.judge([square, rule("other-one", "true")], [flow({"ports": [1] * 200})])
    assert told(judged.results) == [("each-with-each", "error", "the rule takes more than 10,000 steps of iteration")]
    assert judged.passed["other-one"] == 1


def test_a_list_longer_than_any_is_an_error_of_every_rule() -> None:
    judged = judging.judge([rule("first-one", "true")], [flow({"ports": [1] * 4_001})])
    assert [(one[0], one[1]) for one in told(judged.results)] == [("first-one", "error")]


def test_a_document_that_cannot_be_read_is_an_error_of_every_rule_about_it() -> None:
    found = [rule("first-one", "true"), rule("second-one", "true")]
    judged = judging.judge(found, [flow({"name": "a\0b"}), flow({"name": "ab"})])
    assert [(one[0], one[1]) for one in told(judged.results)] == [("first-one", "error"), ("second-one", "error")]
    assert judged.passed == {"first-one": 1, "second-one": 1}
    assert judged.judged == (True, True)


def test_unknown_values_are_never_a_pass() -> None:
    found = [rule("port-is-known", "object.port == 443"), rule("has-purpose", "object.purpose == 'x'")]
    judged = judging.judge(found, [flow({"port": 443, "purpose": "x"}, unknown=(("port",),))])
    assert [(one[0], one[1]) for one in told(judged.results)] == [("port-is-known", "unknown")]
    assert judged.passed == {"port-is-known": 0, "has-purpose": 1}
    unlike = [rule("port-is-other", "object.port != 80")]
    judged = judging.judge(unlike, [flow({"port": 443}, unknown=(("port",),))])
    assert [(one[0], one[1]) for one in told(judged.results)] == [("port-is-other", "unknown")]
    everything = judging.judge(found, [flow({"port": 443, "purpose": "x"}, unknown=((),))])
    assert {one[1] for one in told(everything.results)} == {"unknown"}


def test_a_check_is_asked_once_about_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(asked: Sequence[subjects.Subject]) -> Iterator[check.CheckFailure]:
        yield check.CheckFailure(subject=asked[1], message="it is twice there")

    concerned = check.Check(concerns=lambda one: one.input is policies.Input.FLOW, find=find)
    monkeypatch.setattr(checks, "CHECKS", {"twice": concerned})
    spec: dict[str, Any] = {"input": "environment", "matchConstraints": None, "validations": [], "check": "twice"}
    found = rules.compile(rulings.policy("no-doubles", **spec), libraries={}, engine=ENGINE)
    other = subjects.Subject(input=policies.Input.HOST, key="host:x", document={})
    judged = judging.judge([found], [flow({}), flow({}), other])
    assert told(judged.results) == [("no-doubles", "fail", "it is twice there")]
    assert judged.passed == {"no-doubles": 1}
    assert judged.evaluations == 2
    assert judged.judged == (True, True, False)
    assert judging.judge([found], [other]).evaluations == 0


VARIABLES = [
    {"name": "list", "expression": "object.list"},
    {"name": "long", "expression": "variables.list.filter(one, one.size() > 1)"},
    {"name": "broken", "expression": "object.missing.map(one, one)"},
]
EXPRESSIONS = st.recursive(
    st.sampled_from(
        [
            "true",
            "false",
            "object.flag",
            "object.missing",
            "object.text",
            "dyn(null)",
            "object.list.exists(one, one.size() == 1)",
            "object.list.all(one, one.size() == 1)",
            "variables.list.size() == 2",
            "variables.long.size() == 1",
            "variables.long.exists(one, one == 'bb')",
            "variables.broken.size() == 1",
            "variables.settings.registries.size() == 0",
            "object.?text.optMap(one, one == 'x').orValue(false)",
            "object.text.matches('^x$')",
            "quantity(object.text).isLessThan(quantity('1'))",
        ]
    ),
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("object.list.exists(two, {})".format, inner),
    ),
    max_leaves=4,
)
RULES = st.lists(
    st.tuples(st.lists(EXPRESSIONS, min_size=1, max_size=2), st.none() | EXPRESSIONS), min_size=1, max_size=5
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "flag": st.booleans(),
        "text": st.sampled_from(["x", "1Gi", "0"]),
        "list": st.lists(st.sampled_from(["a", "bb", "ccc"]), max_size=3),
    },
)


@given(RULES, st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_together_they_say_what_each_says_by_itself(
    given_: list[tuple[list[str], str | None]], documents: list[dict[str, Any]]
) -> None:
    found = [
        rule(f"rule-number-{index}", *expressions, condition=condition, variables=VARIABLES)
        for index, (expressions, condition) in enumerate(given_)
    ]
    asked = [flow(document) for document in documents]
    judged = judging.judge(found, asked)
    alone = list(one_by_one(found, asked))
    assert told(judged.results) == told(alone)
    failing = {(result.policy.metadata.id, id(result.subject)) for result in alone}
    assert judged.passed == {each.id: sum((each.id, id(subject)) not in failing for subject in asked) for each in found}
    assert judged.evaluations == len(found) * len(asked)
