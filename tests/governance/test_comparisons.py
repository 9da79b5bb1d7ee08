"""What one change of an inventory may hold."""

from __future__ import annotations

import dataclasses
import datetime
import json
import time
from typing import Any

import pytest

from govcloud_cli.governance import comparisons
from govcloud_cli.model import freezes, inventory, people, platforms, tenants
from tests.support import tenant_inventories

ALLOW = {"direction": "outbound", "ports": [8443], "reason": "数据共享 - data is shared"}


def tenant(identifier: str, **fields: Any) -> tenants.Tenant:
    return tenant_inventories.tenant(identifier, **fields)


def compared(before: list[tenants.Tenant], now: list[tenants.Tenant], **changed: Any) -> comparisons.Comparison:
    """Two states; `changed` are other fields of the inventory as it is now."""
    return comparisons.Comparison(
        before=tenant_inventories.inventory_of(*before),
        now=dataclasses.replace(tenant_inventories.inventory_of(*now), **changed),
    )


def messages(comparison: comparisons.Comparison) -> list[str]:
    return [one.message for one in comparisons.refusals(comparison, ())]


def freeze(identifier: str, reason: str = "安全事件") -> freezes.Freeze:
    spec = freezes.FreezeSpec(reason=reason, by="li.na", since=datetime.date(2026, 11, 1))
    return freezes.Freeze(
        api_version="govcloud/v1", kind="Freeze", metadata=freezes.FreezeMetadata(id=identifier), spec=spec
    )


def with_cpu(spec: inventory.Inventory) -> platforms.Platform:
    """The platform with another budget."""
    document = spec.platform.model_dump(mode="json")
    document["spec"]["organisations"][0]["budget"] = {"cpu": 1, "memoryGi": 1, "storageGi": 1, "databaseGi": 1}
    return platforms.Platform.model_validate_json(json.dumps(document))


PERSON = people.Person(id="li.na", display_name="李娜")


def test_one_tenant_may_change_be_added_or_go() -> None:
    one, two = tenant("finance"), tenant("taxation")

    assert messages(compared([one, two], [one, tenant("taxation", mlps=3)])) == []
    assert messages(compared([one], [one, two])) == []
    assert messages(compared([one, two], [two])) == []
    assert messages(compared([one], [one])) == []


def test_two_tenants_in_one_change_are_refused_by_name() -> None:
    before = [tenant("finance"), tenant("taxation")]

    found = comparisons.refusals(compared(before, [tenant("finance", mlps=3), tenant("taxation", mlps=3)]), ())

    assert [one.message for one in found] == ["2 tenants changed: 'finance', 'taxation'"]
    assert "one tenant per change" in found[0].remedy


def test_of_many_tenants_the_first_ten_are_named() -> None:
    many = [tenant(f"office-{chr(97 + number)}x") for number in range(12)]

    assert messages(compared([], many))[0].endswith("'office-jx' and 2 more")


def peers(one: str, other: str, port: int = 8443) -> tuple[tenants.Tenant, tenants.Tenant]:
    """Two tenants that agree on a port."""
    return (
        tenant(one, allow=[{**ALLOW, "peer": {"tenant": other}, "ports": [port]}]),
        tenant(other, allow=[{**ALLOW, "direction": "inbound", "peer": {"tenant": one}, "ports": [port]}]),
    )


def test_what_two_tenants_agree_on_is_changed_in_both_files_at_once() -> None:
    before = [tenant("finance"), tenant("taxation")]

    assert messages(compared(before, [*peers("finance", "taxation")])) == []
    assert messages(compared([*peers("finance", "taxation")], before)) == []


def test_the_other_file_may_change_in_nothing_else() -> None:
    before = [tenant("finance"), tenant("taxation"), tenant("archives")]
    finance, taxation = peers("finance", "taxation")
    archives = tenant("archives", allow=[{**ALLOW, "peer": {"zone": "citizens"}}])
    grown = finance.model_copy(update={"spec": finance.spec.model_copy(update={"mlps": 3})})
    grown_too = taxation.model_copy(update={"spec": taxation.spec.model_copy(update={"mlps": 3})})

    assert messages(compared(before, [grown, taxation, before[2]])) == [], "the other one only agrees"
    assert messages(compared(before, [grown, grown_too, before[2]])) == ["2 tenants changed: 'finance', 'taxation'"]
    assert messages(compared(before, [finance, taxation, archives])) == [
        "3 tenants changed: 'archives', 'finance', 'taxation'"
    ]


def test_a_tenant_that_leaves_takes_its_allowances_with_it() -> None:
    finance, taxation = peers("finance", "taxation")

    assert messages(compared([finance, taxation], [tenant("taxation")])) == []


def test_an_id_that_changes_is_refused_and_the_remedy_is_the_display_name() -> None:
    found = comparisons.refusals(
        compared(
            [tenant("finance", **tenant_inventories.FULL)],
            [tenant("treasury", **{**tenant_inventories.FULL, "mlps": 4})],
        ),
        (),
    )

    assert found[0].message == "the id of tenant 'finance' became 'treasury'"
    assert "ids never change" in found[0].remedy
    assert "tenants/finance.yaml" in found[0].remedy
    assert "displayName" in found[0].remedy


def test_a_tenant_that_goes_while_a_wholly_other_one_comes_is_not_taken_for_the_same() -> None:
    finance = tenant("finance", **tenant_inventories.FULL)

    assert messages(compared([finance], [tenant("taxation")])) == ["2 tenants changed: 'finance', 'taxation'"]


@pytest.mark.parametrize("name", ["platform.yaml", "people.yaml"])
def test_the_platform_or_its_people_do_not_change_beside_a_tenant(name: str) -> None:
    before, now = [tenant("finance")], [tenant("finance", mlps=3)]
    spec = tenant_inventories.inventory_of(*now)
    changed: dict[str, Any] = {"platform": with_cpu(spec)} if name == "platform.yaml" else {"people": (PERSON,)}

    assert messages(compared(before, now, **changed)) == [f"{name} changed together with 'finance'"]
    assert messages(compared(before, before, **changed)) == []


def test_a_freeze_is_a_change_of_its_tenant() -> None:
    before = [tenant("finance"), tenant("taxation")]
    frozen = compared(before, before, freezes=(freeze("finance"),))

    assert frozen.changed == ("finance",)
    assert frozen.freeze_changed("finance")
    assert frozen.is_frozen("finance")
    assert messages(frozen) == []
    both = compared(before, [tenant("finance"), tenant("taxation", mlps=3)], freezes=(freeze("finance"),))
    assert messages(both) == ["2 tenants changed: 'finance', 'taxation'"]


def test_a_thousand_tenants_are_compared_at_once() -> None:
    before = [tenant(f"office-{number:04d}") for number in range(1000)]
    comparison = compared(before, [one.model_copy() for one in before[1:]] + [tenant("office-0000", mlps=3)])

    start = time.process_time()
    found = comparisons.refusals(comparison, ())

    assert (found, comparison.changed) == ((), ("office-0000",))
    assert time.process_time() - start < 0.5
