"""Change classes: each case is a file of `tests/cases/governance/changes`, over one tenant with test and prod."""

from __future__ import annotations

import datetime
import json
import pathlib
import time
from typing import Any

import pytest
import yaml

from govcloud_cli.governance import changes, environment_changes, usage
from govcloud_cli.model import platforms, tenants

CASES = {
    path.stem: path
    for path in sorted((pathlib.Path(__file__).parents[1] / "cases" / "governance" / "changes").glob("*.yaml"))
}
TODAY = datetime.date(2026, 11, 1)
GOOD: dict[str, Any] = {
    "apiVersion": "govcloud/v1",
    "kind": "TenantRequest",
    "metadata": {"id": "office", "displayName": "政府办公室"},
    "spec": {
        "organisation": "qingtan-office",
        "zone": "external",
        "dataClass": "general",
        "mlps": 2,
        "owner": "li.na",
        "technicalLead": "wang.wei",
        "contact": {"mailbox": "it@office.example", "phone": "0990-5551234"},
        "environments": [
            {"name": "test", "quota": "s", "expiresOn": "2026-12-31"},
            {"name": "prod", "quota": "s"},
        ],
        "members": [{"group": "office:owners", "role": "owner"}],
    },
}


def tenant(edits: dict[str, Any] | None) -> tenants.Tenant | None:
    """The good tenant with each `dotted.path: value` of a case put in; None for none."""
    if edits is None:
        return None
    document = json.loads(json.dumps(GOOD))
    for path, value in edits.items():
        place: Any = document
        *above, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
        for part in above:
            place = place[part] if part in place or isinstance(part, int) else place.setdefault(part, {})
        if last == len(place) and isinstance(place, list):
            place.append(value)
        else:
            place[last] = value
    return tenants.Tenant.model_validate_json(json.dumps(document))


@pytest.mark.parametrize("name", CASES)
def test_a_case_comes_out_as_it_says(name: str) -> None:
    case = yaml.safe_load(CASES[name].read_text(encoding="utf-8"))
    used = case.get("usage")

    change = changes.classify(
        tenant(case.get("before", {})),
        tenant(case["after"]),
        usage=None if used is None else usage.Usage(means=used),
        today=TODAY,
        decided=tenant(case.get("decided")),
    )

    assert change == changes.Change(automatic=case["automatic"], reasons=tuple(case["reasons"]))


def test_who_is_nowhere_did_not_change() -> None:
    assert changes.classify(None, None, usage=None, today=TODAY) == changes.Change(automatic=True, reasons=())


def test_every_field_that_a_request_may_have_is_classified() -> None:
    """A new field fails here until somebody decides which changes of it are automatic."""
    asked = {(model.__name__, name) for model in (tenants.Tenant, tenants.TenantSpec) for name in model.model_fields}

    assert set(changes.FIELDS) == asked
    assert set(environment_changes.ENVIRONMENT_FIELDS) == set(tenants.Environment.model_fields)
    assert set(environment_changes.DATABASE_FIELDS) == set(tenants.Database.model_fields)


@pytest.mark.parametrize(
    ("model", "known"),
    [
        (platforms.Metadata, {"id", "display_name"}),
        (tenants.Contact, {"mailbox", "phone"}),
        (tenants.Member, {"group", "role"}),
        (tenants.TenantNetwork, {"allow"}),
        (tenants.CustomQuota, {"cpu", "memory_gi", "storage_gi", "pods", "justification"}),
    ],
)
def test_a_rule_for_a_whole_model_knows_every_field_in_it(model: type[tenants.Contact], known: set[str]) -> None:
    """These are judged by one rule each, which would pass over a field that is new."""
    assert set(model.model_fields) == known


def test_a_field_that_nobody_classified_goes_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "FIELDS", {key: rule for key, rule in changes.FIELDS.items() if key[1] != "contact"})
    after = tenant({"spec.contact.phone": "0990-5550000"})

    change = changes.classify(tenant({}), after, usage=None, today=TODAY)

    assert change == changes.Change(automatic=False, reasons=("contact changes: a person decides.",))


@pytest.mark.parametrize("table", ["ENVIRONMENT_FIELDS", "DATABASE_FIELDS"])
def test_so_does_one_of_an_environment_or_of_a_database(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment_changes, table, {})
    path = "spec.environments.0.databases"
    before, after = tenant({path: [{"id": "ledger"}]}), tenant({path: [{"id": "ledger", "sizeGi": 1}]})
    if table == "DATABASE_FIELDS":
        monkeypatch.setitem(
            environment_changes.__dict__,
            "ENVIRONMENT_FIELDS",
            {"databases": environment_changes._databases},
        )

    assert changes.classify(before, after, usage=None, today=TODAY).automatic is False


def test_the_order_of_lists_says_nothing() -> None:
    members = [{"group": "office:owners", "role": "owner"}, {"group": "office:devs", "role": "viewer"}]
    allow = [
        {"direction": "outbound", "peer": {"zone": "internet"}, "ports": [port], "reason": "公开网站"}
        for port in (80, 443)
    ]
    environments = list(GOOD["spec"]["environments"])
    edits: dict[str, Any] = {"spec.members": members, "spec.network.allow": allow, "spec.environments": environments}

    change = changes.classify(
        tenant(edits),
        tenant({path: value[::-1] for path, value in edits.items()}),
        usage=None,
        today=TODAY,
    )

    assert change == changes.Change(automatic=True, reasons=())


def test_every_measured_resource_has_a_least_use() -> None:
    assert set(environment_changes.LEAST_USE) == set(usage.RESOURCES)


def test_a_thousand_tenants_are_classified_at_once() -> None:
    before, after = tenant({}), tenant({"spec.environments.0.quota": "xs", "spec.mlps": 3})

    start = time.process_time()
    for _ in range(1000):
        changes.classify(before, after, usage=None, today=TODAY)

    assert time.process_time() - start < 0.5
