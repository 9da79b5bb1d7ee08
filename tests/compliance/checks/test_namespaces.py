from __future__ import annotations

from typing import Any

import pytest

from tests.compliance.checks import estates

DEMO = estates.k8s("Namespace", "demo")
QUOTA = estates.k8s("ResourceQuota", "q", "demo", spec={"hard": {"pods": "1"}})
LIMITS = estates.k8s("LimitRange", "l", "demo", spec={"limits": [{"type": "Container"}]})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((QUOTA, LIMITS), ""),
        ((QUOTA,), "it has no LimitRange"),
        ((LIMITS,), "it has no ResourceQuota"),
        ((), "it has no LimitRange and no ResourceQuota"),
        ((QUOTA, estates.k8s("LimitRange", "l", "demo", spec={"limits": []})), "it has no LimitRange"),
        ((estates.k8s("ResourceQuota", "q", "demo", spec={}), LIMITS), "it has no ResourceQuota"),
        ((estates.k8s("ResourceQuota", "q", "other", spec={"hard": {"pods": "1"}}), LIMITS), "it has no ResourceQuota"),
    ],
)
def test_a_namespace_has_a_quota_and_limits(given: Any, message: str) -> None:
    expected = [("Namespace/demo", message, ("metadata", "name"))] if message else []
    assert estates.found("namespacesBounded", DEMO, *given) == expected


TENANT = estates.tenant("finance", zone="offices", dataClass="important", mlps=3, organisation="bureau")
LABELS = {
    "govcloud.io/tenant": "finance",
    "govcloud.io/zone": "offices",
    "govcloud.io/data-class": "important",
    "govcloud.io/mlps": "3",
    "govcloud.io/organisation": "bureau",
}


@pytest.mark.parametrize("label", [name for name in LABELS if name != "govcloud.io/tenant"])
def test_every_label_is_what_the_tenant_asked_for(label: str) -> None:
    right = estates.k8s("Namespace", "finance-prod", labels=LABELS)
    wrong = estates.k8s("Namespace", "finance-prod", labels={**LABELS, label: "else"})
    assert estates.found("namespacesAsRequested", TENANT, right) == []
    text = f"its labels differ from the tenant's request: {label.partition('/')[2]}"
    assert estates.found("namespacesAsRequested", TENANT, wrong) == [
        ("Namespace/finance-prod", text, ("metadata", "labels"))
    ]


def test_a_namespace_of_nobody_is_told_where_tenants_are_known() -> None:
    stray = estates.k8s("Namespace", "gone-prod", labels={"govcloud.io/tenant": "gone"})
    expected = [("Namespace/gone-prod", "there is no tenant gone", ("metadata", "labels"))]
    assert estates.found("namespacesAsRequested", TENANT, stray) == expected
    assert estates.found("namespacesAsRequested", stray) == []
    assert estates.found("namespacesAsRequested", TENANT, DEMO) == [], "it says that it is no tenant's"
    policy = estates.k8s("NetworkPolicy", "p", "demo", labels={"govcloud.io/tenant": "gone"})
    assert estates.found("namespacesAsRequested", TENANT, policy) == [], "it is no namespace"
