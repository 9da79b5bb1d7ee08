from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from govcloud_cli.governance import approvals, requests, usage
from govcloud_cli.governance.requests import State
from govcloud_cli.model import inventory, platforms, tenants
from tests.support import decisions, tenant_inventories

TENANT = decisions.finance()
LARGER = decisions.finance(environments=[{"name": "test", "quota": "l", "expiresOn": "2026-10-01"}])
SMALLER = decisions.finance(environments=[{"name": "test", "quota": "xs", "expiresOn": "2026-10-01"}])
SPEC = decisions.spec(TENANT)
APPROVED = decisions.decided(decisions.asked(TENANT, within=SPEC))


def judge(
    now: tenants.Tenant | None,
    *known: requests.Request,
    last: approvals.Last | None = None,
    within: inventory.Inventory = SPEC,
    **fields: Any,
) -> approvals.Verdict | approvals.Refusal:
    case = approvals.Case(tenant="finance", now=now, last=last, requests=known)
    return approvals.judge(case, decisions.rules(within, **fields))


def refused(*given: Any, **fields: Any) -> str:
    found = judge(*given, **fields)
    assert isinstance(found, approvals.Refusal), found
    return found.why


def granted(*given: Any, **fields: Any) -> approvals.Verdict:
    found = judge(*given, **fields)
    assert isinstance(found, approvals.Verdict), found
    return found


def last(applied: tenants.Tenant | None, *, number: int = 1, decided: tenants.Tenant | None = TENANT) -> approvals.Last:
    return approvals.Last(applied=applied, decided=decided if applied else None, number=number)


def with_person(identifier: str, **fields: Any) -> inventory.Inventory:
    """The small platform, one person's entry otherwise."""
    entries = [{**entry, **fields} if entry["id"] == identifier else entry for entry in decisions.PEOPLE]
    return dataclasses.replace(SPEC, people=decisions.persons(entries))


# -- what is approved


def test_an_approved_request_grants_exactly_what_it_asked_for() -> None:
    verdict = granted(TENANT, APPROVED)
    assert (verdict.now, verdict.decided, verdict.number, verdict.approver) == (TENANT, TENANT, 1, "zhao.min")


def test_a_tenant_as_it_was_last_applied_needs_nobody() -> None:
    verdict = granted(TENANT, last=last(TENANT, number=7))
    assert not verdict.changed
    assert (verdict.number, verdict.decided) == (7, TENANT)


def test_a_file_that_was_changed_after_its_approval_is_not_deployed() -> None:
    why = refused(LARGER, APPROVED)
    assert why.startswith(f"request finance/0001 approved {requests.digest(TENANT)[:19]}, but the file is now sha256:")


def test_nothing_is_deployed_without_a_request() -> None:
    found = judge(TENANT)
    assert isinstance(found, approvals.Refusal)
    assert "no request was submitted" in found.why
    assert found.remedy == "govcloud request submit finance"


@pytest.mark.parametrize("state", [State.REJECTED, State.CANCELLED, State.PENDING])
def test_a_request_that_is_not_approved_grants_nothing(state: State) -> None:
    asked = decisions.asked(TENANT, within=SPEC)
    request = {
        State.PENDING: asked,
        State.REJECTED: decisions.decided(asked, reject="too large"),
        State.CANCELLED: requests.advance(asked, State.CANCELLED, by="chen.jing", at=decisions.LATER),
    }[state]
    assert "finance/0001" in refused(TENANT, request)


def test_all_refusals_come_at_once() -> None:
    purse = tenant_inventories.tenant("purse")
    cases = [
        approvals.Case(tenant=one.metadata.id, now=one, last=None, requests=known)
        for one, known in ((LARGER, (APPROVED,)), (purse, ()))
    ]
    verdicts, refusals = approvals.judge_all(cases, decisions.rules(SPEC))
    assert verdicts == ()
    assert [refusal.tenant for refusal in refusals] == ["finance", "purse"]


# -- rules


def test_a_decrease_is_granted_by_rule_and_what_a_person_decided_stays() -> None:
    verdict = granted(SMALLER, APPROVED)
    assert verdict.why.startswith("by rule: ")
    assert (verdict.now, verdict.decided, verdict.approver) == (SMALLER, TENANT, None)


def test_a_decrease_of_what_is_on_record_is_granted_by_rule() -> None:
    assert granted(SMALLER, last=last(TENANT)).number == 1


def test_growth_without_measured_use_is_a_persons() -> None:
    assert "a person must decide" in refused(LARGER, last=last(TENANT))


