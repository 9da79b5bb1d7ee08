"""Policies as rules: what is refused at load, and what a rule says with the meaning that the API server gives it."""

from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance import findings, rules, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.model import policies
from tests.compliance import rulings

ENGINE = engine.Engine({"registries": ["registry.internal"]})
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"hostNetwork": True, "containers": [{"name": "a", "image": "registry.internal/a:1"}]},
}
LIBRARY = policies.Library.model_validate(
    {
        "apiVersion": "govcloud/v1",
        "kind": "PolicyLibrary",
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]},
                    {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]},
                ]
            },
            "variables": [
                {"name": "podSpec", "expression": "object.kind == 'Pod' ? object.spec : object.spec.template.spec"},
                {"name": "containers", "expression": "variables.podSpec.?containers.orValue([])"},
            ],
            "at": {"Pod": "spec", "Deployment": "spec.template.spec"},
        },
    },
    strict=False,
)
LIBRARIES = {"pods": LIBRARY}


def compiled(**spec: Any) -> rules.Rule:
    if "library" in spec:
        spec = {"matchConstraints": None, **spec}
    return rules.compile(rulings.policy(**spec), libraries=LIBRARIES, engine=ENGINE)


def subject(document: Any = POD, **more: Any) -> subjects.Subject:
    return subjects.Subject(
        input=policies.Input.KUBERNETES, key=subjects.kubernetes_key(document), document=document, **more
    )


def judged(rule: rules.Rule, document: Any = POD) -> list[tuple[str, str]]:
    return [(result.outcome.value, result.message) for result in rule.judge(subject(document))]


def saying(expression: str, **more: Any) -> dict[str, Any]:
    said = {} if "messageExpression" in more else {"message": "it is wrong"}
    return {"validations": [{"expression": expression, **said, **more}]}


