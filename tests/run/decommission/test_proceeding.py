from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import approvals, chain
from govcloud_cli.model import people, platforms
from govcloud_cli.run import freezes, progress, requests, sites
from govcloud_cli.run.decommission import backup, decide, proceeding, reading
from tests.support import inventories, reporters

NOW = datetime.datetime(2026, 11, 1, 8, tzinfo=datetime.UTC)
TENANT = "transport"
KEPT = {TENANT, "approval-hall", "market-regulation"}
"""Few, because each test reads them anew; the second names the third as its peer."""
HELD = decide.Reading(
    namespaces=("transport-prod",), databases=(decide.Database(name="transport_prod_roads", machine="external-db"),)
)
APPROVER = people.Person.model_validate_json(json.dumps({"id": "li.na", "displayName": "李娜", "approves": ["yunxi"]}))


@dataclasses.dataclass(kw_only=True)
class World:
    """A platform that answers as it is told, and notes what is done to it, in order."""

    task: proceeding.Task
    seen: decide.Reading = HELD
    left: decide.Reading = dataclasses.field(default_factory=decide.Reading)
    done: list[str] = dataclasses.field(default_factory=list)
    killed_at: str = ""
    """The step before which the run dies."""
    deployed: list[sites.Site] = dataclasses.field(default_factory=list)
    verdict: approvals.Verdict | None = None

    def step(self, name: str) -> None:
        if name == self.killed_at:
            raise KeyboardInterrupt
        self.done.append(name)

    def deploy(self, site: sites.Site) -> None:
        self.step("deploy")
        self.deployed.append(site)

    def record(self, action: chain.Action, details: Mapping[str, Any]) -> None:
        del details
        self.step(action.value)

    def proceed(self) -> pathlib.Path:
        journal = progress.Journal(reporters.Quiet())
        return proceeding.proceed(self.task, deploy=self.deploy, record=self.record, journal=journal)


def granted(tenant: str) -> approvals.Verdict:
    return approvals.Verdict(
        tenant=tenant,
        why=f"request {tenant}/0002, decided by li.na",
        now=None,
        decided=None,
        number=2,
        approver="li.na",
    )


