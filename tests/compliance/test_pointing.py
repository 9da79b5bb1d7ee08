"""Where a result points: at the container that is meant, not at the list that it is in."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance import findings, pointing, subjects
from govcloud_cli.model import policies
from tests.compliance import rulings

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "spec": {
        "containers": [{"name": "app", "image": "a.example/app:1"}, {"name": "side", "image": "nginx"}],
        "initContainers": [{"name": "first", "image": "b"}],
        "volumes": [{"name": "tmp"}, {"name": "model", "image": {"reference": "hub/model"}}],
        "securityContext": {"runAsUser": 0},
    },
}
LIST = ("spec", "containers")


@pytest.mark.parametrize(
    ("path", "message", "expected"),
    [
        (LIST, "containers run privileged: side", ("spec", "containers", 1)),
        (LIST, "containers run privileged: side, app", ("spec", "containers", 0)),
        (LIST, "allowPrivilegeEscalation: false: side", ("spec", "containers", 1)),
        (LIST, "containers run privileged: first", ("spec", "initContainers", 0)),
        (LIST, "images without a digest: nginx", ("spec", "containers", 1)),
        (LIST, "images without a digest: hub/model", ("spec", "volumes", 1)),
        (LIST, "user 0 is asked for by: the pod, app", ("spec", "securityContext")),
        (("spec", "volumes"), "volumes are folders of the node: model", ("spec", "volumes", 1)),
        (LIST, "containers run privileged: other", LIST),
        (LIST, "a container is privileged", LIST),
        (("spec", "hostNetwork"), "uses the node's network: app", ("spec", "hostNetwork")),
        (("spec", "template", "spec", "containers"), "x: app", ("spec", "template", "spec", "containers")),
        ((), "x: app", ()),
        (("spec", "containers", 0), "x: side", ("spec", "containers", 0)),
    ],
)
def test_the_first_element_that_the_message_names_is_pointed_at(
    path: subjects.Path, message: str, expected: subjects.Path
) -> None:
    assert pointing.element(POD, path, message) == expected


def test_an_element_without_a_name_is_found_as_policies_call_it() -> None:
    assert pointing.element({"spec": {"containers": [{"name": "a"}, {}]}}, LIST, "x: ?") == ("spec", "containers", 1)


KEYS = st.sampled_from(["spec", "containers", "volumes", "image", "name", "securityContext"])
DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4),
)


@given(DOCUMENTS, st.text(max_size=9))
def test_whatever_the_document_is_the_path_leads_no_further_up(document: Any, tail: str) -> None:
    path = pointing.element(document, LIST, f"x: {tail}")

    assert path[:1] == ("spec",)
    assert len(path) in (2, 3)


def test_a_rule_that_failed_on_a_malformed_object_points_at_what_is_wrong_with_it() -> None:
    broken = subjects.Subject(
        input=policies.Input.KUBERNETES,
        key="k8s:core/Pod/a",
        document={"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}, "b"]}},
    )
    error = rulings.rule().result(broken, findings.Outcome.ERROR, "the rule types do not fit", ("spec", "hostNetwork"))

    [result] = pointing.pointed([error])

    assert result == dataclasses.replace(error, path=("spec", "containers", 1))


def test_results_about_anything_else_stay_as_they_are() -> None:
    flow = subjects.Subject(input=policies.Input.FLOW, key="flow:a", document={"ports": [{"name": "a"}]})
    found = rulings.rule().result(flow, findings.Outcome.FAIL, "opens: a", ("ports",))

    assert list(pointing.pointed([found])) == [found]
