"""The gate of approvals, with real keys."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import requests
from govcloud_cli.governance.requests import State
from govcloud_cli.model import inventory, platforms, tenants
from govcloud_cli.run import decisions as record
from govcloud_cli.run import request_files, sites
from govcloud_cli.run import requests as run_requests
from tests.support import decisions

EXTERNAL = platforms.Side.EXTERNAL
TENANT = decisions.finance()
LARGER = decisions.finance(environments=[{"name": "test", "quota": "l", "expiresOn": "2026-10-01"}])
SMALLER = decisions.finance(environments=[{"name": "test", "quota": "xs", "expiresOn": "2026-10-01"}])


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "inventories" / "unit"


def at(*wanted: tenants.Tenant, folder: pathlib.Path, keys: bool = True, **fields: Any) -> sites.Site:
    spec: inventory.Inventory = dataclasses.replace(decisions.spec(*wanted, keys=keys), **fields)
    return decisions.site(spec, folder.parents[1])


def approve(now: tenants.Tenant, folder: pathlib.Path, *, number: int = 1, **fields: Any) -> requests.Request:
    made = decisions.sign(decisions.asked(now, within=decisions.spec(now), number=number, **fields))
    request_files.save(folder, made)
    return made


def gate(site: sites.Site, folder: pathlib.Path, **fields: Any) -> run_requests.Clearance:
    return run_requests.gate(site, folder, now=decisions.NOW, **fields)


def deploy(site: sites.Site, folder: pathlib.Path, *, failed: tuple[str, ...] = ()) -> tuple[State, ...]:
    """Pass the gate and record, as a deploy does."""
    cleared = gate(site, folder)
    found: list[run_requests.Provisioned] = []
    for side in site.sides:
        names = {verdict.tenant for verdict in cleared.verdicts[side]} - set(failed)
        found += run_requests.mark_provisioned(site, cleared, side, done=names, failed=failed, now=decisions.NOW)
    return tuple(one.state for one in found)


def denied(site: sites.Site, folder: pathlib.Path, **fields: Any) -> str:
    with pytest.raises(errors.PolicyDeniedError) as caught:
        gate(site, folder, **fields)
    assert int(caught.value.exit_code) == 3
    return str(caught.value.cause or caught.value.message)


def edit(folder: pathlib.Path, old: str, new: str) -> None:
    """Change the words of the request's file."""
    path = folder / "requests" / "finance" / "0001.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# -- through the gate


