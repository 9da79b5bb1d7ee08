from __future__ import annotations

import json
import pathlib
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli.compliance import previews, subjects
from govcloud_cli.model import policies

CASES = pathlib.Path(__file__).parents[1] / "cases" / "previews"
"""Written by Pulumi 3.250 with our providers; `changes` and `failed` are put together from such parts."""
UNKNOWN = subjects.UNKNOWN_TEXT


def read(name: str) -> previews.Preview:
    return previews.read(json.loads((CASES / name).read_text(encoding="utf-8")), file=name)


def by_key(name: str) -> dict[str, subjects.Subject]:
    return {one.key: one for one in read(name).subjects}


def test_a_preview_gives_its_kubernetes_objects_and_all_other_resources() -> None:
    assert list(by_key("preview.json")) == [
        "k8s:core/ConfigMap/demo/facts",
        "k8s:core/Namespace/demo",
        "k8s:core/Secret/demo/login",
        "pulumi:postgresql:index/database:Database/finance_prod_ledger",
        "pulumi:postgresql:index/grant:Grant/finance_prod_ledger/database/public",
        "pulumi:postgresql:index/role:Role/finance_prod_ledger_rw",
        "pulumi:pulumi:providers:kubernetes/kubernetes",
        "pulumi:pulumi:providers:postgresql/postgresql",
    ]
    assert read("preview.json").problems == ()


def test_an_exported_stack_gives_the_same_keys() -> None:
    assert list(by_key("export.json")) == [
        "pulumi:pulumi:providers:kubernetes/kubernetes",
        "k8s:core/Namespace/demo",
        "k8s:core/Secret/demo/login",
        "k8s:core/ConfigMap/demo/facts",
    ]
    assert read("export.json").problems == ()


