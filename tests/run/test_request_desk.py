from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import approvals, drafts, requests
from govcloud_cli.governance.requests import Source, State
from govcloud_cli.model import platforms, tenants
from govcloud_cli.run import identity, request_desk, request_files, request_standing, signing
from tests.support import decisions

TENANT = decisions.finance()
LARGER = decisions.finance(environments=[{"name": "test", "quota": "l", "expiresOn": "2026-10-01"}])
SMALLER = decisions.finance(environments=[{"name": "test", "quota": "xs", "expiresOn": "2026-10-01"}])


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "inventories" / "unit"


def desk(folder: pathlib.Path, *wanted: tenants.Tenant, **fields: Any) -> request_desk.Desk:
    spec = dataclasses.replace(decisions.spec(*(wanted or (TENANT,)), keys=True), **fields)
    return request_desk.Desk(site=decisions.site(spec, folder.parents[1]), folder=folder, now=decisions.NOW)


def who(person: str = "chen.jing") -> identity.Identity:
    found = next(one for one in decisions.persons() if one.id == person)
    return identity.Identity(person=found, source=Source.GIT)


def submit(
    at: request_desk.Desk, *, by: str = "chen.jing", decommission: bool = False, comment: str | None = None
) -> requests.Request:
    return request_desk.submit(at, "finance", who=who(by), decommission=decommission, comment=comment)


def decide(
    at: request_desk.Desk, *, by: str = "zhao.min", reason: str | None = None, approve: bool = True, **fields: Any
) -> requests.Request:
    key = signing.find_key(at.site.spec.people, decisions.key(by), {})
    return request_desk.decide(at, "finance", key=key, reason=reason, terminal=False, approve=approve, **fields)


def stored(folder: pathlib.Path) -> requests.Request:
    return request_files.load(folder)[-1]


# -- submit


def test_a_first_request_creates_and_waits_for_a_person(folder: pathlib.Path) -> None:
    made = submit(desk(folder), comment="for the yearly accounts")
    assert (made.name, made.state, made.change) == ("finance/0001", State.PENDING, requests.Kind.CREATE)
    assert made.after is not None
    assert made.after.cpu == 2
    assert stored(folder) == made


def test_a_second_request_is_refused_and_names_the_first(folder: pathlib.Path) -> None:
    submit(desk(folder))
    with pytest.raises(errors.UsageError, match=r"request finance/0001 of chen\.jing waits already"):
        submit(desk(folder, LARGER))


def test_nothing_to_ask_for_is_refused(folder: pathlib.Path) -> None:
    submit(desk(folder))
    decide(desk(folder))
    with pytest.raises(errors.UsageError, match="nothing to ask for: finance is exactly what was last approved"):
        submit(desk(folder))


def test_a_decrease_is_approved_by_rule_once(folder: pathlib.Path) -> None:
    submit(desk(folder))
    decide(desk(folder))
    made = submit(desk(folder, SMALLER))
    assert (made.number, made.state, made.decided, made.original) == (2, State.AUTO_APPROVED, SMALLER, TENANT)
    with pytest.raises(errors.UsageError, match="finance/0002 was approved by rule for exactly this"):
        submit(desk(folder, SMALLER))


def test_more_than_the_budget_has_is_refused_with_level_and_limit(folder: pathlib.Path) -> None:
    platform = desk(folder).site.spec.platform
    budget = platforms.Budget(cpu=1, memory_gi=99, storage_gi=999, database_gi=9)
    organisations = tuple(
        one.model_copy(update={"budget": budget}) if one.parent is None else one for one in platform.spec.organisations
    )
    changed = platform.model_copy(update={"spec": platform.spec.model_copy(update={"organisations": organisations})})
    with pytest.raises(errors.PolicyDeniedError, match="the budget") as refusal:
        submit(desk(folder, platform=changed))
    assert "limit 1 at city (市)" in str(refusal.value.cause)
    assert not (folder / "requests" / "finance" / "0001.json").exists()


