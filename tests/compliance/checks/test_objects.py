from __future__ import annotations

import dataclasses
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

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


_LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)
_SELECTORS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.just([]),
    st.fixed_dictionaries(
        {},
        optional={
            "matchLabels": st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y", 1]), max_size=3),
            "matchExpressions": st.lists(
                st.fixed_dictionaries(
                    {
                        "key": st.sampled_from("abc"),
                        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
                    },
                    optional={"values": st.lists(st.sampled_from("xy"), max_size=2)},
                ),
                max_size=2,
            ),
        },
    ),
)
_SPACES = st.sampled_from(["one", "two"])


def thing(kind: str, number: int, space: str, spec: Any) -> subjects.Subject:
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": f"n{number}", "namespace": space}, **spec}
    return subjects.Subject(input=policies.Input.KUBERNETES, key=f"k8s:{number}", document=document)


@hypothesis.given(st.lists(st.tuples(_SPACES, _SELECTORS), max_size=8), _SPACES, _LABELS)
def test_an_index_of_selectors_finds_what_asking_each_would(
    made: list[tuple[str, Any]], space: str, labels: dict[str, str]
) -> None:
    found = [thing("X", number, within, {"spec": selector}) for number, (within, selector) in enumerate(made)]
    index = objects.Selectors(found, lambda one: one.document["spec"])
    taken = {one.key for one in index.taking(space, labels)}
    assert taken == {
        one.key for one in found if objects.namespace(one) == space and objects.selects(one.document["spec"], labels)
    }


@hypothesis.given(st.lists(st.tuples(_SPACES, _LABELS), max_size=8), _SPACES, _SELECTORS)
def test_an_index_of_pods_finds_what_asking_each_would(
    made: list[tuple[str, dict[str, str]]], space: str, selector: Any
) -> None:
    found = [thing("Pod", number, within, {}) for number, (within, _) in enumerate(made)]
    for one, (_, labels) in zip(found, made, strict=True):
        one.document["metadata"]["labels"] = labels
    within = [labels for place, labels in made if place == space]
    expected = not within or any(objects.selects(selector, labels) for labels in within)
    assert objects.Pods(found).any_in(space, selector) is expected
