"""A pod is judged alike however it is written down: as itself, in every workload, in lists, streams, YAML and JSON."""

from __future__ import annotations

import itertools
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pytest
import yaml

from govcloud_cli.compliance import findings, judging, manifest_inputs, rules, subjects
from govcloud_cli.inventory import manifests
from govcloud_cli.model import policies
from tests.support import pod_generator, rulebooks

Json = dict[str, Any]
_SEED: Final = 1_949
_KINDS: Final = ("Pod", *pod_generator.WORKLOADS)
_TEMPLATES: Final = 20


def _list(documents: Sequence[Json]) -> Json:
    return {"apiVersion": "v1", "kind": "List", "items": list(documents)}


def _typed_lists(documents: Sequence[Json]) -> list[Json]:
    by_kind: dict[tuple[str, str], list[Json]] = {}
    for one in documents:
        by_kind.setdefault((one["apiVersion"], one["kind"]), []).append(one)
    return [
        {"apiVersion": version, "kind": f"{kind}List", "items": [_bare(one) for one in items]}
        for (version, kind), items in by_kind.items()
    ]


def _bare(document: Json) -> Json:
    """As the items of a list that the API server answers: without version and kind."""
    return {key: value for key, value in document.items() if key not in {"apiVersion", "kind"}}


def _yaml(documents: Sequence[Json]) -> str:
    return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)


_FORMS: Final[Mapping[str, Callable[[Sequence[Json]], str]]] = {
    "documents.yaml": _yaml,
    "list.yaml": lambda documents: _yaml([_list(documents)]),
    "lists.yaml": lambda documents: _yaml(_typed_lists(documents)),
    "list-of-lists.yaml": lambda documents: _yaml([_list([_list(documents[::2]), _list(documents[1::2])])]),
    "list.json": lambda documents: json.dumps(_list(documents)),
    "stream.json": lambda documents: "\n".join(json.dumps(one, indent=1) for one in documents),
}


@pytest.fixture(scope="module")
def pod_rules() -> list[rules.Rule]:
    return [one for one in rulebooks.rules() if one.policy.spec.pod_security is not None]


@pytest.fixture(scope="module")
def documents() -> list[Json]:
    """The same pods in all nine kinds.

    Without the host's network: in a Pod alone the API server makes ports of the host of its ports.
    """
    templates = itertools.islice(
        (one for one in pod_generator.templates(_SEED) if not one.spec.get("hostNetwork")), _TEMPLATES
    )
    found = []
    for number, template in enumerate(templates):
        name = f"p{number}"
        found += [template.pod(name), *(template.workload(kind, name) for kind in pod_generator.WORKLOADS)]
    return found


Told = frozenset[tuple[str, str, str]]


def judged(asked: Sequence[rules.Rule], found: Sequence[Json]) -> dict[str, set[Told]]:
    """Name of the pod -> what was said of it (rule, outcome and message): once, if it was the same in all its kinds."""
    plain = [manifest_inputs.without_nulls(one) for one in found]
    about = [
        subjects.Subject(input=policies.Input.KUBERNETES, key=subjects.kubernetes_key(one), document=one)
        for one in plain
    ]
    told: dict[str, set[tuple[str, str, str]]] = {one.key: set() for one in about}
    for result in judging.judge(asked, about).results:
        told[result.subject.key].add((result.policy.metadata.id, result.outcome.value, result.message))
    by_name: dict[str, set[Told]] = {}
    for one in about:
        by_name.setdefault(one.document["metadata"]["name"], set()).add(frozenset(told[one.key]))
    return by_name


def test_every_kind_of_workload_gives_its_pods_verdict(pod_rules: list[rules.Rule], documents: list[Json]) -> None:
    answers = judged(pod_rules, documents)
    assert len(answers) == _TEMPLATES
    assert {name: told for name, told in answers.items() if len(told) > 1} == {}
    clean = sum(told == {frozenset()} for told in answers.values())
    assert 0 < clean < _TEMPLATES, "both verdicts are among them"
    outcomes = {outcome for all_told in answers.values() for told in all_told for _, outcome, _ in told}
    assert outcomes == {findings.Outcome.FAIL.value}, "nothing is an error"


@pytest.mark.parametrize("form", _FORMS)
def test_every_form_of_a_file_holds_the_same_pods(
    form: str, pod_rules: list[rules.Rule], documents: list[Json], tmp_path: pathlib.Path
) -> None:
    path = tmp_path / form
    path.write_text(_FORMS[form](documents), encoding="utf-8")
    read = manifests.read([path])
    assert read.problems == ()
    kinds = {(one.document["kind"], one.document["metadata"]["name"]) for one in read.objects}
    assert kinds == {(one["kind"], one["metadata"]["name"]) for one in documents}
    assert judged(pod_rules, [one.document for one in read.objects]) == judged(pod_rules, documents[:: len(_KINDS)])
