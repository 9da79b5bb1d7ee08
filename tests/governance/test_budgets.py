"""Budgets in the tree of government: each case is a file of `tests/cases/governance/budgets`."""

from __future__ import annotations

import json
import pathlib
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.governance import budgets, demand
from govcloud_cli.model import platforms

ROOT = pathlib.Path(__file__).parents[1] / "cases" / "governance"
CASES = {path.stem: path for path in sorted((ROOT / "budgets").glob("*.yaml"))}
Tree = tuple[platforms.Organisation, ...]
EMPTY = {"cpu": 0, "memoryGi": 0, "storageGi": 0, "databaseGi": 0}


def tree(own: dict[str, dict[str, int] | None]) -> Tree:
    """The four levels of `tree.yaml`, with some budgets of a case's own."""
    entries = yaml.safe_load((ROOT / "tree.yaml").read_text(encoding="utf-8"))
    for entry in entries:
        if entry["id"] in own:
            entry.pop("budget", None)
            wanted = own[entry["id"]]
            if wanted is not None:
                entry["budget"] = EMPTY | wanted
    return tuple(platforms.Organisation.model_validate_json(json.dumps(entry)) for entry in entries)


def claims(of: dict[str, Any]) -> dict[str, budgets.Claim]:
    return {
        name: budgets.Claim(organisation=organisation, demand=demand.Demand(**amounts))
        for name, (organisation, amounts) in of.items()
    }


@pytest.mark.parametrize("name", CASES)
def test_a_case_comes_out_as_it_says(name: str) -> None:
    case = yaml.safe_load(CASES[name].read_text(encoding="utf-8"))
    now_tree, now = tree(case.get("budgets", {})), claims(case["now"])

    found = budgets.overruns(
        now_tree,
        before=claims(case.get("before", {})),
        now=now,
        earlier=tree(case["earlier"]) if "earlier" in case else None,
    )

    assert [str(one) for one in found if one.grows] == case.get("overruns", []), "what is refused"
    assert [str(one) for one in found if not one.grows] == case.get("reported", []), "what is only reported"
    if "remaining" in case:
        left = {one.organisation.id: one.remaining for one in budgets.accounts(now_tree, now)}
        assert left == {
            name: None if amounts is None else demand.Demand(**amounts) for name, amounts in case["remaining"].items()
        }


def test_approval_goes_to_the_nearest_level_that_declares_a_budget() -> None:
    levels = tree({"shuoyang": {"cpu": 1}})

    assert budgets.owner("qingtan-office", levels) == "shuoyang"
    assert budgets.owner("shuoyang", levels) == "shuoyang"
    assert budgets.owner("lanhe-tax", levels) == "nation"
    assert budgets.owner("nowhere", levels) is None


def test_without_any_budget_the_root_decides() -> None:
    assert budgets.owner("qingtan-office", tree({"nation": None})) == "nation"


def test_a_tenant_of_an_organisation_that_is_gone_counts_nowhere() -> None:
    before = claims({"office": ["dissolved", {"cpu": 500}]})

    assert budgets.overruns(tree({}), before=before, now={}) == ()


def test_every_level_has_a_name_in_both_languages() -> None:
    assert set(budgets.LEVELS) == set(platforms.Level)


def test_claims_are_what_tenants_ask_for() -> None:
    from tests.support import tenant_inventories

    finance = tenant_inventories.tenant("finance")

    assert budgets.claims([finance]) == {
        "finance": budgets.Claim(organisation="finance-bureau", demand=demand.of(finance))
    }


PARENTS = {"nation": None, "lanhe": "nation", "shuoyang": "lanhe", "qingtan": "shuoyang", "lanhe-tax": "lanhe"}
amounts = st.integers(min_value=0, max_value=40)
declared = st.dictionaries(st.sampled_from(sorted(PARENTS)), st.fixed_dictionaries({"cpu": amounts}), max_size=5)
held = st.dictionaries(
    st.sampled_from([f"tenant-{number}" for number in range(8)]),
    st.tuples(st.sampled_from([*PARENTS, "qingtan-office"]), st.fixed_dictionaries({"cpu": amounts})),
)


@given(declared, held)
def test_where_no_overrun_is_reported_the_leaves_together_stay_within_every_limit(
    own: dict[str, dict[str, int] | None], wanted: dict[str, Any]
) -> None:
    levels, now = tree(own), claims(wanted)
    if budgets.overruns(levels, before={}, now=now):
        return
    for account in budgets.accounts(levels, now):
        if account.limit is not None:
            assert account.below.cpu <= account.limit.cpu
    assert sum(one.demand.cpu for one in now.values()) <= 100 or own.get("nation")


@given(declared, held, held)
def test_what_grows_in_a_budget_that_is_too_small_is_never_let_through(
    own: dict[str, dict[str, int] | None], was: dict[str, Any], wanted: dict[str, Any]
) -> None:
    levels, before, now = tree(own), claims(was), claims(wanted)
    if any(one.grows for one in budgets.overruns(levels, before=before, now=now)):
        return
    old = {one.organisation.id: one for one in budgets.accounts(levels, before)}
    for account in budgets.accounts(levels, now):
        before_it = old[account.organisation.id]
        if account.limit is not None and account.committed.cpu > account.limit.cpu:
            assert account.below.cpu <= max(account.limit.cpu, before_it.below.cpu)
            assert account.used.cpu <= before_it.used.cpu


@given(declared, held)
def test_every_claim_is_in_exactly_one_account(own: dict[str, dict[str, int] | None], wanted: dict[str, Any]) -> None:
    levels, now = tree(own), claims(wanted)

    found = budgets.accounts(levels, now)

    assert demand.total(one.used for one in found) == demand.total(one.demand for one in now.values())


def test_a_thousand_tenants_are_accounted_at_once() -> None:
    levels = tree({"shuoyang": {"cpu": 50}})
    many = claims({f"tenant-{number}": ["qingtan-office", {"cpu": 1}] for number in range(1000)})

    start = time.process_time()
    budgets.overruns(levels, before={}, now=many)

    assert time.process_time() - start < 0.5
