"""The same cases beside a real API server: it refuses exactly what is told to be refused."""

from __future__ import annotations

import asyncio
import pathlib

import pytest

from govcloud_cli.compliance import admission
from govcloud_cli.providers.kubernetes import failures
from tests.support import api_verdicts, control_plane
from tests.support import installing as cases

pytestmark = [pytest.mark.engine]


def test_the_api_server_takes_what_is_said_to_be_taken_and_nothing_else(tmp_path: pathlib.Path) -> None:
    async def taken(plane: control_plane.ControlPlane) -> list[str]:
        """For each case, why it is refused; empty if it is not."""
        found = []
        async with api_verdicts.asking(plane.kubeconfig, ()) as asker:
            for number, case in enumerate(cases.CASES):
                rule = cases.rule(case, name=f"rule-{number}").policy
                manifest = admission.manifests([rule], {}, waivers=(), settings={"registries": []})[0]
                try:
                    await asker.client.apply(manifest, dry_run=True)
                    found.append("")
                except failures.ApiError as failure:
                    found.append(str(failure.cause))
        return found

    with control_plane.running(tmp_path / "plane") as plane:
        reasons = asyncio.run(taken(plane))
    wrong = [
        (case, reason) for case, reason in zip(cases.CASES, reasons, strict=True) if bool(reason) != ("refused" in case)
    ]
    assert wrong == []
