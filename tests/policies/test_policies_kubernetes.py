"""The policies about single Kubernetes objects: each earns its place, each guard has its sample, nothing of ours fails.

That samples are allowed and denied is `govcloud policy test`'s to show; here is what samples as such cannot say.
"""

from __future__ import annotations

import asyncio
import functools
import pathlib
from collections.abc import Iterator

import pytest

from govcloud_cli import resources
from govcloud_cli.compliance import findings, inputs, rules, samples, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.inventory import rulebook, sample_files
from govcloud_cli.model import policies
from govcloud_cli.plan import build
from govcloud_cli.providers.kubernetes import client as clients
from tests.support import control_plane, inventories

AREAS = ("access", "network", "services", "storage")
GOES_ALONG = {"load-balancer-names-its-clients": {"service-no-load-balancer"}}
"""What guards where a waiver lets the other one be."""
OWN_KINDS = (
    ("v1", "ConfigMap"),
    ("v1", "Namespace"),
    ("v1", "Service"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
)
"""Kinds that a fresh API server has objects of."""
NAMED_BY_THE_API_SERVER = "grant-not-named-as-kubernetes-own"


@functools.cache
def book() -> rulebook.Rulebook:
    return rulebook.load([resources.folder("policies")])


@functools.cache
def entries() -> tuple[rulebook.Entry, ...]:
    found = (one for one in book().entries if one.folder.parent.name in AREAS)
    return tuple(one for one in found if one.policy.spec.input is policies.Input.KUBERNETES)


@functools.cache
def compiled(policy: policies.Policy) -> rules.Rule:
    return rules.compile(policy, libraries=book().libraries, engine=asked())


@functools.cache
def asked() -> engine.Engine:
    return engine.Engine({"registries": []})


@functools.cache
def denied(entry: rulebook.Entry) -> tuple[tuple[subjects.Subject, ...], ...]:
    found = sample_files.read(entry).denied
    return tuple(samples.subjects_of(sample, policies.Input.KUBERNETES) for sample in found)


def fails(rule: rules.Rule, some: tuple[subjects.Subject, ...]) -> bool:
    return any(rule.matches(one) and rule.judge(one) for one in some)


def by_itself(entry: rulebook.Entry) -> Iterator[rules.Rule]:
    for validation in entry.policy.spec.validations:
        spec = entry.policy.spec.model_copy(update={"validations": (validation,)})
        yield rules.compile(entry.policy.model_copy(update={"spec": spec}), libraries=book().libraries, engine=asked())


def test_there_is_something_to_look_at() -> None:
    assert len(entries()) >= 45


def test_every_validation_has_a_sample_that_it_denies() -> None:
    idle = [
        f"{entry.policy.metadata.id}: {rule.policy.spec.validations[0].expression}"
        for entry in entries()
        for rule in by_itself(entry)
        if not any(fails(rule, sample) for sample in denied(entry))
    ]
    assert idle == []


def test_no_policy_only_repeats_another() -> None:
    repeated: dict[str, set[str]] = {}
    for entry in entries():
        others = [compiled(one) for one in book().policies if one is not entry.policy]
        always = [rule.id for rule in others if all(fails(rule, sample) for sample in denied(entry))]
        repeated[entry.policy.metadata.id] = set(always)
    assert {rule: found for rule, found in repeated.items() if found} == GOES_ALONG


def test_what_is_planned_for_the_lab_meets_every_one() -> None:
    plan = build.build(
        inventories.lab(),
        places={side: inventories.place(side) for side in inventories.lab().sides},
        sides=inventories.lab().sides,
        today=inventories.TODAY,
    )
    planned = [
        subjects.Subject(
            input=policies.Input.KUBERNETES,
            key=subjects.kubernetes_key(document),
            document=inputs.without_secrets(document),
        )
        for side in plan.sides
        for document in (*side.cluster, *(one for shard in side.shards for one in shard.manifests))
    ]
    assert len(planned) > 100
    assert [said for entry in entries() for said in _said(compiled(entry.policy), planned)] == []


@pytest.mark.engine
def test_what_the_api_server_keeps_for_itself_meets_every_one(tmp_path: pathlib.Path) -> None:
    with control_plane.running(tmp_path / "plane", controllers=control_plane.CONTROLLERS) as plane:
        own = asyncio.run(_own(plane.kubeconfig))
    kinds = {one.document["kind"] for one in own}
    assert {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Namespace"} <= kinds
    strict = [compiled(entry.policy) for entry in entries() if entry.policy.metadata.id != NAMED_BY_THE_API_SERVER]
    assert [said for rule in strict for said in _said(rule, own)] == []
    named = compiled(next(one.policy for one in entries() if one.policy.metadata.id == NAMED_BY_THE_API_SERVER))
    exempt = {one.key for one in own for entry in entries() if _is_exempt(compiled(entry.policy), one)}
    assert exempt
    assert [key for key in exempt if not any(named.judge(one) for one in own if one.key == key)] == []


def _is_exempt(rule: rules.Rule, subject: subjects.Subject) -> bool:
    """Whether the rule passes the object by its name alone."""
    if not rule.matches(subject) or rule.judge(subject):
        return False
    renamed = subject.document | {"metadata": subject.document["metadata"] | {"name": "another"}}
    found = rule.judge(subjects.Subject(input=subject.input, key=subject.key, document=renamed))
    return subject.document["kind"] != "Namespace" and bool(found)


def _said(rule: rules.Rule, asked_about: list[subjects.Subject]) -> Iterator[str]:
    for subject in asked_about:
        for result in rule.judge(subject) if rule.matches(subject) else ():
            if result.outcome is not findings.Outcome.PASS:
                yield f"{rule.id}: {subject.key}: {result.message}"


async def _own(kubeconfig: pathlib.Path) -> list[subjects.Subject]:
    client = clients.Client.from_kubeconfig(kubeconfig)
    try:
        await _until_gathered(client)
        return [
            subjects.Subject(input=policies.Input.KUBERNETES, key=subjects.kubernetes_key(document), document=document)
            for api_version, kind in OWN_KINDS
            for document in [one async for one in client.list_kind(api_version, kind)]
        ]
    finally:
        await client.close()


async def _until_gathered(client: clients.Client) -> None:
    """Until a controller has put into Kubernetes' own roles what they gather from others."""
    for _ in range(100):
        found = await client.get("rbac.authorization.k8s.io/v1", "ClusterRole", "admin")
        if found and found.get("rules"):
            return
        await asyncio.sleep(0.3)
    raise AssertionError("nothing is gathered into the role `admin`")
