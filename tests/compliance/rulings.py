"""Policies, waivers, objects and results to be judged, each as small as may be."""

from __future__ import annotations

import datetime
from typing import Any

from govcloud_cli.compliance import findings, rules, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.model import policies, waivers

RULE = "no-host-network"
KEY = "k8s:core/Pod/finance-prod/web"


def policy(name: str = RULE, **spec: Any) -> policies.Policy:
    """A policy that refuses pods on the node's network; `spec` as in YAML."""
    return policies.Policy.model_validate(
        {
            "apiVersion": "govcloud/v1",
            "kind": "Policy",
            "metadata": {"id": name, "title": {"en": "No host network", "zh": "不得使用节点网络"}},
            "spec": {
                "severity": "high",
                "waivable": True,
                "profile": "baseline",
                "controls": {},
                "rationale": {
                    "en": "Such a pod is outside of every network policy.",
                    "zh": "没有该规则时会出现的问题。",
                },
                "remediation": {
                    "en": "Remove hostNetwork from the pod.",
                    "zh": "删除容器组规格中的 hostNetwork 字段即可。",
                },
                "input": "kubernetes",
                "matchConstraints": {
                    "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
                },
                "validations": [
                    {
                        "expression": "!object.spec.?hostNetwork.orValue(false)",
                        "message": "uses the node's network",
                        "pointer": "spec.hostNetwork",
                    }
                ],
                **spec,
            },
        },
        strict=False,
    )


def rule(given: policies.Policy | None = None) -> rules.Rule:
    """A policy, ready to be asked."""
    return rules.compile(given or policy(), libraries={}, engine=engine.Engine({"registries": []}))


def waiver(number: int = 1, **spec: Any) -> waivers.Waiver:
    """A waiver of `RULE` for `KEY`, from March to June 2026; `spec` as in YAML."""
    return waivers.Waiver.model_validate(
        {
            "apiVersion": "govcloud/v1",
            "kind": "Waiver",
            "metadata": {"id": f"W-2026-{number:03}"},
            "spec": {
                "rule": RULE,
                "resources": [KEY],
                "reason": "The old probe listens there until it is replaced.",
                "owner": "li.wei",
                "approver": "wang.fang",
                "created": "2026-03-01",
                "expires": "2026-06-30",
                **spec,
            },
        },
        strict=False,
    )


def approvers(*people: str) -> waivers.Approvers:
    """Those who may approve."""
    return waivers.Approvers(api_version="govcloud/v1", kind="WaiverApprovers", people=people)


def pod(name: str = "web", *, host: bool = True, namespace: str = "finance-prod", **metadata: Any) -> subjects.Subject:
    """A pod in the file `pods.yaml`; on the node's network with `host`."""
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"hostNetwork": host, "containers": []},
    }
    return subjects.Subject(
        input=policies.Input.KUBERNETES,
        key=subjects.kubernetes_key(document),
        document=document,
        place=subjects.Place(file="pods.yaml"),
    )


def result(
    outcome: findings.Outcome = findings.Outcome.FAIL,
    *,
    subject: subjects.Subject | None = None,
    of: policies.Policy | None = None,
) -> findings.Result:
    """What a rule says of a pod."""
    return findings.Result(policy=of or policy(), subject=subject or pod(), outcome=outcome, message="uses it")


def day(text: str) -> datetime.date:
    """E.g. `2026-04-01`."""
    return datetime.date.fromisoformat(text)
