"""Where images may come from follows from platform.yaml; samples know only the case that it declares nothing."""

from __future__ import annotations

import itertools
import pathlib
from typing import Any

import pytest
import yaml

from govcloud_cli.compliance import findings, subjects
from govcloud_cli.model import policies
from tests.support import rulebooks

CASES = [
    (tuple(case["registries"]), outcome, image)
    for case in yaml.safe_load((pathlib.Path(__file__).parents[1] / "cases" / "pods" / "registries.yaml").read_text())
    for outcome in ("allowed", "denied")
    for image in case[outcome]
]


def pods(image: str) -> list[dict[str, Any]]:
    """The image in each place that a pod can have one."""
    clean = {"name": "web", "image": "registry.gov.example/apps/web:1"}
    specs: list[dict[str, Any]] = [
        {"containers": [{"name": "web", "image": image}]},
        {"containers": [clean], "initContainers": [{"name": "init", "image": image}]},
        {"containers": [clean], "ephemeralContainers": [{"name": "debugger", "image": image}]},
        {"containers": [clean], "volumes": [{"name": "model", "image": {"reference": image}}]},
    ]
    return [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec} for spec in specs]


@pytest.mark.parametrize(("registries", "outcome", "image"), CASES)
def test_an_image_is_of_a_declared_registry_or_not(registries: tuple[str, ...], outcome: str, image: str) -> None:
    [rule] = [one for one in rulebooks.rules(*registries) if one.id == "image-registry"]
    found = [
        rule.judge(subjects.Subject(input=policies.Input.KUBERNETES, key="k8s:core/Pod/web", document=pod))
        for pod in pods(image)
    ]
    outcomes = [result.outcome for result in itertools.chain.from_iterable(found)]
    said = "images of no declared registry:" if registries else "images that name no registry:"
    assert all(result.message.startswith(said) for result in itertools.chain.from_iterable(found))
    assert outcomes == ([] if outcome == "allowed" else [findings.Outcome.FAIL] * len(found))
