"""What a planned object beside a live one is said to differ in; each case is a few lines of YAML."""

from __future__ import annotations

import pathlib
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from govcloud_cli.providers.kubernetes import comparison, difference, kinds, ownership

_CASES = pathlib.Path(__file__).parents[2] / "cases" / "drift" / "kubernetes.yaml"
_KINDS = {kind.name: kind for kind in kinds.SERVED}
CASES = [pytest.param(case, id=case["says"]) for case in yaml.safe_load(_CASES.read_text(encoding="utf-8"))]


def whole(kind: kinds.Kind, manifest: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": kind.api_version, "kind": kind.name, **manifest}


def live_of(case: dict[str, Any]) -> dict[str, Any]:
    live = whole(_KINDS[case["kind"]], case["live"])
    if "owned" in case:
        entry = {"manager": "govcloud", "operation": "Apply", "fieldsV1": case["owned"]}
        live = {**live, "metadata": {**live["metadata"], "managedFields": [entry]}}
    return live


@pytest.mark.parametrize("case", CASES)
def test_what_differs_is_told_at_its_field(case: dict[str, Any]) -> None:
    kind = _KINDS[case["kind"]]
    found = comparison.deviations(kind, whole(kind, case["desired"]), live_of(case))
    assert [[one.field, one.expected, one.found] for one in found] == case.get("deviations", [])


@pytest.mark.parametrize("case", CASES)
def test_what_is_told_is_what_a_refresh_finds_and_nothing_else(case: dict[str, Any]) -> None:
    kind, live = _KINDS[case["kind"]], live_of(case)
    desired = whole(kind, case["desired"])
    seen = ownership.inputs(kind, live, desired)
    refreshed = case.get("refreshed", bool(case.get("deviations")))
    assert bool(difference.compare(kind, seen, desired).changed) == refreshed


@pytest.mark.parametrize("case", CASES)
def test_what_others_added_to_what_is_ours_as_a_whole_is_taken_away(case: dict[str, Any]) -> None:
    kind, live = _KINDS[case["kind"]], live_of(case)
    patch = comparison.surplus(kind, whole(kind, case["desired"]), live)
    if "surplus" in case:
        assert patch == case["surplus"]
    merged = {**live, **merge(live, patch)}
    left = comparison.deviations(kind, whole(kind, case["desired"]), merged)
    assert not [one for one in left if one.expected is None and one.path[0] in kind.whole]


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


VALUES = strategies.recursive(
    strategies.sampled_from(["a", "b", 1, 2, True, False]),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.sampled_from("xyz"), inner),
    max_leaves=8,
)
SPECS = strategies.dictionaries(strategies.sampled_from("xyz"), VALUES, max_size=3)
QUOTAS = strategies.builds(lambda spec: {"metadata": {"name": "a", "namespace": "b"}, "spec": spec}, SPECS)


@hypothesis.given(QUOTAS)
def test_an_object_does_not_differ_from_itself(manifest: dict[str, Any]) -> None:
    kind = _KINDS["NetworkPolicy"]
    assert comparison.deviations(kind, whole(kind, manifest), whole(kind, manifest)) == ()


@hypothesis.given(QUOTAS, QUOTAS)
def test_two_that_are_told_to_be_alike_differ_in_nothing_but_what_is_empty(
    desired: dict[str, Any], live: dict[str, Any]
) -> None:
    kind = _KINDS["NetworkPolicy"]
    if not comparison.deviations(kind, whole(kind, desired), whole(kind, live)):
        assert full(desired["spec"], live["spec"])


def full(desired: Any, live: Any) -> bool:
    """Whether both say the same, where the server leaves out what is empty or zero."""
    if isinstance(desired, dict) and isinstance(live, dict):
        names = {*desired, *live}
        return all(
            full(desired[name], live[name]) if name in desired and name in live else not desired.get(name)
            for name in names
        ) and set(live) <= set(desired)
    if isinstance(desired, list) and isinstance(live, list) and len(desired) == len(live):
        return all(full(one, other) for one, other in zip(desired, live, strict=True))
    return type(desired) is type(live) and bool(desired == live)
