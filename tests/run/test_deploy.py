"""What a deploy asks before it acts, and what it puts on record; machines and engines do as they are told."""

from __future__ import annotations

import datetime
import os
import pathlib
import pwd
import shutil
from typing import Any

import pytest
import yaml

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.model import platforms
from govcloud_cli.plan import shards
from govcloud_cli.run import applied, destroy, drift, ledger, preparing, progress, request_audit, sites, verify
from govcloud_cli.run.audit import places, reading
from govcloud_cli.run.vpn import gateway
from tests.support import deploying, inventories
from tests.support.deploying import NOW, edit, run
from tests.support.reporters import Quiet
from tests.support.world import World

EXTERNAL = platforms.Side.EXTERNAL


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> World:
    return deploying.install(monkeypatch, tmp_path)


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> pathlib.Path:
    return inventories.copy("lab", tmp_path)


def records(lab: pathlib.Path) -> list[chain.Entry]:
    """What the external side's log says; it must verify."""
    site = sites.load(lab, side="external")
    opened = reading.of_side(places.of_site(site, EXTERNAL), environment="lab", side="external")
    assert opened is not None
    found = [record.entry for record, intact in opened.records() if intact]
    assert opened.report().verdict == "verified"
    return found


def actions(lab: pathlib.Path) -> list[str]:
    return [entry.action for entry in records(lab)]


def test_a_first_deploy_is_on_record_from_before_its_first_step_to_its_end(lab: pathlib.Path, world: World) -> None:
    result = run(lab)
    entries = records(lab)
    names = {tenant.id for side in result.plan.sides for tenant in side.tenants}
    assert entries[0].action == "deploy-began"
    assert set(entries[0].details["changed"]) == names
    assert {entry.tenant for entry in entries if entry.action == "tenant-applied"} == names
    assert entries[-1].action == "deploy-ended"
    assert entries[-1].details["result"] == "done"
    assert "external/roles" in entries[-1].details["changed"]


def test_temporary_people_are_made_where_something_changed_since_they_were_last(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    answers = ["open", "blocked", "open", "open"]

    def probed(*_: object, extents: dict[platforms.Side, verify.Extent], **__: object) -> tuple[verify.Checked, ...]:
        made.append(extents[EXTERNAL].people)
        return (verify.Checked(id="x", expected="open", seen=answers[len(made) - 1]),)

    monkeypatch.setattr(verify, "verify", probed)
    run(lab)
    edit(lab, "finance", lambda spec: spec["contact"].update(phone="0990-5550199"))
    with pytest.raises(errors.GovcloudError, match="came out otherwise"):
        run(lab)
    run(lab)
    run(lab)
    assert made == [True, True, True, False], "a deploy that failed to show it leaves it to the next"


def test_a_deploy_that_changes_nothing_leaves_no_record(lab: pathlib.Path, world: World) -> None:
    run(lab)
    before = records(lab)
    assert not run(lab).changed
    assert records(lab) == before


def test_nothing_is_done_when_the_log_cannot_be_written(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise errors.GovcloudError("the audit record could not be written, so nothing is done")

    monkeypatch.setattr(ledger.Ledger, "note", full)
    with pytest.raises(errors.GovcloudError, match="nothing is done"):
        run(lab)
    assert world.ran_stacks == []
    assert world.ran_roles == []


def test_a_log_that_was_cut_stops_the_next_deploy_before_it_prepares(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(lab)
    log = places.of_site(sites.load(lab, side="external"), EXTERNAL).log
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:-1]))
    monkeypatch.setattr(preparing, "prepare", lambda *_, **__: pytest.fail("prepared"))
    with pytest.raises(errors.GovcloudError) as caught:
        run(lab)
    assert "audit" in f"{caught.value.message} {caught.value.where}"


def test_a_failed_deploy_says_so_and_counts_no_tenant_of_a_failed_stack(lab: pathlib.Path, world: World) -> None:
    stack = shards.shard_of("finance")
    world.failing_stacks = {stack}
    with pytest.raises(errors.PartlyDoneError):
        run(lab)
    entries = records(lab)
    told = {entry.tenant: entry.details["state"] for entry in entries if entry.action == "tenant-applied"}
    assert told["finance"] == "PARTIALLY_PROVISIONED"
    assert {state for tenant, state in told.items() if shards.shard_of(str(tenant)) != stack} == {"PROVISIONED"}
    assert entries[-1].details["result"] == "failed"
    assert stack in entries[-1].details["error"]


def test_a_changed_tenant_is_named_and_the_others_are_not(lab: pathlib.Path, world: World) -> None:
    run(lab)
    count = len(records(lab))
    edit(lab, "finance", lambda spec: spec["contact"].update(phone="0990-5550199"))
    run(lab)
    (began, *applied_, ended) = records(lab)[count:]
    assert began.details["changed"] == ["finance"]
    assert [entry.tenant for entry in applied_] == ["finance"]
    assert ended.details["result"] == "done"


def test_a_removed_tenant_is_on_record(lab: pathlib.Path, world: World) -> None:
    run(lab)
    (lab / "tenants" / "tourism.yaml").unlink()
    run(lab, removals=frozenset({"tourism"}))
    assert [entry.tenant for entry in records(lab) if entry.action == "tenant-removed"] == ["tourism"]


