"""Cases of what an API server takes as a policy, each as a rule of ours."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import yaml

from govcloud_cli.compliance import rules
from govcloud_cli.compliance.cel import engine
from govcloud_cli.model import policies

FILE = pathlib.Path(__file__).parents[1] / "cases" / "installing" / "expressions.yaml"
CASES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
_VARIABLES = {"some": "object.data", "text": "'x'", "names": "['a', 'b']"}


def rule(case: dict[str, Any], *, name: str = "some-rule", cluster: str = "deny") -> rules.Rule:
    """A rule about config maps that says it."""
    where, expression = case["in"], case["expression"]
    validation = {"expression": expression if where == "validation" else "object.metadata.name != ''"}
    validation |= {"messageExpression": expression} if where == "message" else {"message": "it is not so"}
    matched = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    spec = {
        "severity": "high",
        "waivable": True,
        "profile": "baseline",
        "controls": {},
        "rationale": {"en": "what goes wrong without it", "zh": "否则会出现相应的安全问题"},
        "remediation": {"en": "do something else", "zh": "请采取其他适当的措施来处理"},
        "input": "kubernetes",
        "cluster": cluster,
        "matchConstraints": {"resourceRules": [matched]},
        "matchConditions": [{"name": "own", "expression": expression}] if where == "condition" else [],
        "variables": [{"name": key, "expression": value} for key, value in _VARIABLES.items()],
        "validations": [validation],
    }
    metadata = {"id": name, "title": {"en": "Something is demanded", "zh": "须满足某项要求"}}
    document = {"apiVersion": "govcloud/v1", "kind": "Policy", "metadata": metadata, "spec": spec}
    policy = policies.Policy.model_validate_json(json.dumps(document))
    return rules.compile(policy, libraries={}, engine=engine.Engine({"registries": []}))
