"""Policies as objects of a cluster: what is written, for whom, and in which order."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from govcloud_cli.compliance import admission
from govcloud_cli.compliance.cel import literals
from govcloud_cli.model import policies
from govcloud_cli.model import waivers as waivers_

LIBRARY = policies.Library.model_validate_json(
    json.dumps(
        {
            "apiVersion": "govcloud/v1",
            "kind": "PolicyLibrary",
            "spec": {
                "matchConstraints": {
                    "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
                },
                "variables": [{"name": "podSpec", "expression": "object.spec"}],
            },
        }
    )
)
LIBRARIES = {"pods": LIBRARY}


def policy(name: str = "some-rule", **spec: Any) -> policies.Policy:
    """A policy of the library, with `spec` instead of parts of it."""
    whole: dict[str, Any] = {
        "severity": "high",
        "waivable": True,
        "profile": "baseline",
        "controls": {"mlps": ["L3-CES1-17"], "nist": ["AC-6", "CM-7"]},
        "rationale": {"en": "what goes wrong without it", "zh": "没有该规则时会出现的问题。"},
        "remediation": {"en": "do something else", "zh": "请采取其他适当的措施来处理"},
        "input": "kubernetes",
        "library": "pods",
        "matchConditions": [{"name": "named", "expression": "object.metadata.name != ''"}],
        "variables": [{"name": "own", "expression": "variables.podSpec"}],
        "validations": [{"expression": "has(variables.own.x)", "message": "it has no x"}],
    }
    title = {"en": "Something is demanded", "zh": "须满足某项要求"}
    document = {
        "apiVersion": "govcloud/v1",
        "kind": "Policy",
        "metadata": {"id": name, "title": title},
        "spec": whole | spec,
    }
    return policies.Policy.model_validate_json(json.dumps(document))


def waiver(rule: str, number: str) -> waivers_.Waiver:
    spec = waivers_.WaiverSpec(
        rule=rule,
        resources=("k8s:core/Pod/a/b",),
        reason="the old system moves",
        owner="finance",
        approver="security",
        created=datetime.date(2026, 1, 1),
        expires=datetime.date(2026, 6, 30),
    )
    metadata = waivers_.WaiverMetadata(id=number)
    return waivers_.Waiver(api_version="govcloud/v1", kind="Waiver", metadata=metadata, spec=spec)


def written(*rules: policies.Policy, waivers: tuple[waivers_.Waiver, ...] = (), **settings: Any) -> list[Any]:
    found = admission.manifests(rules, LIBRARIES, waivers=waivers, settings=settings or {"registries": []})
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def test_a_rule_is_a_policy_and_a_binding() -> None:
    rule, binding = written(policy())
    assert rule["apiVersion"] == binding["apiVersion"] == "admissionregistration.k8s.io/v1"
    assert (rule["kind"], binding["kind"]) == ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    assert rule["metadata"]["name"] == binding["metadata"]["name"] == "some-rule.policies.govcloud.io"
    assert binding["spec"] == {"policyName": "some-rule.policies.govcloud.io", "validationActions": ["Deny"]}
    labels = {"app.kubernetes.io/managed-by": "govcloud", "govcloud.io/severity": "high"}
    assert rule["metadata"]["labels"] == binding["metadata"]["labels"] == labels
    assert rule["metadata"]["annotations"] == {
        "govcloud.io/title": "Something is demanded",
        "govcloud.io/title-zh": "须满足某项要求",
        "govcloud.io/controls": "mlps L3-CES1-17, nist AC-6, nist CM-7",
    }


def test_the_text_is_the_policys_own() -> None:
    spec = written(policy())[0]["spec"]
    assert spec["variables"] == [
        {"name": "settings", "expression": "{'registries': []}"},
        {"name": "podSpec", "expression": "object.spec"},
        {"name": "own", "expression": "variables.podSpec"},
    ]
    assert spec["validations"] == [
        {"expression": "has(variables.own.x)", "message": "it has no x", "reason": "Forbidden"}
    ]
    assert spec["matchConditions"][-1] == {"name": "named", "expression": "object.metadata.name != ''"}
    assert spec["failurePolicy"] == "Fail"


def test_a_message_expression_has_a_message_beside_it_for_when_it_fails() -> None:
    validations = [{"expression": "true", "messageExpression": "'x ' + object.metadata.name"}]
    validation = written(policy(validations=validations))[0]["spec"]["validations"][0]
    assert validation["message"] == "does not meet: Something is demanded"
    assert validation["messageExpression"] == "'x ' + object.metadata.name"


def test_only_namespaces_of_ours_are_judged() -> None:
    constraints = written(policy())[0]["spec"]["matchConstraints"]
    assert constraints == {
        "matchPolicy": "Equivalent",
        "namespaceSelector": {"matchLabels": {"app.kubernetes.io/managed-by": "govcloud"}},
        "objectSelector": {},
        "resourceRules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["pods"],
                "scope": "*",
            }
        ],
    }


def test_constraints_of_its_own_come_before_the_librarys() -> None:
    own = {"resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}]}
    with_library = written(policy(matchConstraints=own))[0]["spec"]
    assert [rule["resources"] for rule in with_library["matchConstraints"]["resourceRules"]] == [["deployments"]]
    assert [one["name"] for one in with_library["variables"]] == ["settings", "podSpec", "own"]
    alone = written(policy(matchConstraints=own, library=None))[0]["spec"]
    assert [one["name"] for one in alone["variables"]] == ["settings", "own"]


@pytest.mark.parametrize(
    ("severity", "actions"),
    [("critical", ["Deny"]), ("high", ["Deny"]), ("medium", ["Warn", "Audit"]), ("low", ["Warn", "Audit"])],
)
def test_mandatory_findings_are_denied_and_others_told(severity: str, actions: list[str]) -> None:
    assert written(policy(severity=severity))[1]["spec"]["validationActions"] == actions


def test_what_a_cluster_cannot_enforce_is_left_out() -> None:
    assert written(policy(cluster="none")) == []
    assert written(policy(input="flow", library=None)) == []
    environment = policy(input="environment", library=None, validations=[], check="danglingRules")
    assert written(environment) == []


def test_the_order_and_the_text_are_the_same_however_rules_come() -> None:
    rules = [policy(name) for name in ("rule-b", "rule-a", "rule-c")]
    found = written(*rules)
    assert [one["metadata"]["name"].partition(".")[0] for one in found] == [
        "rule-a", "rule-a", "rule-b", "rule-b", "rule-c", "rule-c",
    ]  # fmt: skip
    assert found == written(*reversed(rules))


def test_a_waiver_is_a_condition_of_its_own_rule_alone() -> None:
    waivers = (waiver("rule-a", "W-2026-001"), waiver("rule-a", "W-2026-002"), waiver("rule-x", "W-2026-003"))
    waived, _, other, _ = written(policy("rule-a"), policy("rule-b"), waivers=waivers)
    assert waived["metadata"]["annotations"]["govcloud.io/waivers"] == (
        "W-2026-001 until 2026-06-30, W-2026-002 until 2026-06-30"
    )
    assert "govcloud.io/waivers" not in other["metadata"]["annotations"]
    names = [condition["name"] for condition in waived["spec"]["matchConditions"]]
    assert names == ["not-the-control-plane", "not-bookkeeping", "not-waived-0", "named"]
    assert [condition["name"] for condition in other["spec"]["matchConditions"]] == [
        "not-the-control-plane", "not-bookkeeping", "named",
    ]  # fmt: skip


def test_settings_are_a_variable_of_every_policy() -> None:
    settings: dict[str, Any] = {"registries": ["registry.yunxi.example/apps", "x'] + ['"]}
    first = written(policy(), **settings)[0]["spec"]["variables"][0]
    assert first == {"name": "settings", "expression": literals.literal(settings)}


def test_a_policy_that_is_about_nothing_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        admission.manifests([policy(library="nothing")], LIBRARIES, waivers=(), settings={})
