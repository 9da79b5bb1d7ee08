"""Joiner, mover, leaver: each case is a file of `tests/cases/governance/people`."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
from typing import Any

import pytest
import yaml

from govcloud_cli.governance import people_changes, people_comparing
from govcloud_cli.model import people, tenants

CASES = {
    path.stem: path
    for path in sorted((pathlib.Path(__file__).parents[1] / "cases" / "governance" / "people").glob("*.yaml"))
}
TODAY = datetime.date(2026, 11, 1)
OFFERED = (
    *("org:lanhe", "org:tax", "finance:owners", "finance:maintainers", "finance:viewers", "office:owners"),
    *people.DUTY_GROUPS.values(),
)


def tenant(name: str, databases: list[dict[str, Any]]) -> tenants.Tenant:
    roles = {"owners": "owner", "maintainers": "maintainer", "viewers": "viewer"}
    document = {
        "apiVersion": "govcloud/v1",
        "kind": "TenantRequest",
        "metadata": {"id": name, "displayName": name},
        "spec": {
            "organisation": "lanhe",
            "zone": "external",
            "dataClass": "general",
            "mlps": 2,
            "owner": "li.na",
            "technicalLead": "wang.wei",
            "contact": {"mailbox": "it@office.example", "phone": "0990-5551234"},
            "environments": [{"name": "prod", "quota": "s", "databases": databases}],
            "members": [{"group": f"{name}:{group}", "role": role} for group, role in roles.items()],
        },
    }
    return tenants.Tenant.model_validate_json(json.dumps(document))


TENANTS = (tenant("finance", [{"id": "ledger", "tier": "shared"}]), tenant("office", []))


def person(row: dict[str, Any]) -> people.Person:
    return people.Person.model_validate_json(json.dumps(row, default=str))


def account(row: dict[str, Any]) -> people_changes.Account:
    found = {"id": f"id-{row['person']}", "name": "", "enabled": True, **row}
    found["groups"] = frozenset(found.get("groups", ()))
    found["origin"] = people_changes.Origin(found.get("origin", "own"))
    return people_changes.Account(**found)


def changes(known: list[dict[str, Any]], accounts: list[dict[str, Any]]) -> people_changes.Changes:
    return people_comparing.changes(
        [person(row) for row in known],
        [account(row) for row in accounts],
        offered=OFFERED,
        everyone=TENANTS,
        today=TODAY,
    )


def told(found: tuple[Any, ...]) -> list[dict[str, Any]]:
    """What of changes is not as it is if nobody says so."""
    rows = []
    for one in found:
        fields = {field.name: field.default for field in dataclasses.fields(one)}
        row = {name: getattr(one, name) for name in fields if name != "account" and getattr(one, name) != fields[name]}
        rows.append({name: list(value) if isinstance(value, tuple) else value for name, value in row.items()})
    return rows


@pytest.mark.parametrize("name", CASES)
def test_people_and_accounts_come_to_these_changes(name: str) -> None:
    case = yaml.safe_load(CASES[name].read_text(encoding="utf-8"))
    found = changes(case.get("known", []), case.get("accounts", []))
    seen = {"leave": found.leaves, "move": found.moves, "return": found.returns, "join": found.joins}
    assert {kind: told(those) for kind, those in seen.items()} == {kind: case.get(kind, []) for kind in seen}
    assert {name: list(those) for name, those in found.missing.items()} == case.get("missing", {})


def test_leavers_go_before_everybody_else() -> None:
    known = [
        {"id": "new", "displayName": "N", "organisation": "lanhe"},
        {"id": "moves", "displayName": "M", "organisation": "tax"},
        {"id": "back", "displayName": "B", "organisation": "tax"},
    ]
    accounts: list[dict[str, Any]] = [
        {"person": "moves", "name": "M", "groups": ["org:lanhe"]},
        {"person": "back", "name": "B", "groups": ["org:tax"], "enabled": False},
        {"person": "gone", "name": "G", "groups": ["org:tax"]},
    ]
    assert [one.person for one in changes(known, accounts)] == ["gone", "moves", "back", "new"]


def test_whoever_could_read_an_applications_secret_knew_it() -> None:
    spec = TENANTS[1].spec
    applications = [{"id": "desk", "environment": "prod", "redirectUris": ["https://desk.example/back"]}]
    document = json.loads(TENANTS[1].model_dump_json(by_alias=True))
    document["spec"]["applications"] = applications
    with_application = tenants.Tenant.model_validate_json(json.dumps(document))
    assert not spec.applications
    assert people_comparing.readable([TENANTS[1]], {"office:owners"}) == ()
    assert people_comparing.readable([with_application], {"office:owners"}) == ("office",)
    assert people_comparing.readable([with_application], {"office:viewers"}) == ()


def without(one: tenants.Tenant, group: str) -> tenants.Tenant:
    """`one`, with what `group` was gone from its members."""
    kept = tuple(member for member in one.spec.members if member.group != group)
    return one.model_copy(update={"spec": one.spec.model_copy(update={"members": kept})})


def test_a_tenant_whose_file_takes_readers_away_is_owed_other_secrets() -> None:
    finance, office = TENANTS
    assert people_comparing.withdrawn(TENANTS, [without(finance, "finance:maintainers"), office]) == ("finance",)
    members = [m.model_copy(update={"role": tenants.Role.VIEWER}) for m in finance.spec.members]
    demoted = finance.model_copy(update={"spec": finance.spec.model_copy(update={"members": tuple(members)})})
    assert people_comparing.withdrawn(TENANTS, [demoted, office]) == ("finance",)


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(TENANTS, id="nothing changed"),
        pytest.param((TENANTS[1],), id="the tenant is gone, and its databases with it"),
        pytest.param((without(TENANTS[0], "finance:viewers"), TENANTS[1]), id="viewers read no secrets"),
        pytest.param((TENANTS[0], without(TENANTS[1], "office:owners")), id="it has no secrets"),
    ],
)
def test_otherwise_nothing_is_owed(wanted: tuple[tenants.Tenant, ...]) -> None:
    assert people_comparing.withdrawn(TENANTS, wanted) == ()
    assert people_comparing.withdrawn((without(TENANTS[0], "finance:owners"), TENANTS[1]), TENANTS) == ()


def test_who_leaves_or_moves_knew_what_is_applied_whatever_the_file_says_by_now() -> None:
    wanted = (without(TENANTS[0], "finance:maintainers"), TENANTS[1])
    known = [person({"id": "moves", "displayName": "M", "organisation": "lanhe"})]
    found = people_comparing.changes(
        known,
        [
            account({"person": "gone", "name": "G", "groups": ["org:lanhe", "finance:maintainers"]}),
            account({"person": "moves", "name": "M", "groups": ["org:lanhe", "finance:maintainers"]}),
        ],
        offered=OFFERED,
        everyone=wanted,
        applied=TENANTS,
        today=TODAY,
    )
    assert [found.leaves[0].rotate, found.moves[0].rotate] == [("finance",), ("finance",)]
