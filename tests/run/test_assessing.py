"""What is known of tenants beside their requests; `tests/commands/tenant/test_validate.py` goes through the rest."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from govcloud_cli.model import inventory, platforms, tenants
from govcloud_cli.run import assessing, decisions
from tests.support import tenant_inventories

INTERNAL, EXTERNAL = platforms.Side.INTERNAL, platforms.Side.EXTERNAL


def tenant(identifier: str, quota: str, zone: str = "service") -> tenants.Tenant:
    return tenant_inventories.tenant(identifier, zone=zone, environments=[{"name": "prod", "quota": quota}])


def town(*wanted: tenants.Tenant) -> inventory.Inventory:
    """With a budget of 8 cores."""
    spec = tenant_inventories.inventory_of(*wanted)
    document = spec.platform.model_dump(mode="json")
    budget = {"cpu": 8, "memoryGi": 1000, "storageGi": 1000, "databaseGi": 1000}
    document["spec"]["organisations"][0]["budget"] = budget
    return dataclasses.replace(spec, platform=platforms.Platform.model_validate_json(json.dumps(document)))


def record(*applied: tenants.Tenant) -> decisions.Record:
    def entry(one: tenants.Tenant) -> decisions.Entry:
        return decisions.Entry(applied=one, attempted="", number=0, decided=None, at="2026-11-01T00:00:00Z")

    return decisions.Record(tenants={one.metadata.id: entry(one) for one in applied})


def told(spec: inventory.Inventory, records: dict[platforms.Side, decisions.Record], *standing: str) -> list[Any]:
    return [(str(one).partition(" at ")[0], one.grows) for one in assessing.overruns(spec, records, standing)]


def test_what_fits_is_no_overrun() -> None:
    assert told(town(tenant("finance", "l")), {EXTERNAL: record()}) == []


def test_growth_past_what_was_last_applied_is_growth() -> None:
    spec = town(tenant("finance", "l"), tenant("archives", "xs"))

    assert told(spec, {EXTERNAL: record(tenant("finance", "l"))}) == [("cpu: requested 1, used 8, limit 8", True)]


def test_what_was_applied_already_is_reported() -> None:
    finance, archives = tenant("finance", "l"), tenant("archives", "xs")

    assert told(town(finance, archives), {EXTERNAL: record(finance, archives)}) == [("cpu: used 9, limit 8", False)]


def test_the_side_that_is_deployed_elsewhere_counts_as_it_is() -> None:
    inside = tenant("security", "l", zone="office")
    spec = town(inside, tenant("archives", "xs"))

    assert told(spec, {EXTERNAL: record()}) == [("cpu: requested 1, used 8, limit 8", True)]
    assert told(spec, {EXTERNAL: record(tenant("archives", "xs"))}) == [("cpu: used 9, limit 8", False)]


@pytest.mark.parametrize(("standing", "grows"), [(("finance",), False), ((), True)])
def test_what_stood_before_anything_was_recorded_is_no_growth(standing: tuple[str, ...], grows: bool) -> None:
    spec = town(tenant("finance", "xl"))

    assert [one.grows for one in assessing.overruns(spec, {EXTERNAL: record()}, standing)] == [grows]


def test_a_tenant_that_goes_makes_room() -> None:
    spec = town(tenant("archives", "l"))

    assert told(spec, {EXTERNAL: record(tenant("finance", "l"))}) == []