@pytest.mark.parametrize(
    ("spec", "field", "said"),
    [
        (saying("object.spec."), "spec.validations[0].expression", "Syntax error"),
        (saying("object.spec.x ==\n  nonsense"), "spec.validations[0].expression", "| ..^"),
        (saying("1 + 'a' == 2"), "spec.validations[0].expression", "no matching overload"),
        (saying("1"), "spec.validations[0].expression", "comes to int, not to bool"),
        (saying("'true'"), "spec.validations[0].expression", "comes to string, not to bool"),
        (saying("optional.of(true)"), "spec.validations[0].expression", "not to bool"),
        (saying("oldObject == object"), "spec.validations[0].expression", "oldObject"),
        (saying("request.operation == 'CREATE'"), "spec.validations[0].expression", "request"),
        (saying("math.greatest(1, 2) == 2"), "spec.validations[0].expression", "math"),
        (saying("base64.decode('') == b''"), "spec.validations[0].expression", "base64"),
        (saying("'a'.reverse() == 'a'"), "spec.validations[0].expression", "reverse"),
        (saying("true", messageExpression="1"), "spec.validations[0].messageExpression", "not to string"),
        (saying("true", messageExpression="object."), "spec.validations[0].messageExpression", "Syntax error"),
        (saying("variables.nowhere"), "spec.validations[0].expression", "not defined"),
        (
            {"variables": [{"name": "one", "expression": "1"}], **saying("variables.one")},
            "spec.validations[0].expression",
            "comes to int",
        ),
        (
            {"variables": [{"name": "one", "expression": "1"}], **saying("variables.one == 'a'")},
            "spec.validations[0].expression",
            "'_==_' applied to '(int, string)'",
        ),
        (
            {"variables": [{"name": "unused", "expression": "nonsense"}], **saying("true")},
            "spec.variables[0].expression",
            "undeclared reference to 'nonsense'",
        ),
        (
            {"variables": [{"name": "settings", "expression": "1"}], **saying("true")},
            "spec.variables[0].name",
            "there already",
        ),
        (
            {"matchConditions": [{"name": "one", "expression": "'x'"}], **saying("true")},
            "spec.matchConditions[0].expression",
            "comes to string",
        ),
        (
            {"library": "pods", "variables": [{"name": "containers", "expression": "1"}], **saying("true")},
            "spec.variables[0].name",
            "there already",
        ),
        ({"library": "nowhere", **saying("true")}, "spec.library", "no library nowhere"),
        (
            {
                "matchConstraints": {
                    "resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployment"]}]
                },
                **saying("true"),
            },
            "spec.matchConstraints.resourceRules[0].resources",
            "no deployment",
        ),
        (
            {"input": "environment", "matchConstraints": None, "validations": [], "check": "nothing"},
            "spec.check",
            "no check nothing",
        ),
        (saying("(" * 40 + "true" + ")" * 40), "spec.validations[0].expression", "nested too deep"),
    ],
)
def test_a_policy_is_refused_and_says_where(spec: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(rules.RuleError) as refused:
        compiled(**spec)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert said in refused.value.problems[0].message


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(rules.RuleError) as refused:
        compiled(
            variables=[{"name": "one", "expression": "oldObject"}],
            validations=[{"expression": "1", "message": "it is wrong"}, {"expression": ")", "message": "it is wrong"}],
        )
    assert len(refused.value.problems) == 2
    assert "no-host-network" in str(refused.value)


def test_a_rule_that_holds_says_nothing() -> None:
    assert judged(compiled(**saying("object.kind == 'Pod'"))) == []


def test_each_validation_that_does_not_hold_is_told() -> None:
    rule = compiled(
        validations=[
            {"expression": "false", "message": "first is wrong"},
            {"expression": "true", "message": "second is wrong"},
            {"expression": "false", "message": "third is wrong"},
        ]
    )
    assert judged(rule) == [("fail", "first is wrong"), ("fail", "third is wrong")]


@pytest.mark.parametrize(
    "expression",
    ["object.missing == 1", "object.metadata.name", "object.spec.containers", "object.spec", "dyn(null)", "dyn(1)"],
)
def test_what_is_neither_true_nor_false_is_an_error(expression: str) -> None:
    [(outcome, message)] = judged(compiled(**saying(expression)))
    assert outcome == "error"
    assert message.startswith("the rule ")


def test_an_error_tells_nothing_of_the_document() -> None:
    document = {**POD, "metadata": {"name": "web", "annotations": {"token": "hunter2"}}}
    for expression in (
        "{'a': true}[object.metadata.annotations.token]",
        "int(object.metadata.annotations.token) == 1",
        "quantity(object.metadata.annotations.token) == quantity('1')",
        "url(object.metadata.annotations.token) == url('/')",
        "object.metadata.annotations.token.matches('(')",
        "timestamp(object.metadata.annotations.token) == timestamp('2026-01-01T00:00:00Z')",
        "object.metadata.annotations.token",
    ):
        [(outcome, message)] = judged(compiled(**saying(expression)), document)
        assert outcome == "error"
        assert "hunter2" not in message


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["true"], [("fail", "it is wrong")]),
        (["false"], []),
        (["true", "false"], []),
        (["object.missing", "false"], []),
        (["false", "object.missing"], []),
        (["object.missing", "true"], [("error", "a match condition reads missing, which is not there")]),
        (
            ["object.metadata.name"],
            [("error", "a match condition comes to a value of type string, not to true or false")],
        ),
    ],
)
def test_match_conditions_are_all_asked_and_one_that_is_false_is_enough(
    conditions: list[str], found: list[tuple[str, str]]
) -> None:
    named = [{"name": f"c{index}", "expression": condition} for index, condition in enumerate(conditions)]
    assert judged(compiled(matchConditions=named, **saying("false"))) == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("true || variables.broken", []),
        ("false && variables.broken", [("fail", "it is wrong")]),
        ("variables.broken", [("error", "the rule reads missing, which is not there")]),
        ("variables.behind == 2", [("error", "the rule reads missing, which is not there")]),
        ("variables.fine == 1", []),
    ],
)
def test_an_error_in_a_variable_matters_where_it_is_reached(expression: str, found: list[tuple[str, str]]) -> None:
    variables = [
        {"name": "fine", "expression": "1"},
        {"name": "broken", "expression": "object.missing"},
        {"name": "behind", "expression": "variables.broken + variables.fine"},
    ]
    assert judged(compiled(variables=variables, **saying(expression))) == found


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("object.metadata.name + ' is wrong'", "web is wrong"),
        ("'  ' + object.metadata.name + '  '", "web"),
        ("object.missing", "does not meet: No host network"),
        ("object.spec.hostNetwork", "does not meet: No host network"),
        ("''", "does not meet: No host network"),
        ("'   '", "does not meet: No host network"),
        ("'two\\nlines'", "does not meet: No host network"),
        ("'\\u001b[31mred'", "does not meet: No host network"),
        ("'left \\u202e right'", "does not meet: No host network"),
    ],
)
def test_a_message_expression_that_says_nothing_gives_way_to_a_plain_message(expression: str, message: str) -> None:
    assert judged(compiled(**saying("false", messageExpression=expression))) == [("fail", message)]


def test_a_message_is_not_longer_than_a_reader_wants() -> None:
    document = {**POD, "metadata": {"name": "x" * 5000}}
    [(_, message)] = judged(compiled(**saying("false", messageExpression="object.metadata.name")), document)
    assert len(message) == 500


def test_settings_are_there_and_a_library_before_a_policys_own_variables() -> None:
    rule = compiled(
        library="pods",
        variables=[{"name": "images", "expression": "variables.containers.map(c, c.image)"}],
        **saying("variables.images.all(i, variables.settings.registries.exists(r, i.startsWith(r + '/')))"),
    )
    assert judged(rule) == []
    foreign = {**POD, "spec": {"containers": [{"name": "a", "image": "docker.io/a:1"}]}}
    assert judged(rule, foreign) == [("fail", "it is wrong")]