@pytest.mark.parametrize("comment", ["", "two\nlines", "\u202egnirts", "x" * 1001, "\x1b[31m", "\udcff"])
def test_a_comment_that_could_deceive_a_reader_is_refused(comment: str, folder: pathlib.Path) -> None:
    with pytest.raises(errors.UsageError, match="cannot be kept"):
        submit(desk(folder), comment=comment)


@pytest.mark.parametrize("name", ["fiance", "../../etc", "finance/../purse", ""])
def test_a_tenant_that_is_not_there_is_refused(name: str, folder: pathlib.Path) -> None:
    for call in (
        lambda: request_desk.submit(desk(folder), name, who=who(), decommission=False, comment=None),
        lambda: request_desk.cancel(desk(folder), name, who=who()),
        lambda: request_standing.standing(desk(folder), name),
    ):
        with pytest.raises(errors.UsageError):
            call()
    assert not folder.exists(), "nothing is made for a name that is none"


# -- decide


def test_an_approval_is_signed_and_kept(folder: pathlib.Path) -> None:
    submit(desk(folder))
    made = decide(desk(folder), reason="as agreed")
    assert (made.state, made.decided) == (State.APPROVED, TENANT)
    assert stored(folder) == made
    with desk(folder).rules() as rules:
        assert approvals.decision_fault(made, rules) is None


def test_a_rejection_is_signed_with_its_reason(folder: pathlib.Path) -> None:
    submit(desk(folder))
    made = decide(desk(folder), approve=False, reason="ask again after the audit")
    assert (made.state, made.history[-1].reason) == (State.REJECTED, "ask again after the audit")
    with desk(folder).rules() as rules:
        assert approvals.decision_fault(made, rules) is None


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("chen.jing", "does not decide for qinghe-city"),
        ("sun.tao", "does not decide for qinghe-city"),
        ("li.na", "is the tenant's owner"),
        ("wang.wei", "is the tenant's technical lead"),
    ],
)
@pytest.mark.parametrize("approve", [True, False])
def test_who_may_not_decide_is_refused_before_signing(by: str, why: str, approve: bool, folder: pathlib.Path) -> None:
    before = submit(desk(folder))
    with pytest.raises(errors.PolicyDeniedError, match=why) as refusal:
        decide(desk(folder), by=by, approve=approve, reason="so")
    assert refusal.value.remedy == "ask: 赵敏 (zhao.min)"
    assert stored(folder) == before


def test_the_requester_does_not_approve_with_their_own_key(folder: pathlib.Path) -> None:
    submit(desk(folder), by="zhao.min")
    with pytest.raises(errors.PolicyDeniedError, match="asked for it, and who asks never decides"):
        decide(desk(folder))


def test_a_second_approval_finds_nothing_that_waits(folder: pathlib.Path) -> None:
    submit(desk(folder))
    decide(desk(folder))
    with pytest.raises(errors.UsageError, match=r"no request of finance waits .*: finance/0001 is APPROVED"):
        decide(desk(folder))


def test_a_file_that_changed_since_it_was_submitted_is_not_approved(folder: pathlib.Path) -> None:
    submit(desk(folder))
    with pytest.raises(errors.PolicyDeniedError, match="no longer what finance/0001 asks for"):
        decide(desk(folder, LARGER))


def test_a_request_that_changes_while_the_approver_reads_it_is_not_signed_over(folder: pathlib.Path) -> None:
    made = submit(desk(folder))
    other = made.model_copy(update={"reasons": ("nothing of importance",)})
    with pytest.raises(errors.UsageError, match="was changed meanwhile"):
        decide(desk(folder), shown=lambda *_: request_files.save(folder, other))
    assert stored(folder) == other


