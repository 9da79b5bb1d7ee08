"""What a freeze comes to in the plan as a whole; its single objects have their tests beside their modules."""

from __future__ import annotations

import dataclasses
import datetime
import json
from typing import Any

from govcloud_cli.model import inventory, platforms, tenants
from govcloud_cli.plan import build, namespaces, plans, probes, quotas
from tests.support import freezes, inventories, tenant_inventories

FINANCE = "finance"


def frozen_lab() -> inventory.Inventory:
    return freezes.frozen(inventories.lab(), FINANCE)


def side_with(plan: plans.Plan, tenant: str) -> plans.SidePlan:
    return next(side for side in plan.sides if tenant in {one.id for one in side.tenants})


def listed(side: plans.SidePlan) -> set[str]:
    return {entry["database"] for host in side.hosts for entry in host.variables.get("database_tenants", ())}


def digests(plan: plans.Plan) -> list[str]:
    return [plans.digest(side) for side in plan.sides]


def planned(spec: inventory.Inventory, today: datetime.date) -> plans.Plan:
    return build.build(spec, places={}, sides=spec.sides, today=today)


def expiring(last: str) -> inventory.Inventory:
    """The lab with a last day for `finance`'s environments outside prod."""
    spec = inventories.lab()
    changed = []
    for tenant in spec.tenants:
        document = json.loads(tenant.model_dump_json())
        if tenant.metadata.id == FINANCE:
            for environment in document["spec"]["environments"]:
                environment["expiresOn"] = None if environment["name"] == "prod" else last
        changed.append(tenants.Tenant.model_validate_json(json.dumps(document)))
    # Who leaves meanwhile changes the plan too.
    return dataclasses.replace(spec, tenants=tuple(changed), people=())


def test_no_new_pods_and_nothing_else_that_grows() -> None:
    (scope,) = namespaces.scopes(
        freezes.frozen(tenant_inventories.inventory_of(tenant_inventories.tenant("archives")), "archives"),
        platforms.Side.EXTERNAL,
    )
    active = dataclasses.replace(scope, freezes={})
    hard: dict[str, Any] = quotas.resource_quota(scope)["spec"]["hard"]
    assert hard["pods"] == hard["persistentvolumeclaims"] == hard["count/deployments.apps"] == "0"
    assert hard.keys() == quotas.resource_quota(active)["spec"]["hard"].keys()
    assert hard["secrets"] != "0", "the platform itself must be able to restore a credential"
    assert quotas.limit_range(scope) == quotas.limit_range(active)


def test_the_database_machine_lists_no_frozen_database_so_nobody_logs_in() -> None:
    active, frozen = side_with(inventories.lab_plan(), FINANCE), side_with(inventories.new_plan(frozen_lab()), FINANCE)
    own = {name for name in listed(active) if name.startswith("finance_")}
    assert own
    assert listed(frozen) == listed(active) - own


def test_probes_expect_that_a_frozen_tenants_databases_refuse_and_that_it_still_sees_its_namespaces() -> None:
    frozen = side_with(inventories.new_plan(frozen_lab()), FINANCE)
    expected = {probe.id: probe.expected for probe in frozen.probes}
    active = {probe.id: probe.expected for probe in side_with(inventories.lab_plan(), FINANCE).probes}
    assert expected.keys() == active.keys()
    own = [name for place in frozen.tenants if place.id == FINANCE for name in place.databases]
    changed = {identifier for identifier in expected if expected[identifier] != active[identifier]}
    assert changed == {f"database/{name}_ro/{name}" for name in own}
    assert {expected[identifier] for identifier in changed} == {probes.Outcome.FORBIDDEN}


def test_thawed_again_the_plan_is_what_it_was() -> None:
    thawed = dataclasses.replace(frozen_lab(), freezes=())
    assert digests(inventories.new_plan(thawed)) == digests(inventories.lab_plan())


def test_the_plan_is_the_same_on_every_day_but_those_on_which_a_phase_changes() -> None:
    spec, last = expiring("2026-12-31"), datetime.date(2026, 12, 31)
    early, latest, after, later = (
        digests(planned(spec, last + datetime.timedelta(days=days))) for days in (-60, 0, 1, 300)
    )
    assert early == latest, "announced or not, it lives through its last day"
    assert after == later
    assert early != after
    assert digests(planned(expiring("2027-12-31"), last + datetime.timedelta(days=1))) == early, "extended, it is back"