@pytest.fixture
def world(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> World:
    folder = inventories.copy("lab", tmp_path)
    inventories.keep(folder, *KEPT)
    site = sites.load(folder, side="external")
    site = dataclasses.replace(site, spec=dataclasses.replace(site.spec, people=(APPROVER,)))
    found = World(task=proceeding.Task(folder=folder, site=site, tenant=TENANT, now=NOW), verdict=granted(TENANT))

    def look(*_: object) -> decide.Reading:
        found.step("look")
        return found.seen

    def sweep(*_: object) -> decide.Reading:
        found.step("sweep")
        return found.left

    def make(target: pathlib.Path, sources: Any, texts: Mapping[str, str], **_: object) -> pathlib.Path:
        found.step("backup")
        assert [source.database for source in sources] == ["transport_prod_roads"]
        target.mkdir(parents=True)
        for name, text in texts.items():
            (target / name).write_text(text)
        (target / backup.MANIFEST).write_text(json.dumps({"files": {}}))
        return target / backup.MANIFEST

    def gate(after: sites.Site, *_: object, **__: object) -> requests.Clearance:
        assert found.task.tenant not in {one.metadata.id for one in after.spec.tenants}, "judged as it will be"
        verdicts = () if found.verdict is None else (found.verdict,)
        return requests.Clearance(required=True, verdicts={platforms.Side.EXTERNAL: verdicts}, unseen=())

    monkeypatch.setattr(reading, "look", look)
    monkeypatch.setattr(reading, "sweep", sweep)
    monkeypatch.setattr(backup, "make", make)
    monkeypatch.setattr(requests, "gate", gate)
    return found


def test_it_looks_backs_up_looks_again_removes_sweeps_and_records(world: World) -> None:
    target = world.proceed()
    began, ended = chain.Action.DECOMMISSION_BEGAN.value, chain.Action.DECOMMISSION_ENDED.value
    assert world.done == ["look", began, "backup", "look", "deploy", "sweep", ended]
    assert not world.task.file.exists()
    assert not world.task.mark.exists()
    assert "kind: TenantRequest" in (target / "tenant.yaml").read_text()
    assert "transport_prod_roads" in (target / "objects.yaml").read_text()
    (site,) = world.deployed
    assert TENANT not in {one.metadata.id for one in site.spec.tenants}


def test_a_freeze_goes_with_its_tenant_and_is_kept_in_the_backup(world: World) -> None:
    freezes.freeze(
        world.task.folder,
        next(one for one in world.task.site.spec.tenants if one.metadata.id == TENANT),
        environments=(),
        reason="it ends",
        by="li.na",
        today=NOW.date(),
    )
    target = world.proceed()
    assert not world.task.freeze.exists()
    assert "it ends" in (target / "freeze.yaml").read_text()


def refused(world: World, kind: type[errors.GovcloudError]) -> str:
    before = world.task.file.read_text()
    with pytest.raises(kind) as caught:
        world.proceed()
    assert world.task.file.read_text() == before
    assert set(world.done) <= {"look"}, "nothing is recorded, backed up or removed"
    return caught.value.cause or ""


def test_it_refuses_with_every_reason_at_once(world: World) -> None:
    world.seen = HELD + decide.Reading(claims=("transport-prod/data",), unreadable=("the cluster: down",))
    cause = refused(world, errors.GovcloudError)
    assert "transport-prod/data" in cause
    assert "cannot be read: the cluster: down" in cause


def test_where_nobody_may_approve_it_is_refused_with_the_remedy(world: World) -> None:
    spec = dataclasses.replace(world.task.site.spec, people=())
    world.task = dataclasses.replace(world.task, site=dataclasses.replace(world.task.site, spec=spec))
    assert "people.yaml" in refused(world, errors.PolicyDeniedError)


def test_what_was_never_deployed_needs_no_decommission(world: World) -> None:
    world.verdict = None
    assert "nothing of it was ever deployed" in refused(world, errors.PolicyDeniedError)


def test_a_rule_is_no_second_person(world: World) -> None:
    world.verdict = dataclasses.replace(granted(TENANT), approver=None)
    refused(world, errors.PolicyDeniedError)


def test_a_refusal_of_the_gate_is_told_with_what_is_in_use(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gate(*_: object, **__: object) -> requests.Clearance:
        raise errors.PolicyDeniedError("1 tenant is not approved", cause="transport: no request", remedy="submit it")

    monkeypatch.setattr(requests, "gate", gate)
    world.seen = HELD + decide.Reading(claims=("transport-prod/data",))
    cause = refused(world, errors.PolicyDeniedError)
    assert "transport: no request" in cause
    assert "transport-prod/data" in cause


def test_who_names_it_as_a_peer_keeps_it_there(world: World) -> None:
    world.task = dataclasses.replace(world.task, tenant="market-regulation")
    assert "approval-hall" in "\n".join(proceeding.outlook(world.task).obstacles)


def test_who_comes_during_the_backup_stops_it_while_all_is_still_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([HELD, HELD + decide.Reading(clients=("r in d",))])
    monkeypatch.setattr(reading, "look", lambda *_: next(answers))
    with pytest.raises(errors.GovcloudError, match="cannot be decommissioned"):
        world.proceed()
    assert world.task.file.exists()
    assert "deploy" not in world.done


def test_what_is_left_is_told_and_the_next_run_goes_on(world: World) -> None:
    world.left = decide.Reading(roles=("transport_prod_roads_rw",))
    with pytest.raises(errors.GovcloudError) as caught:
        world.proceed()
    assert "role transport_prod_roads_rw" in (caught.value.cause or "")
    assert world.task.mark.exists()
    assert chain.Action.DECOMMISSION_ENDED.value not in world.done
    world.left, world.done = decide.Reading(), []
    world.proceed()
    assert world.done == ["deploy", "sweep", chain.Action.DECOMMISSION_ENDED.value]


STEPS = ("look", "decommission-began", "backup", "deploy", "sweep", "decommission-ended")


@pytest.mark.parametrize("moment", STEPS)
def test_killed_at_any_step_and_run_again_it_comes_to_the_same_end(world: World, moment: str) -> None:
    world.killed_at = moment
    with pytest.raises(KeyboardInterrupt):
        world.proceed()
    begun = proceeding.unfinished(world.task.site.space, TENANT)
    assert (begun is not None) is (not world.task.file.exists())
    world.killed_at, world.done = "", []
    # The clock goes on, so a second backup has a folder of its own.
    world.task = dataclasses.replace(world.task, now=NOW + datetime.timedelta(minutes=1))
    target = world.proceed()
    assert (target / "tenant.yaml").exists()
    assert not world.task.file.exists()
    assert proceeding.unfinished(world.task.site.space, TENANT) is None
    assert world.done[-3:] == ["deploy", "sweep", chain.Action.DECOMMISSION_ENDED.value]


def test_a_backup_that_was_touched_meanwhile_stops_what_remains(world: World) -> None:
    world.killed_at = "deploy"
    with pytest.raises(KeyboardInterrupt):
        world.proceed()
    (manifest,) = world.task.place.path.glob("backups/*/*/manifest.json")
    manifest.unlink()
    world.killed_at, world.done = "", []
    with pytest.raises(errors.GovcloudError, match="not whole"):
        world.proceed()
    assert world.done == []


def test_without_file_and_without_word_of_a_beginning_nothing_is_done(world: World) -> None:
    world.task.file.unlink()
    with pytest.raises(errors.GovcloudError, match="no word of a decommission"):
        world.proceed()
    assert world.done == []


def test_an_audit_log_that_cannot_be_written_stops_it_before_anything(world: World) -> None:
    def full(*_: object) -> None:
        raise errors.GovcloudError("the audit log cannot be written")

    recorder: Callable[..., None] = full
    with pytest.raises(errors.GovcloudError, match="audit log"):
        proceeding.proceed(
            world.task, deploy=world.deploy, record=recorder, journal=progress.Journal(reporters.Quiet())
        )
    assert world.task.file.exists()
    assert world.done == ["look"]


def test_data_that_outlived_its_backup_by_days_is_not_removed_on_the_strength_of_it(world: World) -> None:
    """Its removal failed, its file was put back, and months later the file is removed by hand."""
    world.killed_at = "deploy"
    with pytest.raises(KeyboardInterrupt):
        world.proceed()
    world.killed_at, world.done = "", []
    world.task = dataclasses.replace(world.task, now=NOW + datetime.timedelta(days=60))
    with pytest.raises(errors.GovcloudError, match="the backup of transport is 60 days old"):
        world.proceed()
    assert world.done == ["look"]
    # Where nothing of it is left, nothing can be lost.
    world.seen = decide.Reading()
    world.proceed()
    assert world.done[-1] == chain.Action.DECOMMISSION_ENDED.value


@pytest.mark.parametrize(
    "word", ["../applied", "..", "../decommissions/transport", "/etc/x", "transport\n", "Transport"]
)
def test_a_word_that_is_no_id_names_no_file(word: str, world: World) -> None:
    world.killed_at = "deploy"
    with pytest.raises(KeyboardInterrupt):
        world.proceed()
    (world.task.place.path / "applied.json").write_text("{}")
    (world.task.place.path / "decommissions" / "Transport.json").write_text("{}")
    assert proceeding.unfinished(world.task.site.space, TENANT) is not None
    assert proceeding.unfinished(world.task.site.space, word) is None
