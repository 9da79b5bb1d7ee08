"""Which requests a policy in the cluster leaves alone: every condition evaluated, and what somebody might forge."""

from __future__ import annotations

import datetime
import functools
from typing import Any

import hypothesis
import pytest
from cel_expr_python import cel

from govcloud_cli.compliance import exemptions, subjects
from govcloud_cli.model import waivers as waivers_
from tests.support import nasty

ACCOUNT = "system:serviceaccount:kube-system:"
DEPLOYMENT = "k8s:apps/Deployment/finance-prod/web"


def waiver(*resources: str) -> waivers_.Waiver:
    spec = waivers_.WaiverSpec(
        rule="some-rule",
        resources=resources,
        reason="the old system moves",
        owner="finance",
        approver="security",
        created=datetime.date(2026, 1, 1),
        expires=datetime.date(2026, 6, 30),
    )
    metadata = waivers_.WaiverMetadata(id="W-2026-001")
    return waivers_.Waiver(api_version="govcloud/v1", kind="Waiver", metadata=metadata, spec=spec)


@functools.cache
def environment() -> Any:
    text = "name: conditions\nextensions:\n- name: optional\n- name: strings\n"
    names = ("object", "oldObject", "request")
    return cel.NewEnv(config=cel.NewEnvConfigFromYaml(text), variables=dict.fromkeys(names, cel.Type.DYN))


@functools.cache
def program(expression: str) -> Any:
    return environment().compile(expression)


def judged(
    document: dict[str, Any],
    *resources: str,
    user: str = "li-ming",
    before: dict[str, Any] | None = None,
    resource: str = "pods",
) -> bool:
    """Whether a policy with a waiver for `resources` judges the request."""
    group = document["apiVersion"].rpartition("/")[0]
    request = {
        "kind": {"group": group, "kind": document["kind"]},
        "resource": {"group": group, "resource": resource},
        "operation": "UPDATE" if before else "CREATE",
        "userInfo": {"username": user},
    }
    found = []
    for condition in exemptions.conditions([waiver(*resources)] if resources else []):
        data = {"object": document, "oldObject": before, "request": request}
        found.append(program(condition["expression"]).eval(data=data).plain_value())
    assert {type(one) for one in found} == {bool}
    return all(found)


def thing(kind: str, name: str, *, owner: tuple[str, str, str] | None = None, **more: Any) -> dict[str, Any]:
    """An object of finance-prod; `owner` is the version, kind and name of its controller."""
    api_version = {"Pod": "v1", "Service": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}.get(kind, "apps/v1")
    metadata: dict[str, Any] = {"name": name, "namespace": "finance-prod"}
    if owner:
        keys = ("apiVersion", "kind", "name")
        metadata["ownerReferences"] = [dict(zip(keys, owner, strict=True)) | {"controller": True, "uid": "1"}]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata | more.pop("metadata", {}), **more}


@pytest.mark.parametrize(
    "user",
    ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "system:node:node-1",
     f"{ACCOUNT}namespace-controller", f"{ACCOUNT}root-ca-cert-publisher"],
)  # fmt: skip
def test_the_control_plane_is_not_judged(user: str) -> None:
    assert not judged(thing("Service", "x"), user=user, resource="services")


@pytest.mark.parametrize(
    "user",
    ["li-ming", "system:admin", "system:serviceaccount:kube-system", "system:serviceaccount:finance-prod:kube-system:x",
     "system:serviceaccount:kube-systems:x", "system:nodes", "x:system:apiserver", "system:apiserver2", ""],
)  # fmt: skip
def test_nobody_else_is_the_control_plane(user: str) -> None:
    assert judged(thing("Service", "x"), user=user, resource="services")


@pytest.mark.parametrize("resource", ["pods", "jobs", "replicasets", "persistentvolumeclaims"])
def test_what_controllers_make_of_users_templates_is_judged_once(resource: str) -> None:
    user = f"{ACCOUNT}replicaset-controller"
    pod = thing("Pod", "x")
    assert judged(pod, user=user, resource=resource)
    assert not judged(pod, user=user, resource=resource, before=thing("Pod", "x", spec={"a": 1}))


BEFORE = thing("Service", "x", spec={"a": [1]}, metadata={"labels": {"a": "b"}, "finalizers": ["f"]})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, False),
        ({"metadata": BEFORE["metadata"] | {"finalizers": []}}, False),
        ({"metadata": BEFORE["metadata"] | {"ownerReferences": [{}]}}, False),
        ({"status": {"now": 1}}, False),
        ({"metadata": BEFORE["metadata"] | {"labels": {"a": "c"}}}, True),
        ({"metadata": BEFORE["metadata"] | {"labels": {}}}, True),
        ({"metadata": BEFORE["metadata"] | {"annotations": {"a": "c"}}}, True),
        ({"spec": {"a": [2]}}, True),
        ({"spec": {}}, True),
        ({"data": {}}, True),
    ],
)
def test_an_update_is_judged_if_it_changes_more_than_finalizers_and_owners(
    change: dict[str, Any], *, expected: bool
) -> None:
    assert judged(BEFORE | change, before=BEFORE) is expected


def test_an_update_that_removes_a_part_is_judged() -> None:
    assert judged({key: value for key, value in BEFORE.items() if key != "spec"}, before=BEFORE)


