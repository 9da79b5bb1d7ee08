"""A cluster with our policies installed as deploy installs them: who is refused, and who must never be."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import datetime
import functools
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pytest
import yaml

from govcloud_cli import resources
from govcloud_cli.compliance import admission, findings, manifest_inputs, rules, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.inventory import rulebook
from govcloud_cli.model import policies, waivers
from govcloud_cli.plan import namespaces
from tests.support import api_verdicts, control_plane, inventories, object_generator, rulebooks

pytestmark = [pytest.mark.engine]

_Result = TypeVar("_Result")
Json = Any
Work = Callable[[api_verdicts.Asker], Awaitable[_Result]]
CONTROLLERS = (
    *control_plane.CONTROLLERS,
    "deployment-controller", "job-controller", "replicaset-controller", "root-ca-certificate-publisher-controller",
    "statefulset-controller", "validatingadmissionpolicy-status-controller",
)  # fmt: skip
ACCOUNT = "system:serviceaccount:kube-system:"
OURS, OTHERS = "finance-prod", "somebody-else"
REGISTRY = "registry.gov.example/apps"
PATIENCE = 60.0
BAD_IMAGE = "docker.io/library/nginx:latest"


def workload(kind: str, name: str, *, image: str = "", namespace: str = OURS) -> Json:
    """A workload that no mandatory rule is against, or one with a bad image."""
    resources_ = {"cpu": "100m", "memory": "64Mi"}
    probe = {"tcpSocket": {"port": 8080}}
    container = {
        "name": "web",
        "image": image or f"{REGISTRY}/web@sha256:{'0123456789abcdef' * 4}",
        "imagePullPolicy": "Always",
        "resources": {"requests": resources_, "limits": resources_},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        **({} if kind == "Job" else {"readinessProbe": probe, "livenessProbe": probe}),
    }
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": spec}
    found = object_generator.as_kind({"metadata": {"name": name, "namespace": namespace}}, pod, _version(kind))
    if kind == "Job":
        found["spec"] |= {"backoffLimit": 1, "activeDeadlineSeconds": 600, "ttlSecondsAfterFinished": 600}
    if kind in {"Deployment", "StatefulSet"}:
        found["spec"]["replicas"] = 2
    return found


def _version(kind: str) -> tuple[str, str]:
    return next(which for which in object_generator.TEMPLATES if which[1] == kind)


def mandatory(document: Json) -> dict[str, tuple[str, ...]]:
    """The findings that a cluster denies: rule -> messages; empty texts for errors."""
    read = manifest_inputs.without_nulls(document)
    subject = subjects.Subject(input=policies.Input.KUBERNETES, key=subjects.kubernetes_key(read), document=read)
    found: dict[str, tuple[str, ...]] = {}
    for rule in rulebooks.rules(REGISTRY):
        if admission.enforceable(rule.policy) and admission.actions(rule.policy.spec.severity) == admission.DENY:
            said = rule.judge(subject) if rule.matches(subject) else ()
            if said:
                errors = any(one.outcome is not findings.Outcome.FAIL for one in said)
                found[rule.id] = ("",) if errors else tuple(one.message for one in said)
    return found


def waived(*keys: str, of: Sequence[str]) -> tuple[waivers.Waiver, ...]:
    """A waiver of each rule for these resources."""
    return tuple(
        waivers.Waiver(
            api_version="govcloud/v1",
            kind="Waiver",
            metadata=waivers.WaiverMetadata(id=f"W-2026-{number:03}"),
            spec=waivers.WaiverSpec(
                rule=rule,
                resources=keys,
                reason="the old system moves",
                owner="finance",
                approver="security",
                created=datetime.date(2026, 10, 1),
                expires=datetime.date(2026, 12, 31),
            ),
        )
        for number, rule in enumerate(of)
    )


def manifests(found: Sequence[waivers.Waiver] = ()) -> tuple[namespaces.Manifest, ...]:
    book = rulebook.load([resources.folder("policies")])
    settings = {"registries": [REGISTRY]}
    return admission.manifests(book.policies, book.libraries, waivers=tuple(found), settings=settings)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cluster:
    """A control plane with policies."""

    plane: control_plane.ControlPlane

    def run(self, work: Work[_Result]) -> _Result:
        """Run a function of an asker."""

        async def inside() -> _Result:
            async with api_verdicts.asking(self.plane.kubeconfig, ()) as asker:
                return await work(asker)

        return asyncio.run(inside())

    def create(self, document: Json, *, user: str = "", dry_run: bool = True) -> api_verdicts.Asked:
        """Create it."""
        return self.run(lambda asker: asker.raw(document, user=user, dry_run=dry_run))

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Json:
        """The live object, or None."""
        return self.run(lambda asker: asker.client.get(api_version, kind, name, namespace=namespace))

    def until(self, looked: Callable[[], _Result]) -> _Result:
        """Wait until something is there."""

        async def waiting() -> None:
            await asyncio.sleep(0.3)

        for _ in range(int(PATIENCE / 0.3)):
            found = looked()
            if found:
                return found
            asyncio.run(waiting())
        raise AssertionError("it never came")

    def listed(self, api_version: str, kind: str, namespace: str) -> list[Json]:
        """All of a kind in a namespace."""

        async def read(asker: api_verdicts.Asker) -> list[Json]:
            return [one async for one in asker.client.list_kind(api_version, kind, namespace=namespace)]

        return self.run(read)


WAIVED = ("k8s:apps/Deployment/finance-prod/old-web", "k8s:apps/StatefulSet/finance-prod/old-web",
          "k8s:batch/CronJob/finance-prod/old-web", "k8s:batch/Job/finance-prod/old-web")  # fmt: skip


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """With policies that came after some workloads, and waivers for `old-web`."""
    with control_plane.running(tmp_path_factory.mktemp("plane"), controllers=CONTROLLERS) as plane:
        found = Cluster(plane=plane)
        for name, labels in ((OURS, namespaces.MANAGED), (OTHERS, {})):
            found.create(_namespace(name, labels), dry_run=False)
        found.until(lambda: found.get("v1", "ServiceAccount", "default", OURS))
        before = workload("Deployment", "before", image=BAD_IMAGE)
        before["metadata"]["finalizers"] = ["tests.example/kept"]
        assert found.create(before, dry_run=False).status == 201
        found.until(lambda: len(found.listed("v1", "Pod", OURS)) == 2)
        broken = sorted(mandatory(workload("Deployment", "old-web", image=BAD_IMAGE)))
        found.run(lambda asker: api_verdicts.install_as_they_are(asker, manifests(waived(*WAIVED, of=broken))))
        yield found


def _namespace(name: str, labels: Mapping[str, str]) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}


def test_the_workload_of_these_tests_is_good_and_the_bad_one_is_denied() -> None:
    for kind in ("Deployment", "StatefulSet", "Job", "Pod"):
        assert mandatory(workload(kind, "web")) == {}
        assert mandatory(workload(kind, "web", image=BAD_IMAGE)) != {}


def test_the_api_server_finds_nothing_wrong_with_the_types(cluster: Cluster) -> None:
    def checked() -> list[Json]:
        found = [one for one in _policies(cluster) if one["metadata"]["name"].endswith(admission.SUFFIX)]
        done = all("typeChecking" in (one.get("status") or {}) for one in found)
        return found if done and len(found) == len(manifests()) // 2 else []

    warnings = [
        (one["metadata"]["name"], warning["fieldRef"], warning["warning"])
        for one in cluster.until(checked)
        for warning in one["status"]["typeChecking"].get("expressionWarnings") or ()
    ]
    assert warnings == []


def test_a_mistake_in_a_type_would_be_found(cluster: Cluster) -> None:
    wrong = copy.deepcopy(manifests()[0])
    wrong["metadata"]["name"] = "wrong.example"
    constraints = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    wrong["spec"] = {
        "matchConstraints": {"resourceRules": [constraints]},
        "validations": [{"expression": "object.spec.replicos > 1"}],
    }
    cluster.run(lambda asker: asker.client.apply(wrong))

    def warned() -> Json:
        live = cluster.get(admission.API_VERSION, wrong["kind"], "wrong.example")
        return (live.get("status") or {}).get("typeChecking", {}).get("expressionWarnings")

    assert "undefined field 'replicos'" in cluster.until(warned)[0]["warning"]


def _policies(cluster: Cluster) -> list[Json]:
    async def read(asker: api_verdicts.Asker) -> list[Json]:
        found = asker.client.list_kind(admission.API_VERSION, "ValidatingAdmissionPolicy")
        return [one async for one in found]

    return cluster.run(read)


def test_a_sample_is_denied_if_it_breaks_a_mandatory_rule_and_let_in_otherwise(cluster: Cluster) -> None:
    book = rulebook.load([resources.folder("policies")])
    ids = {one.metadata.id for one in book.policies if admission.enforceable(one)}
    folders = [path for path in sorted(resources.folder("policies").glob("*/*/*ed")) if path.parent.name in ids]
    files = [min(folder.glob("*.yaml")) for folder in folders]
    documents = [one for file in files for one in object_generator.documents(file)]

    async def ask(asker: api_verdicts.Asker) -> list[tuple[Json, api_verdicts.Asked]]:
        await asker.define(documents, cluster_wide={"GatewayClass"})
        placed = [await _within(asker, one) for one in documents]
        await api_verdicts.make_room(asker, [one for one in placed if one["kind"] != "Namespace"])
        return list(zip(placed, await asyncio.gather(*(asker.raw(one) for one in placed)), strict=True))

    answers = cluster.run(ask)
    denied = 0
    for document, asked in answers:
        refused = "denied request: " in asked.text
        if not refused and asked.status not in {201, 409}:
            continue  # not valid, or refused by Kubernetes itself
        broken = mandatory(document) if _judged(document) else {}
        assert refused is bool(broken), (broken, asked.text, document)
        if broken:
            denied += 1
            said = json.loads(asked.text)["message"]
            rule = said.partition("ValidatingAdmissionPolicy '")[2].partition(admission.SUFFIX)[0]
            assert rule in broken
            assert any(message in said for message in broken[rule])
    assert denied > 60


async def _within(asker: api_verdicts.Asker, document: Json) -> Json:
    """In our namespace, whatever namespace it is written for."""
    place = await asker.client.place(document["apiVersion"], document["kind"])
    metadata = {key: value for key, value in document["metadata"].items() if key != "namespace"}
    return document | {"metadata": metadata | ({"namespace": OURS} if place.namespaced else {})}


def _judged(document: Json) -> bool:
    labels = document["metadata"].get("labels") or {}
    return document["kind"] != "Namespace" or namespaces.MANAGED.items() <= labels.items()


ERRING = """
apiVersion: govcloud/v1
kind: Policy
metadata: {id: erring-rule, title: {en: A rule that errs, zh: 会出错的规则}}
spec:
  severity: high
  waivable: true
  profile: baseline
  controls: {}
  rationale:
    en: it errs where there is no such number
    zh: 没有该规则时会出现的问题。
  remediation: {en: add such a number, zh: 请添加这样的一个数字字段}
  input: kubernetes
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [configmaps]}]}
  matchConditions: [{name: named, expression: "object.metadata.name.startsWith('erring-')"}]
  validations:
    - expression: "%s"
      message: the number is wrong