def grown() -> tuple[tenants.Tenant, tenants.Tenant, usage.Usage]:
    quota = {"cpu": 4, "memoryGi": 8, "storageGi": 50, "pods": 20, "justification": "needed for the yearly accounts"}
    custom = [{"name": "test", "customQuota": quota, "expiresOn": "2026-10-01"}]
    more = [{"name": "test", "customQuota": {**quota, "cpu": 5}, "expiresOn": "2026-10-01"}]
    busy = usage.Usage(means={"test": {"cpu": 0.9, "memory": 0.9, "storage": 0.9}})
    return decisions.finance(environments=custom), decisions.finance(environments=more), busy


def test_small_steps_of_growth_do_not_add_up_past_what_a_person_decided() -> None:
    base, _, busy = grown()
    quota = base.spec.environments[0].custom_quota
    assert quota is not None

    def cores(cpu: int) -> tenants.Tenant:
        own = base.spec.environments[0].model_copy(update={"custom_quota": quota.model_copy(update={"cpu": cpu})})
        return base.model_copy(update={"spec": base.spec.model_copy(update={"environments": (own,)})})

    assert granted(cores(6), last=last(base, decided=base), usage={"finance": busy}).decided == base
    assert "a person must decide" in refused(cores(8), last=last(cores(6), decided=base), usage={"finance": busy})


def test_who_grew_by_rule_may_change_a_phone_number_when_use_cannot_be_read() -> None:
    base, larger, _ = grown()
    contact = larger.spec.contact.model_copy(update={"phone": "0539-7654321"})
    renamed = larger.model_copy(update={"spec": larger.spec.model_copy(update={"contact": contact})})
    assert "by rule" in granted(renamed, last=last(larger, decided=base)).why


def test_a_rule_grants_nothing_that_waits_for_a_person_or_was_rejected() -> None:
    asked = decisions.asked(SMALLER, within=SPEC, number=2).model_copy(
        update={"state": State.PENDING, "automatic": False}
    )
    assert "waits for a decision" in refused(SMALLER, APPROVED, asked)
    rejected = asked.model_copy(update={"state": State.REJECTED})
    assert "was rejected" in refused(SMALLER, APPROVED, rejected)


def test_a_request_that_calls_itself_automatic_grants_nothing_by_that() -> None:
    forged = decisions.asked(LARGER, within=SPEC, number=2).model_copy(
        update={"state": State.AUTO_APPROVED, "automatic": True, "decided": LARGER}
    )
    assert "AUTO_APPROVED (a person must decide" in refused(LARGER, APPROVED, forged)


def test_anything_in_prod_is_a_persons() -> None:
    prod = decisions.finance(environments=[{"name": "prod", "quota": "m"}])
    less = decisions.finance(environments=[{"name": "prod", "quota": "s"}])
    assert "a person must decide" in refused(less, last=last(prod, decided=prod))


# -- who decides


@pytest.mark.parametrize(
    ("approver", "why"),
    [
        ("sun.tao", "sun.tao does not decide for qinghe-city"),
        ("chen.jing", "chen.jing does not decide for qinghe-city"),
        ("li.na", "li.na is the tenant's owner"),
        ("wang.wei", "wang.wei is the tenant's technical lead"),
        ("no.body", "people.yaml does not know no.body"),
    ],
)
def test_only_an_approver_of_the_budgets_organisation_decides(approver: str, why: str) -> None:
    request = decisions.decided(decisions.asked(TENANT, within=SPEC), by=approver)
    assert why in refused(TENANT, request)


def test_the_requester_never_approves() -> None:
    request = decisions.decided(decisions.asked(TENANT, within=SPEC, by="zhao.min"))
    assert "zhao.min asked for it, and who asks never decides" in refused(TENANT, request)


@pytest.mark.parametrize(
    "accounts",
    [{"os": ["zhaomin"]}, {"git": ["Zhao.Min@qinghe.example"]}],
    ids=["the same log-in name", "the same mail address"],
)
def test_a_second_entry_of_the_same_person_approves_nothing_for_the_first(accounts: dict[str, Any]) -> None:
    within = with_person("chen.jing", accounts=accounts)
    assert "zhao.min asked for it" in refused(TENANT, APPROVED, within=within)


def test_a_second_entry_with_the_same_key_approves_nothing_for_the_first() -> None:
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI0000000000000000000000000000000000000000000"
    entries = [
        {**entry, "keys": [f"{line} {entry['id']}"]} if entry["id"] in {"chen.jing", "zhao.min"} else entry
        for entry in decisions.PEOPLE
    ]
    within = dataclasses.replace(SPEC, people=decisions.persons(entries))
    assert "zhao.min asked for it" in refused(TENANT, APPROVED, within=within)


def test_who_was_the_owner_before_the_change_does_not_approve_it() -> None:
    spec = TENANT.spec.model_copy(update={"owner": "sun.tao"})
    handed_over = TENANT.model_copy(update={"spec": spec})
    request = decisions.asked(handed_over, within=SPEC, number=2, original=TENANT)
    assert "li.na is the tenant's owner" in refused(handed_over, decisions.decided(request, by="li.na"))