def test_what_was_restored_is_on_record_before_and_after(lab: pathlib.Path, world: World) -> None:
    run(lab)
    finding = drift.Finding(
        side="external",
        part=drift.Part.CLUSTER,
        subject="ResourceQuota/finance-prod/tenant",
        what=drift.What.CHANGED,
        field="spec.hard.pods",
        expected="80",
        found="8000",
        tenant="finance",
        step=shards.shard_of("finance"),
    )
    world.services = drift.ServicesLook(found=(finding,))
    assert run(lab).repaired == (finding,)
    (entry,) = [entry for entry in records(lab) if entry.action == "drift-repaired"]
    assert (entry.tenant, entry.details["before"], entry.details["after"]) == ("finance", "8000", "80")


def test_an_expiry_a_freeze_and_a_thaw_are_each_told_once(lab: pathlib.Path, world: World) -> None:
    edit(lab, "finance", lambda spec: spec["environments"][0].update(expiresOn="2026-11-30"))
    run(lab)
    after = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
    run(lab, now=after)
    run(lab, now=after)
    edit(lab, "finance", lambda spec: spec["environments"][0].update(expiresOn="2027-01-30"))
    run(lab, now=after)
    told = [entry for entry in records(lab) if entry.action in {"tenant-expired", "tenant-frozen", "tenant-thawed"}]
    assert [entry.action for entry in told] == ["tenant-expired", "tenant-thawed"]
    assert {entry.details["environment"] for entry in told} == {"dev"}


def test_a_last_day_that_is_near_is_told(lab: pathlib.Path, world: World) -> None:
    edit(lab, "finance", lambda spec: spec["environments"][0].update(expiresOn="2026-11-25"))
    (notice,) = run(lab).notices
    assert (notice.tenant, notice.days_left) == ("finance", 3)


def test_growth_past_a_budget_is_refused_before_anything_is_prepared(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(lab)
    edit(lab, "finance", lambda spec: spec["environments"][2].update(quota="xl"))
    edit(lab, "finance", lambda spec: spec["environments"][1].update(quota="xl"))
    edit(lab, "finance", lambda spec: spec["environments"][0].update(quota="xl"))
    monkeypatch.setattr(preparing, "prepare", lambda *_, **__: pytest.fail("prepared"))
    with pytest.raises(errors.PolicyDeniedError, match="overrun") as caught:
        run(lab)
    assert "yunxi-finance" in str(caught.value.cause)


def test_a_budget_that_was_cut_below_what_is_used_stops_nobody(lab: pathlib.Path, world: World) -> None:
    run(lab)
    platform = lab / "platform.yaml"
    document = yaml.safe_load(platform.read_text(encoding="utf-8"))
    (finance,) = [one for one in document["spec"]["organisations"] if one["id"] == "yunxi-finance"]
    finance["budget"] = {"cpu": 1, "memoryGi": 1, "storageGi": 1, "databaseGi": 1}
    platform.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    run(lab)


def test_a_destroyed_labs_log_is_kept_and_the_next_lab_begins_a_new_one(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(lab)
    site = sites.load(lab, side="external")
    monkeypatch.setattr(destroy, "_side", lambda site, side, **_: _wipe(site, side.side))
    destroy.destroy(
        site, journal=progress.Journal(Quiet()), clock=lambda: NOW, environ={"PATH": ""}, logs=lab.parent.parent
    )
    kept = places.second_place_of(site)
    assert list(kept.rglob("log.jsonl"))
    run(lab)
    assert actions(lab)[0] == "deploy-began"


def _wipe(site: sites.Site, side: platforms.Side) -> None:
    shutil.rmtree(site.space.side(side).path)


def test_what_a_killed_run_had_frozen_is_told_by_the_next(lab: pathlib.Path, world: World) -> None:
    edit(lab, "finance", lambda spec: spec["environments"][0].update(expiresOn="2026-11-01"))
    world.failing_stacks = {shards.shard_of("finance")}
    with pytest.raises(errors.PartlyDoneError):
        run(lab)
    assert "tenant-expired" not in actions(lab)
    world.failing_stacks = set()
    run(lab)
    assert actions(lab).count("tenant-expired") == 1
    assert applied.load(sites.load(lab).space.side(EXTERNAL)).frozen == ["finance/dev"]


def test_what_could_not_be_recorded_of_a_tenant_is_recorded_by_the_next_deploy(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = ledger.Ledger.note

    def full(self: ledger.Ledger, side: platforms.Side, action: chain.Action, *rest: Any, **more: Any) -> None:
        if action is chain.Action.TENANT_APPLIED:
            raise errors.GovcloudError("no space is left")
        note(self, side, action, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(ledger.Ledger, "note", full)
        with pytest.raises(errors.GovcloudError, match="no space"):
            run(lab)
    assert "tenant-applied" not in actions(lab)
    run(lab)
    assert "tenant-applied" in actions(lab)


def test_who_deploys_is_the_account_and_not_what_a_variable_says(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "zhang.wei")
    run(lab)
    assert {entry.actor.person for entry in records(lab)} == {pwd.getpwuid(os.geteuid()).pw_name}


def test_what_the_log_has_of_requests_is_nothing_and_not_unknown_after_a_deploy_without_any(
    lab: pathlib.Path, world: World
) -> None:
    assert request_audit.known(sites.load(lab, side="external")) is None
    run(lab)
    assert request_audit.known(sites.load(lab, side="external")) == frozenset()


def test_a_new_revocation_list_reaches_the_gateway_and_an_old_one_is_not_sent_again(
    world: World, lab: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    monkeypatch.setattr(gateway.Gateway, "publish", lambda self, **_: published.append(self.machine))
    for certified, expected in ((("vpn-ca.crl",), ["gateway"]), ((), ["gateway"])):
        monkeypatch.setattr(preparing, "certify", lambda *_, told=certified, **__: told)
        run(lab)
        assert published == expected
    assert world.ran_roles, "the gateway's own role came first"