"""


@pytest.mark.parametrize(
    ("expression", "data", "outcome"),
    [
        ("int(object.data.number) > 1", {"number": "2"}, None),
        ("int(object.data.number) > 1", {"number": "1"}, findings.Outcome.FAIL),
        ("int(object.data.number) > 1", {"number": "x"}, findings.Outcome.ERROR),
        ("int(object.data.number) > 1", {}, findings.Outcome.ERROR),
        ("dyn(object.data.number) && true", {"number": "true"}, findings.Outcome.ERROR),
        ("object.data.number > 1", {"number": "2"}, findings.Outcome.ERROR),
        ("1 / size(object.data.number) > 0", {"number": ""}, findings.Outcome.ERROR),
        ("'x'.matches(object.data.number)", {"number": "("}, findings.Outcome.ERROR),
    ],
)
def test_an_error_is_a_refusal_there_and_no_pass_here(
    cluster: Cluster, expression: str, data: dict[str, str], outcome: findings.Outcome | None
) -> None:
    policy = policies.Policy.model_validate_json(json.dumps(yaml.safe_load(ERRING % expression)))
    rule = rules.compile(policy, libraries={}, engine=engine.Engine({"registries": []}))
    name = f"erring-{abs(hash((expression, *data.items())))}"
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": OURS}, "data": data}
    subject = subjects.Subject(input=policies.Input.KUBERNETES, key="k8s:x", document=document)
    assert [one.outcome for one in rule.judge(subject)] == [outcome] * (outcome is not None)
    found = admission.manifests([policy], {}, waivers=(), settings={"registries": []})
    cluster.run(lambda asker: api_verdicts.install_as_they_are(asker, found))
    asked = cluster.create(document)
    wrong = 403 if outcome is findings.Outcome.FAIL else 422
    assert asked.status == (201 if outcome is None else wrong), asked.text
    assert ("resulted in error" in asked.text) is (outcome is findings.Outcome.ERROR)


def test_a_namespace_that_is_not_ours_is_nobodys_business(cluster: Cluster) -> None:
    bad = workload("Deployment", "web", image=BAD_IMAGE, namespace=OTHERS)
    assert cluster.create(bad).status == 201
    bad["metadata"]["namespace"] = OURS
    refused = cluster.create(bad)
    assert refused.status == 403
    assert "denied request" in refused.text


def test_a_finding_that_is_not_mandatory_is_told_to_whoever_asks(cluster: Cluster) -> None:
    bare = workload("Deployment", "web")
    del bare["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    asked = cluster.create(bare)
    assert asked.status == 201
    told = [warning for warning in asked.warnings if "'readiness-probe.policies.govcloud.io'" in warning]
    assert told != []


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Job"])
def test_a_waived_workload_runs_and_its_twin_does_not(cluster: Cluster, kind: str) -> None:
    assert cluster.create(workload(kind, "new-web", image=BAD_IMAGE)).status == 403
    assert cluster.create(workload(kind, "old-web", image=BAD_IMAGE), dry_run=False).status == 201

    def pods() -> list[Json]:
        found = cluster.listed("v1", "Pod", OURS)
        owners = [(one, one["metadata"]["ownerReferences"][0]["kind"]) for one in found]
        wanted = "ReplicaSet" if kind == "Deployment" else kind
        return [one for one, owner in owners if owner == wanted and one["metadata"]["name"].startswith("old-web")]

    assert cluster.until(pods)[0]["spec"]["containers"][0]["image"] == BAD_IMAGE


def _pod_of(kind: str, name: str) -> Json:
    pod = workload("Pod", "old-web-forged", image=BAD_IMAGE)
    version = "batch/v1" if kind == "Job" else "apps/v1"
    owner = {"apiVersion": version, "kind": kind, "name": name, "uid": "0", "controller": True}
    pod["metadata"]["ownerReferences"] = [owner]
    return pod


@pytest.mark.parametrize(
    ("user", "kind", "owner", "status"),
    [
        (f"{ACCOUNT}replicaset-controller", "ReplicaSet", "old-web-5d4f8b9c7", 201),
        (f"{ACCOUNT}job-controller", "Job", "old-web-29400000", 201),
        (f"{ACCOUNT}statefulset-controller", "StatefulSet", "old-web", 201),
        ("li-ming", "ReplicaSet", "old-web-5d4f8b9c7", 403),
        (f"system:serviceaccount:{OURS}:replicaset-controller", "ReplicaSet", "old-web-5d4f8b9c7", 403),
        (f"{ACCOUNT}replicaset-controller", "ReplicaSet", "old-web", 403),
        (f"{ACCOUNT}replicaset-controller", "ReplicaSet", "old-web-api-5d4f8b9c7", 403),
        (f"{ACCOUNT}replicaset-controller", "StatefulSet", "old-web", 403),
        (f"{ACCOUNT}job-controller", "Job", "new-web-29400000", 403),
    ],
)
def test_nobody_forges_a_pod_of_a_waived_workload(
    cluster: Cluster, user: str, kind: str, owner: str, status: int
) -> None:
    asked = cluster.create(_pod_of(kind, owner), user=user)
    assert asked.status == status, asked.text


def test_what_was_there_before_can_be_scaled_by_its_controller_and_removed(cluster: Cluster) -> None:
    """The controller's own updates, and the finalizer that somebody else has to take away."""

    async def scale(asker: api_verdicts.Asker) -> None:
        path = f"/apis/apps/v1/namespaces/{OURS}/deployments/before"
        assert await asker.patch(f"{path}/scale", {"spec": {"replicas": 1}}) == 200
        assert await asker.patch(path, {"spec": {"template": {"metadata": {"labels": {"a": "b"}}}}}) == 403

    cluster.run(scale)
    cluster.until(lambda: len(_pods_of(cluster, "before")) == 1)

    async def remove(asker: api_verdicts.Asker) -> None:
        await asker.client.delete("apps/v1", "Deployment", "before", namespace=OURS)
        path = f"/apis/apps/v1/namespaces/{OURS}/deployments/before"
        assert await asker.patch(path, {"metadata": {"labels": {"a": "b"}}}) == 403
        assert await asker.patch(path, {"metadata": {"finalizers": None}}) == 200

    cluster.run(remove)
    cluster.until(
        lambda: not _pods_of(cluster, "before") and cluster.get("apps/v1", "Deployment", "before", OURS) is None
    )


