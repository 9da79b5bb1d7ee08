"""Every case of CEL beside a real API server: what comes to true, false or an error here does so there.

An expression is a validation of a policy; what the API server does not compile is an error of it.
"""

from __future__ import annotations

import asyncio
import pathlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
import yaml

from govcloud_cli.compliance import admission
from govcloud_cli.providers.kubernetes import failures
from tests.support import api_verdicts, control_plane

pytestmark = [pytest.mark.engine]

FOLDER = pathlib.Path(__file__).parents[2] / "cases" / "cel"
WRITTEN: list[dict[str, Any]] = [
    case for path in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
# A warning that got lost would look like true, so what is true has to be false the other way round.
CASES = WRITTEN + [
    {"expression": f"!({case['expression']}\n)", "value": False} for case in WRITTEN if case.get("value") is True
]
TOGETHER = 10
"""Expressions in a policy; what is said of all of them has to fit into a server's warnings."""
_FALSE = re.compile(r": case (\d+)$")
_REFUSED = re.compile(r"^spec\.validations\[(\d+)\]\.")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    with control_plane.running(tmp_path_factory.mktemp("plane")) as plane:
        yield asyncio.run(_ask(plane))


async def _ask(plane: control_plane.ControlPlane) -> list[str]:
    """`true`, `false` or `error` for each case."""
    async with api_verdicts.asking(plane.kubeconfig, ()) as asker:
        found = dict.fromkeys(range(len(CASES)), "error")
        policies: dict[str, list[int]] = {}
        for start in range(0, len(CASES), TOGETHER):
            numbers = await _install(asker, f"p{start}", range(start, min(start + TOGETHER, len(CASES))))
            if numbers:
                policies[f"p{start}"] = numbers
        await api_verdicts.settle(asker.client, asker.raw)
        for name, numbers in policies.items():
            found |= _read(numbers, (await asker.raw(_config_map(name))).warnings)
        return [found[number] for number in range(len(CASES))]


async def _install(asker: api_verdicts.Asker, name: str, numbers: Iterable[int]) -> list[int]:
    """Make a policy of those expressions that the API server compiles; return which they are."""
    left = list(numbers)
    while left:
        try:
            await asker.client.apply(_policy(name, left), force=True)
        except failures.ApiError as failure:
            refused = {int(found[1]) for cause in failure.causes if (found := _REFUSED.match(cause.field))}
            if not refused:
                raise
            left = [number for place, number in enumerate(left) if place not in refused]
            continue
        spec = {"policyName": name, "validationActions": ["Warn"]}
        await asker.client.apply(_object("ValidatingAdmissionPolicyBinding", name, spec))
        break
    return left


def _read(numbers: Sequence[int], warnings: Sequence[str]) -> dict[int, str]:
    found = dict.fromkeys(numbers, "true")
    assert sum(map(len, warnings)) < 3800, "put fewer together"
    for warning in warnings:
        said = _FALSE.search(warning)
        if said:
            found[int(said[1])] = "false"
            continue
        which = [number for number in numbers if f"expression '{CASES[number]['expression']}' resulted in" in warning]
        assert which, warning
        found |= dict.fromkeys(which, "error")
    return found


def _policy(name: str, numbers: Sequence[int]) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "own", "expression": f"object.metadata.name == '{name}'"}],
        "validations": [{"expression": CASES[number]["expression"], "message": f"case {number}"} for number in numbers],
    }
    return _object("ValidatingAdmissionPolicy", name, spec)


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": admission.API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _config_map(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


def test_every_case_is_as_the_api_server_has_it(verdicts: list[str]) -> None:
    wrong = [
        (case["expression"], wanted, found)
        for case, found in zip(CASES, verdicts, strict=True)
        if (wanted := "error" if case.get("error") else str(case["value"]).lower()) != found
    ]
    assert wrong == []
    assert {"true", "false", "error"} == set(verdicts)
