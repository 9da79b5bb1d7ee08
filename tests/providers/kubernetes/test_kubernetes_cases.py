"""Check, diff and read, decided without a cluster; each case is a few lines of YAML under `cases/`."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import pytest
import yaml

from govcloud_cli.providers import wire
from govcloud_cli.providers.kubernetes import difference, kinds, manifest, ownership

_CASES = pathlib.Path(__file__).parent / "cases"
_KINDS = {kind.name: kind for kind in kinds.SERVED}


def _cases(folder: str) -> list[Any]:
    return [
        pytest.param(case, id=case["says"])
        for path in sorted((_CASES / folder).glob("*.yaml"))
        for case in yaml.safe_load(path.read_text())
    ]


def _known(value: Any) -> Any:
    """Return `value` with `<unknown>` as what it means."""
    if isinstance(value, dict):
        return {name: _known(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return wire.UNKNOWN if value == "<unknown>" else value


def _like(expected: Any, seen: Any) -> Any:
    """Return `seen` with texts that match a `/pattern/` in `expected` replaced by it."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        return {name: _like(expected.get(name), item) for name, item in seen.items()}
    if isinstance(expected, str) and expected[:1] == expected[-1:] == "/" and re.fullmatch(expected[1:-1], str(seen)):
        return expected
    return seen


@pytest.mark.parametrize("case", _cases("check"))
def test_check(case: dict[str, Any]) -> None:
    old = case.get("old", {})
    checked = manifest.check(_KINDS[case["kind"]], _known(case["new"]), old=old, name="thing", namespace="default")
    assert [failure.property for failure in checked.failures] == case.get("failures", []), checked.failures
    if "inputs" in case:
        expected = _known(case["inputs"])
        assert _like(expected, checked.inputs) == expected


@pytest.mark.parametrize("case", _cases("diff"))
def test_diff(case: dict[str, Any]) -> None:
    seen = difference.compare(_KINDS[case["kind"]], case["old"], _known(case["new"]))
    assert list(seen.changed) == case.get("changed", [])
    assert list(seen.replace) == case.get("replace", [])
    assert seen.delete_before_replace == case.get("delete_before_replace", False)


@pytest.mark.parametrize("case", _cases("read"))
def test_read(case: dict[str, Any]) -> None:
    kind, live = _KINDS[case["kind"]], case["live"]
    if case["owned"]:
        entry = {"manager": "govcloud", "operation": "Apply", "fieldsV1": case["owned"]}
        live["metadata"]["managedFields"] = [{"manager": "kubectl-edit", "operation": "Update"}, entry]
    seen = ownership.inputs(kind, live, case["recorded"])
    assert seen == {"apiVersion": kind.api_version, "kind": kind.name, **case["inputs"]}
    if case["recorded"] == case["inputs"]:
        assert not difference.compare(
            kind, case["recorded"] | {"apiVersion": kind.api_version, "kind": kind.name}, seen
        ).changed
