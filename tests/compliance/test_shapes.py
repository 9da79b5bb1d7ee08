"""What is said of an object that is not as Kubernetes has such objects; a case a line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from govcloud_cli import resources
from govcloud_cli.compliance import forms, manifest_inputs, shapes, subjects
from govcloud_cli.inventory import manifests
from govcloud_cli.model import policies

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
CRON = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\n"
ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\n"


def subject(document: Any, given: policies.Input = policies.Input.KUBERNETES) -> subjects.Subject:
    return subjects.Subject(input=given, key="k", document=document)


def told(text: str) -> list[str]:
    found = shapes.of(subject(yaml.safe_load(text)))
    return [f"{subjects.written(one.path)}: {one.found or 'missing'}, not {one.wanted}" for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEPLOYMENT + "spec: hello", ["spec: text, not mapping"]),
        (DEPLOYMENT + "spec: []", ["spec: list, not mapping"]),
        (DEPLOYMENT, ["spec: missing, not mapping"]),
        (DEPLOYMENT + "spec: {replicas: 3}", ["spec.template: missing, not mapping"]),
        (DEPLOYMENT + "spec: {template: {}}", ["spec.template.spec: missing, not mapping"]),
        (DEPLOYMENT + "spec: {template: {spec: {containers: 5}}}", ["spec.template.spec.containers: number, not list"]),
        (DEPLOYMENT + 'spec: {replicas: "3", template: {spec: {}}}', ["spec.replicas: text, not number"]),
        (CRON + "spec: {jobTemplate: {}}", ["spec.jobTemplate.spec: missing, not mapping"]),
        (POD + "spec: {containers: [hello, {name: b}]}", ["spec.containers[0]: text, not mapping"]),
        (POD + "spec: {containers: [{image: [a]}]}", ["spec.containers[0].image: list, not text"]),
        (
            POD + "spec: {containers: [{env: [{name: A, value: true}]}]}",
            ["spec.containers[0].env[0].value: true or false, not text"],
        ),
        (
            POD + "spec: {containers: [{resources: {limits: {cpu: [1]}}}]}",
            ["spec.containers[0].resources.limits.cpu: list, not text or number"],
        ),
        (POD + "spec: {hostNetwork: 'true'}", ["spec.hostNetwork: text, not true or false"]),
        (POD.replace("name: a", "labels: {a/b.c: 1}") + "spec: {}", ["metadata.labels['a/b.c']: number, not text"]),
        (ROLE + "rules: {verbs: [get]}", ["rules: mapping, not list"]),
        (
            ROLE + "rules: [{verbs: get}, {verbs: [1]}]",
            ["rules[0].verbs: text, not list", "rules[1].verbs[0]: number, not text"],
        ),
    ],
)
def test_a_fault_is_named_by_its_path_with_what_is_there_and_what_should_be(text: str, expected: list[str]) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        POD + "spec: {containers: [{resources: {limits: {cpu: 1, memory: 1Gi}}, ports: [{containerPort: 80}]}]}",
        POD + "spec: {containers: null, volumes: [null]}",
        # Of others' kinds nobody here knows the form, whatever they are called.
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: none}",
        "apiVersion: 1\nkind: Pod\nspec: 1",
        "apiVersion: v1\nkind: [Pod]\nspec: 1",
        "just a text",
    ],
)
def test_what_kubernetes_takes_or_nobody_knows_is_no_fault(text: str) -> None:
    assert told(text) == []


def test_documents_of_other_inputs_have_forms_of_their_own() -> None:
    assert shapes.of(subject({"apiVersion": "v1", "kind": "Pod"}, policies.Input.TENANT)) == ()


def test_a_document_full_of_faults_is_not_told_to_its_end() -> None:
    document = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": ["x"] * 1000}}

    assert len(shapes.of(subject(document))) == 100


def test_no_sample_of_any_policy_is_called_malformed() -> None:
    """The samples are what Kubernetes takes; a differential test creates them. So a form is never too narrow."""
    found = manifests.read(sorted(resources.folder("policies").glob("*/*/*/*.yaml")))
    objects = list(manifest_inputs.of_manifests(found.objects))

    assert len(objects) > 500
    assert {subjects.written(one.path) for each in objects for one in shapes.of(each)} == set()


@pytest.mark.parametrize("kind", forms.FORMS)
def test_every_form_is_of_sorts_lists_of_one_and_fields(kind: tuple[str, str]) -> None:
    def check(form: Any) -> None:
        if isinstance(form, list):
            assert len(form) == 1
            check(form[0])
        elif isinstance(form, dict):
            assert all(isinstance(name, str) and name for name in form)
            for below in form.values():
                check(below)
        else:
            assert isinstance(form, forms.Sort)

    check(forms.FORMS[kind])
