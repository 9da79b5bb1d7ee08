"""Samples: each way in which a policy and its samples can disagree is told with its file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from govcloud_cli.compliance import samples
from govcloud_cli.inventory import rulebook, sample_files
from govcloud_cli.model import policies
from tests.compliance import rulings

GOOD = "apiVersion: v1\nkind: Pod\nmetadata: {name: good}\nspec: {containers: []}\n"
FOUND = "no-host-network finds something at k8s:core/Pod/bad: uses the node's network"
BAD = "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {hostNetwork: true, containers: []}\n"
ODD = "apiVersion: v1\nkind: Pod\nmetadata: {name: odd}\nspec: {hostNetwork: [], containers: []}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
FLOW = rulings.policy(
    input="flow", matchConstraints=None, validations=[{"expression": "object.port != 23", "message": "is telnet"}]
)
CHECK = rulings.policy(input="environment", matchConstraints=None, validations=[], check="tenantsAgree")


def check(
    tmp_path: Path, *, allowed: str | bytes = GOOD, denied: str | bytes = BAD, policy: policies.Policy | None = None
) -> list[str]:
    """Every problem of a policy with two samples, without the folder."""
    for name, content in (("allowed.yaml", allowed), ("denied.yaml", denied)):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    rule = rulings.rule(policy)
    entry = rulebook.Entry(
        policy=rule.policy,
        area="pods",
        folder=tmp_path,
        allowed=(tmp_path / "allowed.yaml",),
        denied=(tmp_path / "denied.yaml",),
    )
    return [problem.removeprefix(f"{tmp_path}/") for problem in samples.check(sample_files.read(entry), rule)]


def test_a_policy_that_agrees_with_its_samples(tmp_path: Path) -> None:
    assert check(tmp_path) == []


@pytest.mark.parametrize(
    ("allowed", "denied", "expected"),
    [
        (BAD, BAD, f"allowed.yaml: {FOUND}"),
        (GOOD, GOOD, "denied.yaml: no-host-network finds nothing in it"),
        (SERVICE, BAD, "allowed.yaml: no-host-network is not asked about anything in it, so it shows nothing"),
        (GOOD, SERVICE, "denied.yaml: no-host-network is not asked about anything in it, so it shows nothing"),
        (GOOD, f"{BAD}---\n{ODD}", "denied.yaml: error at k8s:core/Pod/odd: "),
        (f"{GOOD}---\n{BAD}", BAD, f"allowed.yaml: {FOUND}"),
        ("a: [", BAD, "allowed.yaml:2: this is not YAML: did not find expected node content."),
        ("", BAD, "allowed.yaml: no Kubernetes object in it; name a folder or file that holds manifests"),
        ("a: 1\n", BAD, "allowed.yaml: no Kubernetes object in it; name a folder or file that holds manifests"),
        (f"{GOOD}---\na: 1\n", BAD, "allowed.yaml: not everything in it is a Kubernetes object"),
        (b"\xff\xfe", BAD, "allowed.yaml: not UTF-8 (byte 0)"),
    ],
)  # fmt: skip
def test_a_disagreement_is_told_with_its_file(allowed: str, denied: str, expected: str, tmp_path: Path) -> None:
    [found] = check(tmp_path, allowed=allowed, denied=denied)

    assert found.startswith(expected)


def test_one_finding_makes_a_denied_stream(tmp_path: Path) -> None:
    assert check(tmp_path, denied=f"{GOOD}---\n{BAD}") == []


def test_lists_are_unpacked_as_for_users(tmp_path: Path) -> None:
    items = "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: bad}, spec: {hostNetwork: true}}]\n"

    assert check(tmp_path, denied=items) == []


def test_documents_of_other_inputs_are_taken_as_they_are(tmp_path: Path) -> None:
    assert check(tmp_path, policy=FLOW, allowed="id: web\nport: 443\n", denied="id: telnet\nport: 23\n") == []


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ("- 1\n", "allowed.yaml: document 0 is no mapping"),
        ("# nothing\n", "allowed.yaml: there is no document in it"),
        ("a: 1\na: 2\n", "allowed.yaml:2: key 'a' is here a second time; the first is on line 1"),
        ("a: [", "allowed.yaml:2: this is not YAML: did not find expected node content"),
        ("id: web\n", "allowed.yaml: error at flow:web: "),
    ],
)
def test_a_document_of_another_input_that_is_none(allowed: str, expected: str, tmp_path: Path) -> None:
    [found] = check(tmp_path, policy=FLOW, allowed=allowed, denied="port: 23\n")

    assert found.startswith(expected)


TENANT = """\
input: tenant
document:
  metadata: {id: finance}
  spec: {network: {allow: [{direction: outbound, peer: {tenant: health}, protocol: tcp, ports: [443]}]}}
"""
MIRROR = """\
input: tenant
document:
  metadata: {id: health}
  spec: {network: {allow: [{direction: inbound, peer: {tenant: finance}, protocol: tcp, ports: [443]}]}}
"""


def test_a_check_gets_subjects_of_several_inputs(tmp_path: Path) -> None:
    assert check(tmp_path, policy=CHECK, allowed=f"{TENANT}---\n{MIRROR}", denied=TENANT) == []


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ("a: 1\n", "document 0 is not of the form {input: flow, document: {…}}"),
        ("input: flow\n", "document 0 is not of the form {input: flow, document: {…}}"),
        ("input: river\ndocument: {}\n", "document 0 is of an input that there is not"),
        ("input: flow\ndocument: []\n", "document 0 is no mapping"),
        ("input: flow\ndocument: {}\nmore: 1\n", "document 0 is not of the form {input: flow, document: {…}}"),
    ],
)
def test_a_subject_of_a_check_that_is_none(allowed: str, expected: str, tmp_path: Path) -> None:
    assert check(tmp_path, policy=CHECK, allowed=allowed, denied=TENANT) == [f"allowed.yaml: {expected}"]


def test_objects_among_subjects_are_without_nulls_and_have_keys(tmp_path: Path) -> None:
    (tmp_path / "stream.yaml").write_text(
        "input: kubernetes\ndocument: {apiVersion: v1, kind: Pod, metadata: {name: a, labels: null}}\n"
        "---\ninput: zone\nkey: zone:given\ndocument: {id: own}\n",
        encoding="utf-8",
    )
    entry = rulebook.Entry(policy=CHECK, area="estate", folder=tmp_path, allowed=(tmp_path / "stream.yaml",), denied=())
    [sample] = sample_files.read(entry).allowed

    found = samples.subjects_of(sample, policies.Input.ENVIRONMENT)

    assert [(one.key, one.document) for one in found] == [
        ("k8s:core/Pod/a", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}),
        ("zone:given", {"id": "own"}),
    ]
    assert [dataclasses.astuple(one.place)[1] for one in found if one.place] == [0, 1]