def test_what_was_approved_passes_and_is_remembered(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    site = at(TENANT, folder=folder)
    (verdict,) = gate(site, folder).verdicts[EXTERNAL]
    assert (verdict.approver, verdict.number) == ("zhao.min", 1)
    assert deploy(site, folder) == (State.PROVISIONED,)
    entry = record.load(site.space.side(EXTERNAL)).tenants["finance"]
    assert (entry.applied, entry.decided, entry.number) == (TENANT, TENANT, 1)
    assert (site.space.side(EXTERNAL).path / "decisions.json").stat().st_mode & 0o777 == 0o600


def test_an_unchanged_deploy_reads_no_request_and_writes_nothing(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    site = at(TENANT, folder=folder)
    deploy(site, folder)
    (folder / "requests" / "finance" / "0001.json").write_text("broken")
    before = (site.space.side(EXTERNAL).path / "decisions.json").stat().st_mtime_ns
    assert deploy(site, folder) == ()
    assert (site.space.side(EXTERNAL).path / "decisions.json").stat().st_mtime_ns == before


def test_nothing_passes_without_a_request_and_all_are_named(folder: pathlib.Path) -> None:
    with pytest.raises(errors.PolicyDeniedError) as caught:
        gate(at(TENANT, folder=folder), folder)
    assert caught.value.message == "1 tenant is not approved as the inventory has them now; nothing was changed"
    assert caught.value.remedy == "govcloud request submit finance"


def test_where_nobody_approves_nothing_needs_approval(folder: pathlib.Path) -> None:
    site = at(TENANT, folder=folder, people=())
    assert not gate(site, folder).required
    deploy(site, folder)
    # Named later, people find what was there taken for decided.
    named = at(TENANT, folder=folder)
    assert gate(named, folder).required
    assert "finance" in denied(at(LARGER, folder=folder), folder)


def test_who_removes_people_does_not_remove_the_need_to_ask(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    deploy(at(TENANT, folder=folder), folder)
    assert "deployed with approvals, and now nobody may approve" in denied(at(LARGER, folder=folder, people=()), folder)


def test_a_failed_deploy_is_partly_provisioned_and_goes_on_without_asking_again(folder: pathlib.Path) -> None:
    request = approve(TENANT, folder)
    site = at(TENANT, folder=folder)
    assert deploy(site, folder, failed=("finance",)) == (State.PARTIALLY_PROVISIONED,)
    entry = record.load(site.space.side(EXTERNAL)).tenants["finance"]
    assert run_requests.observed(request, entry) is State.PARTIALLY_PROVISIONED
    assert deploy(site, folder) == (State.PROVISIONED,)
    entry = record.load(site.space.side(EXTERNAL)).tenants["finance"]
    assert run_requests.observed(request, entry) is State.PROVISIONED


def test_a_tenant_is_removed_only_by_a_signed_request(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    deploy(at(TENANT, folder=folder), folder)
    gone = at(folder=folder)
    assert "is to create it, and its file is gone" in denied(gone, folder)
    removal = approve(TENANT, folder, number=2, original=TENANT, decommission=True)
    assert deploy(gone, folder) == (State.PROVISIONED,)
    entry = record.load(gone.space.side(EXTERNAL)).tenants["finance"]
    assert run_requests.observed(removal, entry) is State.PROVISIONED
    assert gate(gone, folder).verdicts[EXTERNAL] == (), "what is gone is not removed twice"
    assert "finance" in denied(at(TENANT, folder=folder), folder), "its first approval does not bring it back"


# -- attacks


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"cpu": 2', '"cpu": 1'),
        ("(新增租户)", "(更名)"),
        ('"at": "2026-07-01T09:30:00Z"', '"at": "2026-07-01T09:31:00Z"'),
        ('"source": "git"', '"source": "ci"'),
        ('"by": "zhao.min"', '"by": "sun.tao"'),
        ('"mlps": 2', '"mlps": 3'),
        ('"quota": "s"', '"quota": "xl"'),
        ('"environment": "unit"', '"environment": "prod"'),
        ('"platform": "qinghe"', '"platform": "yunxi"'),
    ],
)
def test_an_edited_request_is_refused(old: str, new: str, folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    edit(folder, old, new)
    with pytest.raises((errors.PolicyDeniedError, errors.UsageError)):
        gate(at(TENANT, folder=folder), folder)


def test_a_signature_of_something_else_is_refused(folder: pathlib.Path) -> None:
    other = decisions.sign(decisions.asked(LARGER, within=decisions.spec(LARGER)))
    asked = decisions.asked(TENANT, within=decisions.spec(TENANT))
    assert other.decision is not None
    request_files.save(folder, decisions.decided(asked, signature=other.decision.signature))
    assert "it is not a signature by a key that zhao.min has" in denied(at(TENANT, folder=folder), folder)


def test_a_rejection_does_not_become_an_approval(folder: pathlib.Path) -> None:
    asked = decisions.asked(TENANT, within=decisions.spec(TENANT))
    rejected = decisions.sign(asked, reject="too large")
    assert rejected.decision is not None
    request_files.save(folder, decisions.decided(asked, signature=rejected.decision.signature))
    assert "not a signature" in denied(at(TENANT, folder=folder), folder)


def test_an_approval_signed_by_the_wrong_persons_key_is_refused(folder: pathlib.Path) -> None:
    asked = decisions.asked(TENANT, within=decisions.spec(TENANT))
    suns = decisions.sign(asked, by="sun.tao")
    assert suns.decision is not None
    request_files.save(folder, decisions.decided(asked, by="zhao.min", signature=suns.decision.signature))
    assert "not a signature by a key that zhao.min has" in denied(at(TENANT, folder=folder), folder)


def test_an_approver_of_another_level_is_refused_although_the_signature_is_right(folder: pathlib.Path) -> None:
    asked = decisions.asked(TENANT, within=decisions.spec(TENANT))
    request_files.save(folder, decisions.sign(asked, by="sun.tao"))
    assert "sun.tao does not decide for qinghe-city" in denied(at(TENANT, folder=folder), folder)


def test_a_key_that_left_people_approves_nothing_any_more(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    left = [person.model_copy(update={"keys": ()}) for person in decisions.persons(keys=True)]
    assert "zhao.min has no key" in denied(at(TENANT, folder=folder, people=tuple(left)), folder)


def test_another_tenants_approval_is_refused(folder: pathlib.Path) -> None:
    made = approve(TENANT, folder)
    text = requests.render(made).replace('"finance"', '"purse"')
    place = folder / "requests" / "purse"
    place.mkdir()
    (place / "0001.json").write_text(text, encoding="utf-8")
    purse = requests.parse(text).requested
    assert "not a signature" in denied(at(purse, folder=folder), folder)


def test_another_environments_approval_is_refused(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    assert "it is for qinghe/unit, and this is qinghe/prod" in denied(
        at(TENANT, folder=folder, environment="prod"), folder
    )


def test_a_file_that_changed_after_its_approval_is_not_deployed(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    assert "but the file is now sha256:" in denied(at(LARGER, folder=folder), folder)


def test_removing_newer_requests_brings_no_older_one_back(folder: pathlib.Path) -> None:
    approve(LARGER, folder)
    deploy(at(LARGER, folder=folder), folder)
    approve(TENANT, folder, number=2)
    deploy(at(TENANT, folder=folder), folder)
    (folder / "requests" / "finance" / "0002.json").unlink()
    assert "0002 or later was decided already" in denied(at(LARGER, folder=folder), folder)


def test_the_audit_log_remembers_what_this_host_does_not(folder: pathlib.Path) -> None:
    approve(LARGER, folder)
    seen = {("finance", 2, State.APPROVED)}
    assert "0002 or later was decided already" in denied(at(LARGER, folder=folder), folder, seen=seen)


def test_a_rule_grants_what_takes_less_without_asking(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    deploy(at(TENANT, folder=folder), folder)
    assert deploy(at(SMALLER, folder=folder), folder) == (State.PROVISIONED,)
    entry = record.load(at(folder=folder).space.side(EXTERNAL)).tenants["finance"]
    assert (entry.applied, entry.decided) == (SMALLER, TENANT)
    assert deploy(at(TENANT, folder=folder), folder) == (State.PROVISIONED,), "back to what a person decided"


# -- the audit log


def test_deploy_tells_the_audit_log_what_it_has_not_seen(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    cleared = gate(at(TENANT, folder=folder), folder, seen=set())
    assert [step.state for _, step in cleared.unseen] == [State.PENDING, State.APPROVED]
    seen = {("finance", 1, step.state) for _, step in cleared.unseen}
    assert gate(at(TENANT, folder=folder), folder, seen=seen).unseen == ()


def test_a_forged_decision_is_not_recorded_as_one(folder: pathlib.Path) -> None:
    approve(TENANT, folder)
    deploy(at(TENANT, folder=folder), folder)
    forged = decisions.decided(decisions.asked(LARGER, within=decisions.spec(LARGER), number=2))
    request_files.save(folder, forged)
    cleared = gate(at(TENANT, folder=folder), folder, seen=set())
    assert [request.number for request, _ in cleared.unseen] == [1, 1]


# -- the record


def test_a_record_that_is_none_is_refused(folder: pathlib.Path) -> None:
    site = at(TENANT, folder=folder)
    place = site.space.side(EXTERNAL).path
    place.mkdir(parents=True)
    (place / "decisions.json").write_text(json.dumps({"schemaVersion": 1, "tenants": {"finance": {}}}))
    with pytest.raises(errors.GovcloudError, match="record of what was decided cannot be read"):
        gate(site, folder)
