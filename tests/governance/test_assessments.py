"""What requests cost, which budget pays, and who decides."""

from __future__ import annotations

import dataclasses
import datetime
import json
import time
from typing import Any

from govcloud_cli.governance import assessments, comparisons, demand
from govcloud_cli.model import inventory, people, platforms
from tests.governance import test_comparisons as support
from tests.support import tenant_inventories

TODAY = datetime.date(2026, 11, 1)
KNOWN = assessments.Known(usages={}, decided={}, today=TODAY)
PEOPLE = (
    people.Person(id="li.na", display_name="李娜", approves=("qinghe-city",)),
    people.Person(id="wang.wei", display_name="王伟", approves=("finance-bureau",)),
)


def budgeted(spec: inventory.Inventory, cpu: int, **changed: Any) -> inventory.Inventory:
    """The city with a budget."""
    document = spec.platform.model_dump(mode="json")
    document["spec"]["organisations"][0]["budget"] = {
        "cpu": cpu,
        "memoryGi": 1000,
        "storageGi": 1000,
        "databaseGi": 1000,
    }
    platform = platforms.Platform.model_validate_json(json.dumps(document))
    return dataclasses.replace(spec, platform=platform, **changed)


def compared(before: list[Any], now: list[Any], *, cpu: int = 64, **changed: Any) -> comparisons.Comparison:
    return comparisons.Comparison(
        before=budgeted(tenant_inventories.inventory_of(*before), cpu),
        now=budgeted(tenant_inventories.inventory_of(*now), cpu, **changed),
    )


def test_every_tenant_is_assessed_where_there_is_nothing_to_compare_with() -> None:
    spec = budgeted(tenant_inventories.inventory_of(support.tenant("finance"), support.tenant("archives")), 64)

    report = assessments.assess(dataclasses.replace(spec, people=PEOPLE))

    assert [one.tenant.metadata.id for one in report.assessments] == ["archives", "finance"]
    first = report.assessments[0]
    assert (first.cost.cpu, first.cost_before, first.change, first.remaining_before) == (2, None, None, None)
    assert first.account.organisation.id == "qinghe-city"
    assert first.account.remaining is not None
    assert first.account.remaining.cpu == 60
    assert [person.id for person in first.approvers] == ["li.na"], "who owns the budget decides, not the tenant's own"


def test_a_change_says_what_it_cost_before_and_what_was_left() -> None:
    grown = support.tenant("finance", environments=[{"name": "prod", "quota": "l"}])
    report = assessments.assess_change(
        compared([support.tenant("finance"), support.tenant("archives")], [grown]), KNOWN
    )

    archives, finance = report.assessments
    assert (archives.cost, archives.cost_before) == (demand.NOTHING, demand.of(support.tenant("archives")))
    assert finance.cost_before is not None
    assert (finance.cost_before.cpu, finance.cost.cpu) == (2, 8)
    assert finance.remaining_before is not None
    assert finance.account.remaining is not None
    assert (finance.remaining_before.cpu, finance.account.remaining.cpu) == (60, 56)
    assert finance.change is not None
    assert not finance.change.automatic


def test_growth_past_the_budget_is_refused_with_level_requested_used_and_limit() -> None:
    grown = support.tenant("finance", environments=[{"name": "prod", "quota": "l"}])

    report = assessments.assess_change(compared([support.tenant("finance")], [grown], cpu=7), KNOWN)

    assert [one.message for one in report.refusals] == [
        "the budget (预算) is too small: cpu: requested 6, used 2, limit 7 at city (市) 清河市人民政府 (qinghe-city)"
    ]


def test_what_is_too_much_already_is_reported_and_not_refused() -> None:
    report = assessments.assess_change(
        compared([support.tenant("finance")], [support.tenant("finance", mlps=3)], cpu=1), KNOWN
    )

    assert report.refusals == ()
    assert [one.grows for one in report.overruns] == [False]


def test_carving_more_than_is_left_is_refused_and_cutting_is_not() -> None:
    spec = budgeted(tenant_inventories.inventory_of(support.tenant("finance")), 64)

    def with_child(cpu: int) -> inventory.Inventory:
        document = spec.platform.model_dump(mode="json")
        own = {"cpu": cpu, "memoryGi": 9, "storageGi": 90, "databaseGi": 9}
        document["spec"]["organisations"][1]["budget"] = own
        return dataclasses.replace(spec, platform=platforms.Platform.model_validate_json(json.dumps(document)))

    carved = comparisons.Comparison(before=with_child(10), now=with_child(65))
    (refusal,) = assessments.assess_change(carved, KNOWN).refusals
    assert "cpu: requested 55, used 10, limit 64 at city" in refusal.message

    cut = comparisons.Comparison(before=with_child(10), now=with_child(1))
    report = assessments.assess_change(cut, KNOWN)
    assert report.refusals == ()
    assert [str(one) for one in report.overruns] == ["cpu: used 2, limit 1 at city (市) 清河市财政局 (finance-bureau)"]


def test_a_freeze_goes_to_a_person_and_so_does_its_end() -> None:
    one = [support.tenant("finance")]
    frozen = compared(one, one, freezes=(support.freeze("finance"),))

    (assessed,) = assessments.assess_change(frozen, KNOWN).assessments
    assert assessed.change is not None
    assert not assessed.change.automatic
    assert assessed.change.reasons == ("a freeze is written or changed (冻结): a person decides.",)

    thawed = comparisons.Comparison(before=frozen.now, now=frozen.before)
    (assessed,) = assessments.assess_change(thawed, KNOWN).assessments
    assert assessed.change is not None
    assert assessed.change.reasons == ("a freeze is ended (解冻): a person decides.",)


def test_a_tenant_whose_organisation_is_gone_as_well_does_not_stop_the_report() -> None:
    comparison = compared([support.tenant("finance")], [])
    spec = comparison.now.platform.spec
    platform = comparison.now.platform.model_copy(
        update={"spec": spec.model_copy(update={"organisations": spec.organisations[:1]})}
    )
    report = assessments.assess_change(
        dataclasses.replace(comparison, now=dataclasses.replace(comparison.now, platform=platform)), KNOWN
    )

    assert report.assessments == ()
    assert [one.message for one in report.refusals] == ["platform.yaml changed together with 'finance'"]


def test_a_thousand_tenants_are_assessed_at_once() -> None:
    before = [support.tenant(f"office-{number:04d}") for number in range(1000)]
    now = [one.model_copy(update={"spec": one.spec.model_copy(update={"mlps": 3})}) for one in before]
    comparison = compared(before, now)

    start = time.process_time()
    report = assessments.assess_change(comparison, KNOWN)

    assert len(report.assessments) == 1000
    assert time.process_time() - start < 1
