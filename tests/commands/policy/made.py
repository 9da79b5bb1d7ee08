"""Reports made by hand, for what tells them."""

from __future__ import annotations

import datetime
from typing import Any

from govcloud_cli.compliance import findings, subjects
from govcloud_cli.model import policies

TODAY = datetime.date(2026, 11, 1)


def policy(identifier: str = "pod-privileged", *, severity: str = "high", **spec: Any) -> policies.Policy:
    return policies.Policy.model_validate(
        {
            "apiVersion": "govcloud/v1",
            "kind": "Policy",
            "metadata": {"id": identifier, "title": {"en": f"Demand of {identifier}", "zh": "不得使用特权"}},
            "spec": {
                "severity": policies.Severity(severity),
                "waivable": True,
                "profile": policies.Profile.BASELINE,
                "controls": {"mlps": ("L3-CES1-17",)},
                "rationale": {"en": "What goes wrong without it.", "zh": "没有该规则时会出现的问题。"},
                "remediation": {"en": "Do this instead of that.", "zh": "请改为这样做，不要那样做。"},
                "input": policies.Input.TENANT,
                "validations": ({"expression": "true", "message": "it is wrong"},),
                **spec,
            },
        },
        by_alias=True,
        by_name=False,
    )


def result(
    rule: policies.Policy | None = None,
    *,
    key: str = "k8s:apps/Deployment/finance-prod/web",
    file: str | None = "deploy/web.yaml",
    outcome: findings.Outcome = findings.Outcome.FAIL,
    **rest: Any,
) -> findings.Result:
    place = None if file is None else subjects.Place(file=file)
    subject = subjects.Subject(input=policies.Input.KUBERNETES, key=key, document={}, place=place)
    told: dict[str, Any] = {"message": "container 'app' is privileged", "line": 14 if file else None, **rest}
    return findings.Result(policy=rule or policy(), subject=subject, outcome=outcome, **told)


def report(*results: findings.Result, **rest: Any) -> findings.Report:
    rules = {one.policy.metadata.id: one.policy for one in results}
    told: dict[str, Any] = {
        "profile": policies.Profile.MLPS_L3,
        "rules": tuple(rules.values()) or (policy(),),
        "evaluations": 10,
        "passed": {},
        "inputs": (findings.InputCount(name="deploy", seen=12, judged=11),),
        "notices": (),
        "problems": (),
        "today": TODAY,
        "seconds": 0.417,
        **rest,
    }
    return findings.Report(results=findings.ordered(results), **told)