def test_the_organisation_that_owns_the_budget_now_is_what_counts() -> None:
    organisations = [dict(one) for one in tenant_inventories.PLATFORM["spec"]["organisations"]]
    organisations[1]["budget"] = {"cpu": 99, "memoryGi": 99, "storageGi": 999, "databaseGi": 99}
    document = {**tenant_inventories.PLATFORM, "spec": {**tenant_inventories.PLATFORM["spec"]}}
    document["spec"]["organisations"] = organisations
    platform = platforms.Platform.model_validate_json(json.dumps(document))
    within = dataclasses.replace(SPEC, platform=platform)
    assert "qinghe-city decided it, but finance-bureau owns the budget" in refused(TENANT, APPROVED, within=within)
    request = decisions.decided(decisions.asked(TENANT, within=within), by="sun.tao")
    assert granted(TENANT, request, within=within).approver == "sun.tao"


def test_a_signature_that_does_not_hold_is_refused_with_its_reason() -> None:
    assert "does not hold: forged" in refused(TENANT, APPROVED, verify=lambda *_: "forged")


# -- another place, another time


@pytest.mark.parametrize("changed", [{"environment": "other"}, {"platform": "elsewhere"}])
def test_an_approval_of_another_environment_or_platform_grants_nothing(changed: dict[str, str]) -> None:
    assert "and this is qinghe/unit" in refused(TENANT, APPROVED.model_copy(update=changed))


def test_an_approval_of_the_other_side_grants_nothing() -> None:
    elsewhere = APPROVED.model_copy(update={"side": platforms.Side.INTERNAL})
    assert "zone service is not on the internal side" in refused(TENANT, elsewhere)


def test_an_older_approval_does_not_come_back_beside_a_newer_request() -> None:
    newer = decisions.decided(decisions.asked(LARGER, within=SPEC, number=2, original=TENANT))
    stands = last(LARGER, number=2, decided=None)
    assert "request finance/0002 approved" in refused(TENANT, APPROVED, newer, last=stands)


@pytest.mark.parametrize("floor", [{}, {"finance": 2}], ids=["by the record", "by the audit log"])
def test_an_older_approval_does_not_come_back_when_newer_files_are_removed(floor: dict[str, int]) -> None:
    older = decisions.decided(decisions.asked(LARGER, within=SPEC))
    why = refused(LARGER, older, last=None if floor else last(TENANT, number=2), floor=floor)
    assert "request finance/0001 is not the newest: 0002 or later was decided already" in why


def test_a_baseline_below_the_floor_makes_nothing_automatic() -> None:
    assert "a person must decide" in refused(SMALLER, APPROVED, floor={"finance": 2})


def test_a_forged_approval_is_no_baseline_for_a_rule() -> None:
    assert "a person must decide" in refused(SMALLER, APPROVED, verify=lambda *_: "forged")


# -- removal


def removal(number: int = 2) -> requests.Request:
    return decisions.asked(TENANT, within=SPEC, number=number, original=TENANT, decommission=True)


def test_a_tenant_is_removed_by_an_approved_request_to_remove_it() -> None:
    verdict = granted(None, APPROVED, decisions.decided(removal()), last=last(TENANT))
    assert (verdict.now, verdict.decided, verdict.number) == (None, None, 2)


def test_a_removal_is_never_decided_by_a_rule() -> None:
    assert removal().state is State.PENDING
    found = judge(None, APPROVED, removal(), last=last(TENANT))
    assert isinstance(found, approvals.Refusal)
    assert found.remedy == "govcloud request submit finance --decommission"


def test_a_tenant_that_was_only_approved_is_not_removed_by_that() -> None:
    assert "is to create it, and its file is gone" in refused(None, APPROVED, last=last(TENANT))


def test_a_tenant_that_was_to_be_removed_is_not_changed_by_that() -> None:
    approved = decisions.decided(removal())
    assert "is to remove it, and its file is there" in refused(TENANT, approved, last=last(LARGER))


def test_a_removal_of_something_else_than_what_stands_is_refused() -> None:
    why = refused(None, decisions.decided(removal()), last=last(LARGER))
    assert "but what is deployed is now" in why


def test_what_is_made_anew_after_a_removal_is_a_persons() -> None:
    gone = last(None, number=2)
    assert "a person must decide" in refused(TENANT, APPROVED, decisions.decided(removal()), last=gone)
    anew = decisions.decided(decisions.asked(TENANT, within=SPEC, number=3))
    assert granted(TENANT, APPROVED, decisions.decided(removal()), anew, last=gone).number == 3