def test_a_waiver_exempts_what_it_names_and_nothing_beside_it() -> None:
    named = thing("Deployment", "web")
    assert not judged(named, DEPLOYMENT, resource="deployments")
    assert not judged(named, "k8s:core/Pod/a/b", DEPLOYMENT, resource="deployments")
    others = [
        thing("Deployment", "web2"),
        thing("Deployment", "we"),
        thing("StatefulSet", "web"),
        named | {"metadata": {"name": "web", "namespace": "finance-dev"}},
        named | {"metadata": {"name": "web"}},
        named | {"apiVersion": "v1"},
        named | {"apiVersion": "extensions/v1beta1"},
    ]
    assert all(judged(other, DEPLOYMENT, resource="deployments") for other in others)


def test_a_waiver_of_something_else_than_kubernetes_exempts_nothing_there() -> None:
    assert exemptions.conditions([waiver("flow:finance-web")]) == exemptions.conditions([])


WORKLOADS = [
    (DEPLOYMENT, "ReplicaSet", "deployment-controller", ("apps/v1", "Deployment", "web")),
    (DEPLOYMENT, "Pod", "replicaset-controller", ("apps/v1", "ReplicaSet", "web-5d4f8b9c7")),
    ("k8s:apps/ReplicaSet/finance-prod/web", "Pod", "replicaset-controller", ("apps/v1", "ReplicaSet", "web")),
    ("k8s:apps/StatefulSet/finance-prod/web", "Pod", "statefulset-controller", ("apps/v1", "StatefulSet", "web")),
    ("k8s:apps/DaemonSet/finance-prod/web", "Pod", "daemon-set-controller", ("apps/v1", "DaemonSet", "web")),
    ("k8s:batch/CronJob/finance-prod/web", "Job", "cronjob-controller", ("batch/v1", "CronJob", "web")),
    ("k8s:batch/CronJob/finance-prod/web", "Pod", "job-controller", ("batch/v1", "Job", "web-29400000")),
    ("k8s:batch/Job/finance-prod/web", "Pod", "job-controller", ("batch/v1", "Job", "web")),
    ("k8s:core/ReplicationController/finance-prod/web", "Pod", "replication-controller",
     ("v1", "ReplicationController", "web")),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "kind", "controller", "owner"), WORKLOADS)
def test_what_a_controller_makes_for_a_waived_workload_is_let_be(
    resource: str, kind: str, controller: str, owner: tuple[str, str, str]
) -> None:
    made = thing(kind, "web-x", owner=owner)
    assert not judged(made, resource, user=ACCOUNT + controller)
    assert judged(made, user=ACCOUNT + controller), "without a waiver it is judged"
    assert judged(made, resource.replace("finance-prod", "finance-dev"), user=ACCOUNT + controller)


@pytest.mark.parametrize(("resource", "kind", "controller", "owner"), WORKLOADS)
def test_nobody_forges_what_a_controller_makes(
    resource: str, kind: str, controller: str, owner: tuple[str, str, str]
) -> None:
    made = thing(kind, "web-x", owner=owner)
    for user in ("li-ming", f"system:serviceaccount:finance-prod:{controller}", controller, f"{ACCOUNT}x"):
        assert judged(made, resource, user=user)
    others = {ACCOUNT + name for _, _, name, _ in WORKLOADS} - {ACCOUNT + controller}
    assert all(judged(made, resource, user=user) for user in others)
    uncontrolled = thing(kind, "web-x", owner=owner)
    del uncontrolled["metadata"]["ownerReferences"][0]["controller"]
    assert judged(uncontrolled, resource, user=ACCOUNT + controller)
    version, owning, name = owner
    for changed in ((version, owning, f"{name}-2"), (version, owning, f"x{name}"), ("x/v1", owning, name),
                    (version, "Node", name)):  # fmt: skip
        assert judged(thing(kind, "web-x", owner=changed), resource, user=ACCOUNT + controller)


@pytest.mark.parametrize("name", ["web", "web-", "web-api-5d4f8b9c7", "web-aeiou", "web-5d4f8b9c7bcdf", "web-5D4", "-"])
def test_a_replica_set_that_is_no_revision_of_the_deployment_is_judged(name: str) -> None:
    made = thing("Pod", "x", owner=("apps/v1", "ReplicaSet", name))
    assert judged(made, DEPLOYMENT, user=f"{ACCOUNT}replicaset-controller")


@hypothesis.given(nasty.lines(least=1, most=60), nasty.lines(least=1, most=60))
def test_a_name_is_nothing_but_a_name_whatever_is_in_it(name: str, other: str) -> None:
    key = f"k8s:core/Service/a/{name}"
    document = thing("Service", name, metadata={"namespace": "a"})
    hypothesis.assume(subjects.kubernetes_key(document) == key)
    plain = waiver("k8s:a/B/c")
    named = plain.model_copy(update={"spec": plain.spec.model_copy(update={"resources": (key,)})})
    conditions = exemptions.conditions([named])
    data = {"oldObject": None, "request": {"kind": {"group": "", "kind": "Service"}}}
    expression = next(one["expression"] for one in conditions if one["name"] == "not-waived-0")
    assert program(expression).eval(data=data | {"object": document}).plain_value() is False
    beside = thing("Service", other, metadata={"namespace": "a"})
    assert program(expression).eval(data=data | {"object": beside}).plain_value() is (name != other)


@pytest.mark.parametrize("count", [1, 200, 201, 1000])
def test_many_waived_resources_stay_within_what_an_api_server_takes(count: int) -> None:
    resources = [f"k8s:apps/Deployment/{'n' * 63}/{'x' * 180}{number}" for number in range(count)]
    some = [waiver(*resources[start : start + 50]) for start in range(0, count, 50)]
    conditions = exemptions.conditions(some)
    assert len(conditions) <= 60
    assert max(len(one["expression"]) for one in conditions) < 100_000
    assert len({one["name"] for one in conditions}) == len(conditions)
