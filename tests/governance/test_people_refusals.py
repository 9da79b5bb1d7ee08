"""Who is not enrolled, and how many may leave at once."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import people_changes, people_comparing, people_refusals
from govcloud_cli.model import people

TODAY = datetime.date(2026, 11, 1)
DIRECTORY = people_changes.Origin.DIRECTORY


def account(person: str = "li.wei", *groups: str, **fields: Any) -> people_changes.Account:
    found = {"id": f"id-{person}", "name": person, "enabled": True, "groups": frozenset(groups or ("org:lanhe",))}
    return people_changes.Account(person=person, **{**found, **fields})


@pytest.mark.parametrize("password", [True, False])
def test_a_persons_own_account_is_enrolled_with_a_password_and_without(password: bool) -> None:
    people_refusals.refuse_enrolment(account(), password=password)


def test_who_has_the_password_in_the_directory_gets_a_code_alone() -> None:
    people_refusals.refuse_enrolment(account(origin=DIRECTORY), password=False)
    with pytest.raises(errors.UsageError, match="the staff directory, which has the password") as caught:
        people_refusals.refuse_enrolment(account(origin=DIRECTORY), password=True)
    assert "--code-only" in str(caught.value.remedy)


@pytest.mark.parametrize("password", [True, False])
@pytest.mark.parametrize("origin", [people_changes.Origin.OWN, DIRECTORY])
def test_a_disabled_account_is_not_enrolled(origin: people_changes.Origin, *, password: bool) -> None:
    with pytest.raises(errors.UsageError, match="is disabled"):
        people_refusals.refuse_enrolment(account(enabled=False, origin=origin), password=password)


NOBODYS = {
    "of the directory and given nothing": account("chen.jie", "staff", origin=DIRECTORY),
    "a program's": account("service-account-govcloud-engine", origin=people_changes.Origin.SERVICE),
    "the sealed one": account("break-glass"),
    "a probe's": account("govcloud-probe-1"),
}


@pytest.mark.parametrize("password", [True, False])
@pytest.mark.parametrize("name", NOBODYS)
def test_an_account_that_is_no_persons_is_not_enrolled(name: str, *, password: bool) -> None:
    with pytest.raises(errors.UsageError, match="is not one that"):
        people_refusals.refuse_enrolment(NOBODYS[name], password=password)


def changes(known: list[dict[str, Any]], rows: list[dict[str, Any]]) -> people_changes.Changes:
    return people_comparing.changes(
        [people.Person.model_validate_json(json.dumps(row)) for row in known],
        [account(row["person"], *row["groups"], enabled=row.get("enabled", True)) for row in rows],
        offered=("org:lanhe", "finance:owners"),
        everyone=(),
        today=TODAY,
    )


def staff(number: int, *, leaving: int) -> people_changes.Changes:
    rows: list[dict[str, Any]] = [
        {"person": f"p{index}", "name": f"P{index}", "groups": ["org:lanhe"]} for index in range(number)
    ]
    stay = [{"id": row["person"], "displayName": row["name"], "organisation": "lanhe"} for row in rows[leaving:]]
    return changes(stay, rows)


@pytest.mark.parametrize(("number", "leaving"), [(8, 5), (100, 10), (109, 10)])
def test_a_few_leavers_need_no_counting(number: int, leaving: int) -> None:
    people_refusals.refuse_mass_leave(staff(number, leaving=leaving), None)


@pytest.mark.parametrize(("number", "leaving"), [(8, 6), (8, 8), (100, 11)])
def test_many_leavers_at_once_are_refused_until_somebody_gives_exactly_their_number(number: int, leaving: int) -> None:
    found = staff(number, leaving=leaving)
    with pytest.raises(errors.UsageError, match=f"{leaving} of {number} accounts would be disabled at once") as caught:
        people_refusals.refuse_mass_leave(found, None)
    assert f"--leavers {leaving}" in str(caught.value.remedy)
    people_refusals.refuse_mass_leave(found, leaving)
    for wrong in (leaving - 1, leaving + 1, 0):
        with pytest.raises(errors.UsageError, match=f"{leaving} people would leave"):
            people_refusals.refuse_mass_leave(found, wrong)


def test_who_is_disabled_already_does_not_count_as_a_leaver() -> None:
    rows: list[dict[str, Any]] = [
        {"person": f"p{n}", "enabled": False, "groups": ["org:lanhe", "finance:owners"]} for n in range(50)
    ]
    found = changes([], rows)
    assert (len(found.leaves), found.leavers) == (50, 0)
    people_refusals.refuse_mass_leave(found, None)
