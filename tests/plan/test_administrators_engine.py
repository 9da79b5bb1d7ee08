"""What a real API server lets the administrators do."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from govcloud_cli.model import platforms
from govcloud_cli.plan import cluster
from tests.support import api_requests, control_plane, tenant_inventories

pytestmark = pytest.mark.engine

VERDICTS: dict[str, dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    (pathlib.Path(__file__).parents[1] / "cases" / "administrators" / "verdicts.yaml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api_requests.Api]:
    with control_plane.running(tmp_path_factory.mktemp("plane"), controllers=("namespace-controller",)) as plane:
        found = api_requests.Api(plane)
        found.apply(cluster.manifests(tenant_inventories.golden(), platforms.Side.EXTERNAL))
        yield found


@pytest.mark.parametrize("group", VERDICTS)
@pytest.mark.parametrize("verdict", ["allowed", "forbidden"])
def test_each_group_may_do_what_is_written_and_nothing_that_is_forbidden(
    api: api_requests.Api, group: str, verdict: str
) -> None:
    wrong = [
        f"{verb} {resource} {namespace or 'everywhere'}"
        for line in VERDICTS[group][verdict]
        for verb in line["verbs"]
        for resource in line["resources"]
        for namespace in ("", "finance-prod")
        if api.allowed(group, verb, resource, namespace) != (verdict == "allowed")
    ]
    assert wrong == []
