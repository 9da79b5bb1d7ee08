"""Who is not enrolled, and how many may leave at once."""

from __future__ import annotations

import dataclasses
import datetime
import json
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import people_changes, people_comparing, people_refusals
from govcloud_cli.model import people, platforms

TODAY = datetime.date(2026, 11, 1)
HERE, THERE = platforms.Side.EXTERNAL, platforms.Side.INTERNAL
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


def test_a_code_alone_is_for_who_has_a_password_already() -> None:
    people_refusals.refuse_code_alone(account(), ["otp", "password"])
    people_refusals.refuse_code_alone(account(origin=DIRECTORY), [])
    with pytest.raises(errors.UsageError, match="no password yet") as caught:
        people_refusals.refuse_code_alone(account(), ["otp"])
    assert "govcloud people enrol li.wei" in str(caught.value.remedy)


@pytest.mark.parametrize("password", [True, False])
@pytest.mark.parametrize("origin", [people_changes.Origin.OWN, DIRECTORY])
def test_a_disabled_account_is_not_enrolled(origin: people_changes.Origin, *, password: bool) -> None:
    with pytest.raises(errors.UsageError, match="is disabled"):
        people_refusals.refuse_enrolment(account(enabled=False, origin=origin), password=password)


NOBODYS = {
    "of the directory and given nothing": dataclasses.replace(
        account("chen.jie", origin=DIRECTORY), groups=frozenset()
    ),
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


def refuse(found: people_changes.Changes, counted: int | None) -> None:
    people_refusals.refuse_mass_leave({HERE: found}, counted)


def staff(number: int, *, leaving: int) -> people_changes.Changes:
    rows: list[dict[str, Any]] = [
        {"person": f"p{index}", "name": f"P{index}", "groups": ["org:lanhe"]} for index in range(number)
    ]
    stay = [{"id": row["person"], "displayName": row["name"], "organisation": "lanhe"} for row in rows[leaving:]]
    return changes(stay, rows)


def rest(number: int, gone: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """`staff` of whom the first `gone` have left."""
    rows = [{"person": f"p{index}", "groups": ["org:lanhe"]} for index in range(gone, number)]
    return [{"id": row["person"], "displayName": row["person"], "organisation": "lanhe"} for row in rows], rows


@pytest.mark.parametrize(("number", "leaving"), [(8, 5), (100, 10), (109, 10)])
def test_a_few_leavers_need_no_counting(number: int, leaving: int) -> None:
    refuse(staff(number, leaving=leaving), None)


@pytest.mark.parametrize(("number", "leaving"), [(8, 6), (8, 8), (100, 11)])
def test_many_leavers_at_once_are_refused_until_somebody_gives_exactly_their_number(number: int, leaving: int) -> None:
    found = staff(number, leaving=leaving)
    with pytest.raises(errors.UsageError, match=f"{leaving} of {number} accounts would be disabled at once") as caught:
        refuse(found, None)
    assert f"--leavers {leaving}" in str(caught.value.remedy)
    refuse(found, leaving)
    for wrong in (leaving - 1, leaving + 1, 0):
        with pytest.raises(errors.UsageError, match=f"{leaving} people would leave"):
            refuse(found, wrong)


def test_who_is_disabled_already_does_not_count_as_a_leaver() -> None:
    rows: list[dict[str, Any]] = [
        {"person": f"p{n}", "enabled": False, "groups": ["org:lanhe", "finance:owners"]} for n in range(50)
    ]
    found = changes([], rows)
    assert (len(found.leaves), found.leavers) == (50, 0)
    refuse(found, None)


def test_the_number_is_that_of_all_sides_together() -> None:
    both = {HERE: staff(8, leaving=6), THERE: staff(9, leaving=2)}
    people_refusals.refuse_mass_leave(both, 8)
    for wrong in (6, 2):
        with pytest.raises(errors.UsageError, match="8 people would leave"):
            people_refusals.refuse_mass_leave(both, wrong)


@pytest.mark.parametrize("counted", [None, 10])
def test_who_was_counted_is_not_counted_again_when_a_side_is_looked_at_again(counted: int | None) -> None:
    known = people_refusals.refuse_mass_leave({HERE: staff(100, leaving=10)}, counted)
    # All of them are shut out by now, so there are 90 accounts; or none of them could be.
    for again in (changes(*rest(100, 10)), staff(100, leaving=10)):
        assert people_refusals.refuse_mass_leave({HERE: again}, counted, before=known) == known


@pytest.mark.parametrize("counted", [None, 10])
def test_who_appears_between_two_looks_is_counted_with_those_of_the_first(counted: int | None) -> None:
    known = people_refusals.refuse_mass_leave({HERE: staff(100, leaving=10)}, counted)
    with pytest.raises(errors.UsageError, match="11"):
        people_refusals.refuse_mass_leave({HERE: staff(100, leaving=11)}, counted, before=known)


def test_a_side_that_does_not_answer_has_nobody_to_count_yet() -> None:
    assert people_refusals.refuse_mass_leave({}, 12) == {}
