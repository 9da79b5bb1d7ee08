from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import objects
from govcloud_cli.model import policies
from tests.compliance.checks import estates

WEB = estates.workload("web", replicas=3)


def of_group(version: str) -> subjects.Subject:
    return dataclasses.replace(WEB, document={**WEB.document, "apiVersion": version})


def test_only_a_kubernetes_object_has_a_kind() -> None:
    assert objects.kind(WEB) == "Deployment"
    assert objects.kind(dataclasses.replace(WEB, input=policies.Input.RESOURCE)) == ""
    assert objects.kind(dataclasses.replace(WEB, document=[])) == ""
    assert objects.kind(dataclasses.replace(WEB, document={"kind": ["Deployment"]})) == ""


def test_a_kind_of_another_group_is_another_kind() -> None:
    other = of_group("example.org/v1")
    assert objects.is_workload(WEB)
    assert not objects.is_workload(other)
    assert objects.is_a("Deployment")(other)
    assert objects.is_a("Deployment", group="apps")(WEB)
    assert not objects.is_a("Deployment", group="apps")(other)
    assert not objects.is_a("StatefulSet")(WEB)
    assert estates.found("disruptionsBounded", other) == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Pod", ()),
        ("Deployment", ("spec", "template")),
        ("CronJob", ("spec", "jobTemplate", "spec", "template")),
    ],
)
def test_a_template_is_where_the_api_has_it(kind: str, path: subjects.Path) -> None:
    document: Any = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a"}]}}
    template = document
    for step in reversed(path):
        document = {step: document}
    one = subjects.Subject(input=policies.Input.KUBERNETES, key="k", document={"kind": kind, **document})
    assert objects.template(one) == ({"kind": "Pod", **template} if kind == "Pod" else template)
    assert objects.template_path(one) == path


def test_labels_that_are_no_text_are_left_out() -> None:
    assert objects.labels({"metadata": {"labels": {"a": "b", "c": 1, "d": None}}}) == {"a": "b"}
    assert objects.labels({"metadata": []}) == {}


def test_no_selector_takes_nothing_and_an_empty_one_everything() -> None:
    assert not objects.selects(None, {"a": "b"})
    assert objects.selects({}, {})
