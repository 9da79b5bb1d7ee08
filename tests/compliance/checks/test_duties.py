from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance import subjects
from govcloud_cli.model import policies
from tests.compliance.checks import estates


def role(name: str, resource: str, *verbs: str) -> subjects.Subject:
    return estates.k8s("ClusterRole", name, rules=[{"resources": [resource], "verbs": list(verbs)}])


def binding(name: str, to: str, *holders: Any) -> subjects.Subject:
    return estates.k8s("ClusterRoleBinding", name, roleRef={"kind": "ClusterRole", "name": to}, subjects=list(holders))


def group(name: str) -> dict[str, str]:
    return {"kind": "Group", "name": name}


AUDIT = role("audit", "rolebindings", "get", "list")
SECURITY = role("security", "networkpolicies", "get", "create")
EVERYTHING = role("everything", "*", "*")


@pytest.mark.parametrize(
    ("roles", "names", "duties"),
    [
        ((AUDIT,), ("cluster-admin", "audit"), ("system", "audit")),
        ((AUDIT, SECURITY), ("security", "audit"), ("security", "audit")),
        ((SECURITY,), ("cluster-admin", "security"), ("system", "security")),
        ((EVERYTHING, SECURITY), ("everything", "security"), ("system", "security")),
        ((EVERYTHING,), ("everything", "cluster-admin"), None),
        ((AUDIT,), ("audit", "audit"), None),
        ((AUDIT, role("pods", "pods", "get", "delete")), ("audit", "pods"), None),
        ((AUDIT, role("reads", "*", "get")), ("audit", "reads"), None),
        ((role("pods", "pods", "get"),), ("cluster-admin", "pods"), None),
        ((AUDIT,), ("audit", "unknown"), None),
        ((SECURITY, role("grants", "rolebindings", "get", "create")), ("security", "grants"), None),
        *(
            ((AUDIT, role("s", resource, verb)), ("audit", "s"), ("audit", "security"))
            for resource, verb in (
                ("networkpolicies", "update"),
                ("validatingadmissionpolicies", "patch"),
                ("validatingadmissionpolicybindings", "delete"),
                ("validatingwebhookconfigurations", "deletecollection"),
                ("mutatingwebhookconfigurations", "*"),
            )
        ),
        *(
            ((role("a", resource, "get"), SECURITY), ("security", "a"), ("security", "audit"))
            for resource in ("clusterrolebindings", "clusterroles", "roles")
        ),
    ],
)
def test_nobody_has_two_duties(roles: Any, names: Any, duties: Any) -> None:
    given = [binding(f"b{index}", name, group("x"), group("staff")) for index, name in enumerate(names)]
    given[0].document["subjects"][0]["name"] = "somebody else"
    found = estates.found("administratorsDisjoint", *roles, *given)
    if duties is None:
        assert found == []
    else:
        text = f"Group staff does the {duties[0]} duty (by b0) and the {duties[1]} duty"
        assert found == [("ClusterRoleBinding/b1", text, ("subjects", 1))]


def test_holders_are_told_apart_by_kind_and_namespace() -> None:
    user = {"kind": "User", "name": "staff"}
    account = {"kind": "ServiceAccount", "name": "staff", "namespace": "a"}
    other = {**account, "namespace": "b"}
    given = [binding("a", "audit", user, account), binding("b", "cluster-admin", group("staff"), other)]
    assert estates.found("administratorsDisjoint", AUDIT, *given) == []


@pytest.mark.parametrize(
    ("approvers", "alone"),
    [(["a", "b", "c"], False), (["c"], False), (["a"], True), (["a", "b"], True), ([], True)],
)
def test_somebody_else_decides_about_a_tenant(approvers: Any, *, alone: bool) -> None:
    context = {"needsApproval": True, "approvers": approvers}
    one = estates.tenant("t", owner="a", technicalLead="b", context=context)
    text = "nobody may decide about it but its own owner and technical lead"
    assert estates.found("approversIndependent", one) == ([("t", text, ("spec", "owner"))] if alone else [])


def test_where_nobody_has_to_approve_nothing_is_judged() -> None:
    one = estates.tenant("t", owner="a", technicalLead="b", context={"needsApproval": False, "approvers": []})
    assert estates.found("approversIndependent", one) == []


def environment(*approvers: str) -> subjects.Subject:
    return estates.of(policies.Input.ENVIRONMENT, "lab", waiverApprovers=list(approvers))


@pytest.mark.parametrize(
    ("approvers", "alone"), [(("c",), False), (("a", "c"), False), (("a",), True), (("a", "b"), True)]
)
def test_somebody_else_decides_about_waivers(approvers: Any, *, alone: bool) -> None:
    one = estates.tenant("t", owner="a", technicalLead="b")
    text = "who may waive rules answers for tenant t alone"
    expected = [("lab", text, ("waiverApprovers",))] if alone else []
    assert estates.found("waiversIndependent", environment(*approvers), one) == expected


def test_where_nobody_is_named_or_asked_nothing_is_judged() -> None:
    one = estates.tenant("t", owner="a", technicalLead="b")
    assert estates.found("waiversIndependent", environment(), one) == []
    odd = estates.host("h", spec={"owner": "a"}, context={"needsApproval": True}, waiverApprovers=["a"])
    assert estates.found("waiversIndependent", odd, one) == []
    assert estates.found("approversIndependent", odd) == []


def test_a_group_stays_in_its_zone() -> None:
    members = [{"group": "x"}, {"group": "staff"}, {}]
    first = estates.tenant("a", zone="one", members=members)
    second = estates.tenant("b", zone="one", members=members)
    third = estates.tenant("c", zone="two", members=[{}, {"group": "staff"}])
    text = "group staff is a member of a in zone one too"
    expected = [("c", text, ("spec", "members", 1, "group"))]
    assert estates.found("groupsStayInZone", first, second, third) == expected
