"""What in a server's catalogue is said to be otherwise than planned; each case is a few lines of YAML."""

from __future__ import annotations

import pathlib
from typing import Any, Final

import pytest
import yaml

from govcloud_cli.plan import databases as plans
from govcloud_cli.providers.postgresql import catalog, scram
from govcloud_cli.run.inspection import postgresql

_CASES = pathlib.Path(__file__).parents[2] / "cases" / "drift" / "databases.yaml"
CASES = [pytest.param(case, id=case["says"]) for case in yaml.safe_load(_CASES.read_text(encoding="utf-8"))]
MASTER: Final = b"m" * 32
FLAGS: Final = ("login", "superuser", "create database", "create role", "inherit", "replication", "bypass row security")


def plan(name: str, **fields: Any) -> dict[str, Any]:
    roles = {role: f"{name}_{role}" for role in ("owner", "rw", "ro", "access")}
    wanted = {"database": name, "connections": 5, "connection_limit": 8, "extensions": ["citext"], "frozen": False}
    wanted["generation"] = 1
    return {**wanted, **roles, **fields}


PLANS: Final = [plan("finance_prod_a"), plan("other_prod_a")]


def as_planned(planned: list[dict[str, Any]]) -> dict[str, Any]:
    """The catalogue as plain values."""
    found: dict[str, Any] = {"roles": {}, "memberships": {}, "databases": {}, "inside": {}}
    for one in planned:
        owner, rw, ro, access = (one[name] for name in ("owner", "rw", "ro", "access"))
        for role in (owner, rw, ro, access):
            user = role in (rw, ro)
            flags = {flag: flag == "inherit" or (flag == "login" and user and not one["frozen"]) for flag in FLAGS}
            found["roles"][role] = {
                "attributes": flags,
                "connections": 5 if user else -1,
                "valid_until": "infinity",
            }
        pairs = {f"{access}/{rw}": False, f"{access}/{ro}": False, f"{owner}/{plans.ADMIN_ROLE}": False}
        found["memberships"] |= pairs
        found["databases"][one["database"]] = {
            "owner": owner,
            "connections": 8,
            "allows_connections": True,
            "is_template": False,
            "grants": {
                owner: ["CONNECT", "CREATE", "TEMPORARY"],
                plans.POOLER_ROLE: ["CONNECT"],
                access: ["CONNECT"],
                rw: ["TEMPORARY"],
                plans.ADMIN_ROLE: ["CONNECT"],
            },
        }
        tables, sequences = ["DELETE", "INSERT", "SELECT", "UPDATE"], ["SELECT", "UPDATE", "USAGE"]
        found["inside"][one["database"]] = {
            "schema": {
                "pg_database_owner": ["CREATE", "USAGE"],
                owner: ["CREATE", "USAGE"],
                rw: ["CREATE", "USAGE"],
                ro: ["USAGE"],
            },
            "defaults": {
                f"{owner}/table": {rw: tables, ro: ["SELECT"]},
                f"{owner}/sequence": {rw: sequences, ro: ["SELECT"]},
                f"{rw}/table": {ro: ["SELECT"]},
                f"{rw}/sequence": {ro: ["SELECT"]},
            },
            "extensions": {"citext": "public", "plpgsql": "pg_catalog"},
        }
    return found


def changed(values: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for name in above:
        values = values[name]
    if value is None:
        del values[last]
    else:
        values[last] = value


def catalog_of(values: dict[str, Any], verifiers: dict[str, str | None] | None = None) -> catalog.Catalog:
    def grants(found: dict[str, Any]) -> dict[str, tuple[str, ...]]:
        return {name: tuple(words) for name, words in found.items()}

    def pair(text: str) -> tuple[str, str]:
        first, _, second = text.partition("/")
        return first, second

    return catalog.Catalog(
        roles={name: catalog.Role(**role) for name, role in values["roles"].items()},
        memberships={pair(text): admin for text, admin in values["memberships"].items()},
        databases={
            name: catalog.Database(**{**one, "grants": grants(one["grants"])})
            for name, one in values["databases"].items()
        },
        verifiers=verifiers,
        inside={
            name: catalog.Inside(
                schema=grants(one["schema"]),
                defaults={pair(text): grants(found) for text, found in one["defaults"].items()},
                extensions=one["extensions"],
            )
            for name, one in values["inside"].items()
        },
        unread={},
    )


def told(found: list[dict[str, Any]]) -> list[list[Any]]:
    fields = ("subject", "what", "field", "expected", "found")
    plain = [[finding.get(name, "" if name == "field" else None) for name in fields] for finding in found]
    return [[list(value) if isinstance(value, tuple) else value for value in row] for row in plain]


@pytest.mark.parametrize("case", CASES)
def test_what_differs_is_told_once_and_who_takes_it_back(case: dict[str, Any]) -> None:
    values = as_planned(PLANS)
    for path, value in case.get("change", {}).items():
        changed(values, path, value)
    found = list(postgresql.compare(PLANS, catalog_of(values)))
    assert told(found) == case.get("told", [])
    assert [finding["mend"]["kind"] for finding in found if "mend" in finding] == case.get("mend", [])
    assert {finding["database"] for finding in found} <= {"finance_prod_a", "other_prod_a"}


def test_a_frozen_tenants_roles_do_not_sign_in() -> None:
    planned = [plan("finance_prod_a", frozen=True)]
    assert list(postgresql.compare(planned, catalog_of(as_planned(planned)))) == []
    values = as_planned([plan("finance_prod_a")])
    fields = [(finding["subject"], finding["field"]) for finding in postgresql.compare(planned, catalog_of(values))]
    assert fields == [("Role/finance_prod_a_rw", "login"), ("Role/finance_prod_a_ro", "login")]


def test_a_database_that_could_not_be_entered_is_not_said_to_differ_inside() -> None:
    values = as_planned(PLANS)
    del values["inside"]["finance_prod_a"]
    assert list(postgresql.compare(PLANS, catalog_of(values))) == []


VERIFIER: Final = "SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$aaaa:bbbb"


def test_a_stored_verifier_that_no_password_of_ours_gives_is_told_without_any_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scram, "matches", lambda _, stored: stored == "good")
    roles = [one[name] for one in PLANS for name in ("rw", "ro")]
    verifiers: dict[str, str | None] = {role: "bad" if role == "finance_prod_a_rw" else "good" for role in roles}
    found, seals = postgresql.passwords(PLANS, catalog_of(as_planned(PLANS), verifiers), master=MASTER, verified={})
    (finding,) = found
    assert finding == {
        "database": "finance_prod_a",
        "subject": "Role/finance_prod_a_rw",
        "what": "changed",
        "field": "password",
        "withheld": True,
    }
    assert set(seals) == set(roles) - {"finance_prod_a_rw"}


def test_a_verifier_that_was_worked_out_before_is_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scram, "matches", lambda *_: True)
    roles = [one[name] for one in PLANS for name in ("rw", "ro")]
    live = catalog_of(as_planned(PLANS), dict.fromkeys(roles, VERIFIER))
    _, seals = postgresql.passwords(PLANS, live, master=MASTER, verified={})
    monkeypatch.setattr(scram, "matches", lambda *_: False)
    assert postgresql.passwords(PLANS, live, master=MASTER, verified=seals) == ([], seals)
    found, _ = postgresql.passwords(PLANS, live, master=b"n" * 32, verified=seals)
    assert len(found) == 4, "another master secret gives other passwords"
    live = catalog_of(as_planned(PLANS), dict.fromkeys(roles, VERIFIER + "x"))
    assert len(postgresql.passwords(PLANS, live, master=MASTER, verified=seals)[0]) == 4