@pytest.mark.parametrize(
    ("kind", "pointer", "path"),
    [
        ("Pod", "containers[1].image", ("spec", "containers", 1, "image")),
        ("Deployment", "containers", ("spec", "template", "spec", "containers")),
        ("Deployment", "spec.replicas", ("spec", "replicas")),
        ("Deployment", "metadata.namespace", ("metadata", "namespace")),
        ("Deployment", None, ()),
    ],
)
def test_a_pointer_begins_where_the_library_says(kind: str, pointer: str | None, path: subjects.Path) -> None:
    rule = compiled(library="pods", **saying("false", pointer=pointer))
    document = {"apiVersion": "v1", "kind": kind, "spec": {"template": {"spec": {}}}}
    assert [result.path for result in rule.judge(subject(document))] == [path]


@pytest.mark.parametrize(
    ("api_version", "kind", "matches"),
    [
        ("v1", "Pod", True),
        ("apps/v1", "Deployment", True),
        ("apps/v1beta2", "Deployment", True),
        ("extensions/v1beta1", "Deployment", True),
        ("v1", "Deployment", False),
        ("apps/v1", "StatefulSet", False),
        ("example.com/v1", "Pod", False),
    ],
)
def test_a_rule_is_about_its_resources_in_every_version(api_version: str, kind: str, matches: bool) -> None:
    rule = compiled(library="pods", **saying("true"))
    assert rule.matches(subject({"apiVersion": api_version, "kind": kind})) is matches


@pytest.mark.parametrize(
    ("groups", "resources", "matches"),
    [
        (["*"], ["*"], True),
        ([""], ["*"], True),
        (["*"], ["pods"], True),
        (["*"], ["*/*"], True),
        (["apps"], ["*"], False),
        (["*"], ["deployments"], False),
        ([""], ["pods/ephemeralcontainers"], False),
    ],
)
def test_a_star_stands_for_everything(groups: list[str], resources: list[str], matches: bool) -> None:
    constraints = {"resourceRules": [{"apiGroups": groups, "apiVersions": ["*"], "resources": resources}]}
    assert compiled(matchConstraints=constraints, **saying("true")).matches(subject()) is matches


@pytest.mark.parametrize("document", [None, [], "text", {}, {"kind": 1, "apiVersion": []}])
def test_a_document_of_no_kind_matches_nothing(document: object) -> None:
    asked = subjects.Subject(input=policies.Input.KUBERNETES, key="k8s:?", document=document)
    assert not compiled(**saying("true")).matches(asked)


def test_a_rule_of_another_input_is_not_asked() -> None:
    rule = compiled(input="flow", matchConstraints=None, **saying("object.port == 443"))
    flow = subjects.Subject(input=policies.Input.FLOW, key="flow:x", document={"port": 80})
    assert rule.matches(flow)
    assert not rule.matches(subject())
    assert [result.outcome for result in rule.judge(flow)] == [findings.Outcome.FAIL]


def test_a_document_that_cannot_be_read_as_it_is_is_an_error() -> None:
    image = "registry.internal/a\0@docker.io/b"
    document = {**POD, "spec": {"containers": [{"image": image}]}}
    rule = compiled(**saying("object.spec.containers.all(c, c.image.startsWith('registry.internal/'))"))
    assert judged(rule, document) == [("error", "the document has a NUL character in a text")]


def test_unknown_values_make_a_rule_undecided_unless_it_fails_without_them() -> None:
    unknown = (("spec", "containers", 0, "image"),)
    cases = {
        "object.spec.containers.all(c, c.image.startsWith('registry.internal/'))": ["unknown"],
        "object.spec.containers.all(c, c.name == 'a')": [],
        "!object.spec.hostNetwork": ["fail"],
        "!object.spec.hostNetwork && object.spec.containers[0].image == ''": ["fail"],
        "object.missing": ["unknown"],
    }
    for expression, outcomes in cases.items():
        found = compiled(**saying(expression)).judge(subject(unknown=unknown))
        assert [result.outcome.value for result in found] == outcomes
    condition = [{"name": "one", "expression": "object.spec.containers[0].image != ''"}]
    found = compiled(matchConditions=condition, **saying("false")).judge(subject(unknown=unknown))
    assert [result.outcome.value for result in found] == ["unknown"]
    assert found[0].message == "hangs on a value that is not known yet: spec.containers[0].image"


def test_a_message_that_names_an_unknown_value_gives_way_to_a_plain_one() -> None:
    rule = compiled(**saying("false", messageExpression="'image ' + object.spec.containers[0].image"))
    [result] = rule.judge(subject(unknown=(("spec", "containers", 0, "image"),)))
    assert result.message == "does not meet: No host network"