def test_an_object_is_the_one_that_the_program_wrote() -> None:
    found = by_key("preview.json")["k8s:core/Namespace/demo"]
    assert found.input is policies.Input.KUBERNETES
    metadata = {"labels": {"team": "x"}, "name": "demo"}
    assert found.document == {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def test_a_resource_is_its_type_name_and_inputs() -> None:
    found = by_key("preview.json")["pulumi:postgresql:index/role:Role/finance_prod_ledger_rw"]
    assert found.input is policies.Input.RESOURCE
    assert {key: found.document[key] for key in ("type", "name")} == {
        "type": "postgresql:index/role:Role",
        "name": "finance_prod_ledger_rw",
    }
    assert found.document["inputs"]["connectionLimit"] == 10


def test_a_place_leads_to_what_was_judged() -> None:
    document = json.loads((CASES / "preview.json").read_text(encoding="utf-8"))
    for one in read("preview.json").subjects:
        assert one.place is not None
        value = document
        for step in one.place.path:
            value = value[step]
        kind = "inputs" if one.input is policies.Input.RESOURCE else "metadata"
        assert kind in value, one.key


def test_what_is_known_later_is_marked_in_objects() -> None:
    found = by_key("preview.json")["k8s:core/ConfigMap/demo/facts"]
    assert set(found.unknown) == {("data", "uid"), ("data", "mixed")}
    assert found.document["data"] == {"uid": UNKNOWN, "mixed": UNKNOWN}


def test_a_mark_within_a_text_and_one_of_another_type_are_unknown_too() -> None:
    found = by_key("changes.json")["k8s:core/Pod/demo/mixed"]
    paths = {("spec", "containers", 0, "image"), ("spec", "containers", 1, "tty")}
    assert set(found.unknown) == paths
    assert found.document["spec"]["containers"][1] == {"name": "b", "image": "registry.example/b:1", "tty": UNKNOWN}


@pytest.mark.parametrize("name", ["preview.json", "export.json", "changes.json", "failed.json"])
def test_no_secret_gets_out(name: str) -> None:
    text = str(read(name))
    assert "hunter" not in text
    assert "kubeconfig\\" not in text
    assert "[secret]" not in text


def test_a_hidden_input_is_a_marker_and_a_hidden_field_of_an_object_is_unknown() -> None:
    role = by_key("preview.json")["pulumi:postgresql:index/role:Role/finance_prod_ledger_rw"]
    assert role.document["inputs"]["password"] == previews.SECRET
    assert role.unknown == ()
    pod = by_key("changes.json")["k8s:core/Pod/demo/hidden"]
    assert pod.document["spec"] == UNKNOWN
    assert pod.unknown == (("spec",),)


def test_a_secret_whose_values_are_hidden_is_as_it_should_be() -> None:
    for name in ("preview.json", "export.json"):
        secret = by_key(name)["k8s:core/Secret/demo/login"]
        assert secret.document["stringData"] == {previews.SECRET: previews.SECRET}
        assert secret.unknown == ()


def test_values_of_a_secret_that_pulumi_does_not_hide_are_told_but_not_shown() -> None:
    data = {"key": "aHVudGVy", "later": UNKNOWN, "hidden": "[secret]"}
    document = preview({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": data})
    (found,) = previews.read(document, file="f").subjects
    assert found.document["data"] == {"key": previews.SHOWN, "later": previews.SHOWN, "hidden": previews.SECRET}
    assert found.unknown == (), "whatever it will be, it is no secret to Pulumi"


def test_values_that_are_all_known_later_are_unknown() -> None:
    document = preview({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": UNKNOWN})
    (found,) = previews.read(document, file="f").subjects
    assert found.document["data"] == UNKNOWN
    assert found.unknown == (("data",),)


def test_another_kind_of_the_name_is_not_a_secret() -> None:
    given = {"apiVersion": "example.org/v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "b"}}
    (found,) = previews.read(preview(given), file="f").subjects
    assert found.document["data"] == {"a": "b"}


def preview(inputs: dict[str, Any], kind: str = "kubernetes:core/v1:Secret") -> dict[str, Any]:
    urn = f"urn:pulumi:demo::demo::{kind}::a"
    return {"steps": [{"op": "create", "newState": {"urn": urn, "type": kind, "custom": True, "inputs": inputs}}]}


SIGNATURE = "4dabf18193072939515e22adb298388d"


@pytest.mark.parametrize(
    ("signed", "expected", "unknown"),
    [
        ({SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"hunter2"'}, previews.SECRET, ()),
        ({SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:aaaa"}, previews.SECRET, ()),
        ({SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "web"}, "web", ()),
        ({SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}, UNKNOWN, (("inputs", "field"),)),
        ({SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": "hunter2", "secret": True}, previews.SECRET, ()),
        ({SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "hunter2"}, previews.SECRET, ()),
    ],
    ids=["plain secret", "encrypted secret", "value", "unknown value", "secret value", "file"],
)
def test_an_object_that_stands_for_something_else(signed: Any, expected: Any, unknown: Any) -> None:
    (found,) = previews.read(preview({"field": signed}, kind="x:index:Y"), file="f").subjects
    assert found.document["inputs"] == {"field": expected}
    assert found.unknown == unknown


def test_what_is_deleted_is_not_judged_and_of_a_replacement_only_what_comes_of_it() -> None:
    found = by_key("changes.json")
    assert "k8s:core/Pod/demo/gone" not in found
    assert found["k8s:core/Pod/demo/web"].document["spec"] == {"hostNetwork": False}
    assert len(read("changes.json").subjects) == len(found)


def test_what_an_exported_stack_will_delete_is_not_judged() -> None:
    resource = preview({"a": 1}, kind="x:index:Y")["steps"][0]["newState"]
    stack = {"deployment": {"resources": [{**resource, "delete": True}]}}
    assert previews.read(stack, file="f").subjects == ()


def test_a_namespace_in_one_piece_is_the_objects_in_it() -> None:
    found = by_key("changes.json")
    assert found["k8s:core/Namespace/demo"].document["metadata"] == {"name": "demo"}
    assert found["k8s:core/ConfigMap/demo/facts"].unknown == (("data", "id"),)
    hidden = found["k8s:core/Secret/demo/login"]
    assert set(hidden.unknown) == {("type",), ("spec",), ("metadata", "labels"), ("metadata", "annotations")}
    assert hidden.document["data"] == {previews.SECRET: previews.SECRET}


def test_what_may_be_missing_is_told_without_its_values() -> None:
    assert read("failed.json").problems == (
        "failed.json: the preview failed, so it may lack resources",
        "failed.json: a 'kubernetes:helm.sh/v3:Release' is not rendered: what it makes is not in this document",
        "failed.json: step 1 does not say what it makes",
        "failed.json: step 2 does not say what it makes",
    )


@pytest.mark.parametrize(
    ("kind", "inputs", "problem"),
    [
        (
            "kubernetes:core/v1:Pod",
            {"apiVersion": "v1", "kind": "[secret]"},
            "of one object it is not known what it is",
        ),
        ("kubernetes:core/v1:Pod", {"apiVersion": UNKNOWN, "kind": "Pod"}, "of one object it is not known what it is"),
        (
            "kubernetes:govcloud/v1:Namespace",
            {"name": "demo", "objects": "[secret]"},
            "of one namespace it is not known what is in it",
        ),
        (
            "kubernetes:govcloud/v1:Namespace",
            {"name": "demo", "objects": {"Secret/a": "no JSON"}},
            "object 'Secret/a' of a namespace is no JSON object",
        ),
    ],
)
def test_an_object_that_nobody_can_tell_is_a_problem(kind: str, inputs: Any, problem: str) -> None:
    assert previews.read(preview(inputs, kind=kind), file="f").problems == (f"f: {problem}",)


@pytest.mark.parametrize("document", [None, [], {}, {"steps": 1}, {"deployment": []}, {"apiVersion": "v1"}])
def test_what_is_none_of_pulumis_is_a_problem(document: Any) -> None:
    assert not previews.is_one(document)
    assert previews.read(document, file="f").problems == (
        "f: neither `pulumi preview --json` nor `pulumi stack export`",
    )


def test_what_is_nested_without_end_is_unknown() -> None:
    value: Any = "bottom"
    for _ in range(150):
        value = [value]
    (found,) = previews.read(preview({"field": value}, kind="x:index:Y"), file="f").subjects
    assert len(found.unknown) == 1


JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=5),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.sampled_from(
                ["steps", "op", "newState", "inputs", "type", "custom", "urn", "objects", "kind", "data", SIGNATURE]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@hypothesis.given(strategies.lists(JSON, max_size=4))
def test_no_document_is_too_odd(steps: Any) -> None:
    for document in ({"steps": steps}, {"deployment": {"resources": steps}}):
        json.dumps([one.document for one in previews.read(document, file="f").subjects])


@hypothesis.given(JSON)
def test_no_state_is_too_odd(inputs: Any) -> None:
    for kind in ("kubernetes:core/v1:Secret", "kubernetes:govcloud/v1:Namespace", "x:index:Y"):
        found = previews.read(preview(inputs, kind=kind), file="f")
        json.dumps([one.document for one in found.subjects])
