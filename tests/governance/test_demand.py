"""What a tenant costs, in numbers."""

from __future__ import annotations

from govcloud_cli.governance import demand
from govcloud_cli.model import platforms
from tests.support import tenant_inventories

OWN = {
    "cpu": 3,
    "memoryGi": 5,
    "storageGi": 7,
    "pods": 9,
    "justification": "no tier has so much memory for so little cpu",
}


def test_a_tenant_costs_all_its_environments_and_databases_together() -> None:
    tenant = tenant_inventories.tenant(
        "finance",
        environments=[
            {"name": "test", "customQuota": OWN, "databases": [{"id": "ledger", "sizeGi": 30, "connections": 4}]},
            {"name": "prod", "quota": "l", "databases": [{"id": "ledger"}, {"id": "archive", "sizeGi": 100}]},
        ],
    )

    assert demand.of(tenant) == demand.Demand(
        cpu=3 + 8, memory_gi=5 + 16, storage_gi=7 + 250, database_gi=30 + 5 + 100, pods=9 + 80, connections=4 + 10 + 10
    )


def test_an_environment_that_names_no_tier_costs_the_default_one() -> None:
    assert demand.of(tenant_inventories.tenant("finance", environments=[{"name": "prod"}])).cpu == 2


def test_demands_are_added_subtracted_and_compared_field_by_field() -> None:
    one, other = demand.Demand(cpu=4, pods=1), demand.Demand(cpu=1, memory_gi=3)

    assert one + other == demand.Demand(cpu=5, memory_gi=3, pods=1)
    assert one - other == demand.Demand(cpu=3, memory_gi=-3, pods=1)
    assert one.larger(other) == ("cpu", "pods")
    assert demand.total([]) == demand.NOTHING


def test_budgets_count_every_resource_that_they_declare() -> None:
    assert {resource.field for resource in demand.BUDGETED} == set(platforms.Budget.model_fields)
    budget = platforms.Budget(cpu=1, memory_gi=2, storage_gi=3, database_gi=4)
    assert demand.of_budget(budget) == demand.Demand(cpu=1, memory_gi=2, storage_gi=3, database_gi=4)