def _pods_of(cluster: Cluster, name: str) -> list[Json]:
    found = cluster.listed("v1", "Pod", OURS)
    return [one for one in found if one["metadata"]["name"].startswith(f"{name}-")]


_LABELS = namespaces.MANAGED | namespaces.pod_security()
"""Of a namespace that no mandatory rule is against."""


def test_namespaces_come_and_go_with_what_controllers_put_there(cluster: Cluster) -> None:
    asked = cluster.create(_namespace("brief", _LABELS), dry_run=False)
    assert asked.status == 201, asked.text
    cluster.until(lambda: cluster.get("v1", "ServiceAccount", "default", "brief"))
    cluster.until(lambda: cluster.get("v1", "ConfigMap", "kube-root-ca.crt", "brief"))
    assert cluster.create(workload("Deployment", "web", namespace="brief"), dry_run=False).status == 201
    cluster.until(lambda: cluster.listed("v1", "Pod", "brief"))
    cluster.run(lambda asker: asker.client.delete("v1", "Namespace", "brief"))
    cluster.until(lambda: cluster.get("v1", "Namespace", "brief") is None)


def test_aggregated_roles_are_still_filled(cluster: Cluster) -> None:
    rbac = "rbac.authorization.k8s.io/v1"
    rule = {"apiGroups": ["tests.example"], "resources": ["things"], "verbs": ["get"]}
    labels = {"tests.example/part-of": "things"}
    part = namespaces.manifest("ClusterRole", "things-get", api_version=rbac, labels=labels, rules=[rule])
    whole = namespaces.manifest(
        "ClusterRole", "things", api_version=rbac, aggregationRule={"clusterRoleSelectors": [{"matchLabels": labels}]}
    )
    assert {cluster.create(one, dry_run=False).status for one in (part, whole)} == {201}
    cluster.until(lambda: cluster.get(rbac, "ClusterRole", "things")["rules"] == [rule])