@pytest.mark.parametrize(
    "claim",
    [
        {"after": requests.Cost(cpu=0, memory_gi=0, storage_gi=0, database_gi=0, pods=0, connections=0)},
        {"organisation": "finance-bureau"},
        {"level": platforms.Level.COUNTY},
        {"original": LARGER, "change": requests.Kind.CHANGE},
    ],
    ids=["cost", "organisation", "level", "original"],
)
def test_a_request_that_claims_what_is_not_so_is_not_approved(claim: dict[str, Any], folder: pathlib.Path) -> None:
    made = submit(desk(folder))
    request_files.save(folder, made.model_copy(update=claim))
    with pytest.raises(errors.PolicyDeniedError, match="is not what it would be if it were submitted now"):
        decide(desk(folder))
    assert request_desk.cancel(desk(folder), "finance", who=who()).state is State.CANCELLED


def test_the_approver_sees_the_reasons_that_hold_now(folder: pathlib.Path) -> None:
    made = submit(desk(folder))
    request_files.save(folder, made.model_copy(update={"reasons": ("only a phone number",)}))
    seen: list[tuple[str, ...]] = []
    decide(desk(folder), shown=lambda _, change: seen.append(change.reasons))
    assert "added" in seen[0][0]


def test_a_request_of_another_environment_is_not_decided(folder: pathlib.Path) -> None:
    made = submit(desk(folder))
    request_files.save(folder, made.model_copy(update={"environment": "prod"}))
    with pytest.raises(errors.PolicyDeniedError, match="it is for qinghe/prod"):
        decide(desk(folder))


def test_the_approver_sees_every_field_that_changes() -> None:
    moved = decisions.finance(mlps=3, members=[{"group": "finance:staff", "role": "owner"}])
    made = decisions.asked(moved, within=decisions.spec(moved), number=2, original=TENANT)
    assert drafts.changed_fields(made) == (
        ("spec.members[0].group", "finance:owners", "finance:staff"),
        ("spec.mlps", "2", "3"),
    )


# -- cancel


@pytest.mark.parametrize("by", ["chen.jing", "li.na"])
def test_the_requester_and_the_owner_may_withdraw(by: str, folder: pathlib.Path) -> None:
    submit(desk(folder))
    assert request_desk.cancel(desk(folder), "finance", who=who(by)).state is State.CANCELLED
    assert submit(desk(folder)).number == 2, "and then ask again"


@pytest.mark.parametrize("by", ["wang.wei", "sun.tao", "zhao.min"])
def test_nobody_else_may_withdraw(by: str, folder: pathlib.Path) -> None:
    submit(desk(folder))
    with pytest.raises(errors.PolicyDeniedError, match="did not ask for finance/0001"):
        request_desk.cancel(desk(folder), "finance", who=who(by))


# -- removal, and where things stand


def test_a_removal_goes_the_same_way(folder: pathlib.Path) -> None:
    submit(desk(folder))
    decide(desk(folder))
    made = submit(desk(folder), decommission=True)
    assert (made.change, made.state, made.after) == (requests.Kind.DECOMMISSION, State.PENDING, None)
    assert decide(desk(folder)).state is State.APPROVED


def test_an_approved_removal_is_taken_back_by_a_new_request_of_a_person(folder: pathlib.Path) -> None:
    submit(desk(folder))
    decide(desk(folder))
    submit(desk(folder), decommission=True)
    decide(desk(folder))
    made = submit(desk(folder))
    assert (made.number, made.state) == (3, State.PENDING)


def test_it_is_told_where_every_request_stands(folder: pathlib.Path) -> None:
    submit(desk(folder))
    decide(desk(folder))
    submit(desk(folder, LARGER))
    first, second = request_standing.standing(desk(folder, LARGER), None)
    assert (first.newest, first.refusal) == (False, None)
    assert (second.newest, second.refusal) == (True, "request finance/0002 waits for a decision")
    (only,) = request_standing.standing(desk(folder), "finance")[1:]
    assert only.state is State.PENDING