def _delete(version: str, name: str, asker: Any) -> Any:
    return asker.client.delete(version, "ClusterRole", name)


def test_the_api_server_starts_again_and_restores_its_own_roles(cluster: Cluster) -> None:
    rbac = "rbac.authorization.k8s.io/v1"
    broken = ("system:controller:namespace-controller", "admin", "cluster-admin")
    for name in broken:
        cluster.run(functools.partial(_delete, rbac, name))
    cluster.run(lambda asker: asker.client.delete(rbac, "ClusterRoleBinding", "cluster-admin"))
    cluster.plane.restart()
    for name in broken:
        cluster.until(functools.partial(cluster.get, rbac, "ClusterRole", name))
    cluster.until(lambda: cluster.get(rbac, "ClusterRoleBinding", "cluster-admin"))
    bad = workload("Deployment", "web", image=BAD_IMAGE)
    cluster.until(lambda: cluster.create(bad).status == 403)
    # A server that has just come up refuses everything until it knows its policies.
    cluster.until(lambda: cluster.create(workload("Deployment", "web")).status == 201)


def test_the_platforms_own_objects_are_let_in(cluster: Cluster) -> None:
    planned = [
        one
        for side in inventories.lab_plan().sides
        for one in (*side.cluster, *(manifest for shard in side.shards for manifest in shard.manifests))
        if one["kind"] != "Secret"
    ]
    assert len(planned) > 100

    async def apply(asker: api_verdicts.Asker) -> None:
        for one in sorted(planned, key=lambda one: one["kind"] != "Namespace"):
            await asker.client.apply(one, force=True)

    cluster.run(apply)


def test_without_its_waiver_a_workload_is_refused_again(cluster: Cluster) -> None:
    cluster.run(lambda asker: api_verdicts.install_as_they_are(asker, manifests()))
    changed = workload("Deployment", "old-web", image=BAD_IMAGE)
    assert cluster.create(changed).status == 403
