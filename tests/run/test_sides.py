"""Which steps a deploy finds due; what a machine or an engine does is not asked here."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import shards, steps
from govcloud_cli.run import (
    ansible,
    applied,
    drift,
    preparing,
    progress,
    side_secrets,
    siderun,
    sides,
    sites,
    stacks,
    usage,
    workspace,
)
from tests.support import inventories
from tests.support import world as worlds
from tests.support.reporters import Quiet
from tests.support.world import World

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> World:
    return worlds.install(monkeypatch, tmp_path)


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> pathlib.Path:
    return inventories.copy("lab", tmp_path)


def run(lab: pathlib.Path) -> progress.Journal:
    """Deploy the external side; return its journal."""
    return side_run(lab).journal


def side_run(lab: pathlib.Path, verb: str = "run") -> siderun.SideRun:
    """Deploy (`run`) or `repair` the external side."""
    site = sites.load(lab, side="external")
    (plan,) = sites.plan(site, today=inventories.TODAY).sides
    journal = progress.Journal(Quiet())
    tools = {"pulumi": pathlib.Path("/bin/pulumi")}
    request = siderun.Request()
    one = siderun.SideRun(
        site=site, plan=plan, tools=tools, request=request, journal=journal, now=NOW, logs=lab.parent.parent
    )
    {"run": sides.run, "repair": sides.repair}[verb](one)
    return one


def changed(journal: progress.Journal) -> list[str]:
    return [step.name for step in journal.results if step.changed]


MACHINES = (
    "border", "external-client", "external-db", "external-identity", "external-k8s", "gateway", "internet-client",
)  # fmt: skip


def test_a_fresh_side_is_made_whole_and_a_second_run_does_nothing(lab: pathlib.Path, world: World) -> None:
    run(lab)
    assert world.ran_stacks[0] == ("network",)
    assert world.ran_roles == [MACHINES]
    assert world.ran_stacks[1][:2] == ("identity", "platform")
    made = (len(world.ran_stacks), len(world.ran_roles))

    again = run(lab)
    assert changed(again) == []
    assert (len(world.ran_stacks), len(world.ran_roles)) == made


def test_only_the_machine_that_drifted_is_set_right_and_the_reason_is_told(lab: pathlib.Path, world: World) -> None:
    run(lab)
    world.files["external-db"] = "2"
    journal = run(lab)
    assert world.ran_roles[-1] == ("external-db",)
    assert changed(journal) == ["external/roles"]
    assert "drift: file /x" in next(step.note for step in journal.results if step.name == "external/roles")
    assert changed(run(lab)) == []


def test_a_machine_that_does_not_answer_is_started_again_and_set_up_again(lab: pathlib.Path, world: World) -> None:
    run(lab)
    world.dead = {"border"}
    journal = run(lab)
    assert world.ran_stacks[-1] == ("network",)
    assert world.ran_roles[-1] == ("border",)
    assert "could not look at border" in journal.results[0].note
    assert "machines did not answer: border" in journal.results[1].note


def test_a_changed_tenant_runs_its_shard_alone(lab: pathlib.Path, world: World) -> None:
    run(lab)
    path = lab / "tenants" / "finance.yaml"
    path.write_text(path.read_text("utf-8").replace("quota: l", "quota: m"), "utf-8")
    run(lab)
    assert len(world.ran_stacks[-1]) == 1
    assert world.ran_stacks[-1][0].startswith("tenants-")
    assert len(world.ran_roles) == 1


def test_a_machine_whose_roles_failed_is_due_again_and_those_that_went_well_are_not(
    lab: pathlib.Path, world: World
) -> None:
    world.failing_roles = {"external-db": "database: start: no"}
    with pytest.raises(errors.GovcloudError, match="did not end well on 1 of 7 machines") as caught:
        run(lab)
    assert caught.value.cause == "external-db: database: start: no"
    assert caught.value.where == "external/roles"
    world.failing_roles = {}
    run(lab)
    assert world.ran_roles == [MACHINES, ("external-db",)]


def test_stacks_that_went_well_are_not_run_again_after_another_failed(lab: pathlib.Path, world: World) -> None:
    world.failing_stacks = {"platform"}
    with pytest.raises(errors.PartlyDoneError, match="stacks failed: platform"):
        run(lab)
    assert len(world.ran_stacks[-1]) > 1, "the others ran all the same"
    world.failing_stacks = set()
    run(lab)
    assert world.ran_stacks[-1] == ("platform",)


def test_what_a_run_that_was_killed_may_have_made_is_on_record(lab: pathlib.Path, world: World) -> None:
    world.failing_stacks = {f"tenants-{number:02}" for number in range(shards.SHARDS)}
    with pytest.raises(errors.GovcloudError):
        run(lab)
    record = applied.load(sites.load(lab).space.side(platforms.Side.EXTERNAL))
    assert "finance" in record.tenants, "so that its removal is asked for"
    assert not [name for name in record.digests if name.startswith("tenants-")]


def test_a_tenant_that_was_removed_is_forgotten_once_its_shard_ran(lab: pathlib.Path, world: World) -> None:
    run(lab)
    (lab / "tenants" / "tourism.yaml").unlink()
    run(lab)
    assert len(world.ran_stacks[-1]) == 2, "its shard, and the realm that had its groups"
    assert "tourism" not in applied.load(sites.load(lab).space.side(platforms.Side.EXTERNAL)).tenants


def test_entries_of_every_step_are_on_record_for_the_next_plan(lab: pathlib.Path, world: World) -> None:
    run(lab)
    site = sites.load(lab, side="external")
    (side,) = sites.plan(site, today=inventories.TODAY).sides
    record = applied.load(site.space.side(side.side))
    for step in steps.of(side, sites.facts(side, record.folder)):
        assert record.is_done(step) or not step.entries


def finding(step: str, subject: str = "NetworkPolicy/finance-prod/default-deny", **fields: Any) -> drift.Finding:
    """Something that drifted."""
    what = fields.pop("what", drift.What.MISSING)
    return drift.Finding(side="external", part=drift.Part.CLUSTER, subject=subject, what=what, step=step, **fields)


def seen(*found: drift.Finding, **fields: Any) -> drift.ServicesLook:
    return drift.ServicesLook(found=found, **fields)


def shard_of(lab: pathlib.Path) -> str:
    """A shard that holds something."""
    record = applied.load(sites.load(lab).space.side(platforms.Side.EXTERNAL))
    return next(name for name, entries in record.entries.items() if name.startswith("tenants-") and entries)


def test_a_first_deploy_looks_at_nothing(lab: pathlib.Path, world: World) -> None:
    world.services = seen(finding("platform"))
    world.services_after = world.services
    journal = run(lab)
    assert "external/look" not in [step.name for step in journal.results]


def test_only_the_stack_in_which_something_drifted_runs_and_looks_first(lab: pathlib.Path, world: World) -> None:
    run(lab)
    shard = shard_of(lab)
    count = len(world.ran_stacks)
    world.services = seen(finding(shard))
    one = side_run(lab)
    assert world.ran_stacks[count:] == [(shard,)]
    assert world.operations[-1] is stacks.Operation.REFRESH_UP
    assert one.repaired == [finding(shard)]
    assert one.left == []
    notes = {step.name: step.note for step in one.journal.results}
    assert "drift: NetworkPolicy/finance-prod/default-deny missing" in notes["external/look"]
    assert "restored: NetworkPolicy/finance-prod/default-deny missing" in notes["external/stacks"]
    assert changed(one.journal) == ["external/stacks"]
    assert changed(run(lab)) == []


def test_a_shard_whose_plan_changed_runs_beside_the_one_that_drifted_without_looking_first(
    lab: pathlib.Path, world: World
) -> None:
    run(lab)
    count = len(world.ran_stacks)
    path = lab / "tenants" / "finance.yaml"
    path.write_text(path.read_text("utf-8").replace("quota: l", "quota: m"), "utf-8")
    world.services = seen(finding("platform"))
    side_run(lab)
    assert world.ran_stacks[count] == ("platform",)
    assert len(world.ran_stacks[count + 1]) == 1
    assert world.operations[count:] == [stacks.Operation.REFRESH_UP, stacks.Operation.UP]


def test_what_is_still_otherwise_after_the_stack_ran_is_not_called_repaired(lab: pathlib.Path, world: World) -> None:
    run(lab)
    shard = shard_of(lab)
    world.services = world.services_after = seen(finding(shard))
    one = side_run(lab)
    assert one.repaired == []
    assert one.left == [finding(shard)]


def test_what_nobody_restores_runs_no_stack_and_is_left(lab: pathlib.Path, world: World) -> None:
    run(lab)
    count = len(world.ran_stacks)
    orphan = finding("", what=drift.What.ORPHAN)
    world.services = world.services_after = seen(orphan)
    one = side_run(lab)
    assert len(world.ran_stacks) == count
    assert (one.repaired, one.left) == ([], [orphan])


def test_what_no_stack_manages_is_taken_back_and_a_failure_there_stops_no_stack(
    lab: pathlib.Path, world: World
) -> None:
    run(lab)
    shard = shard_of(lab)
    extra = finding(shard, mend={"kind": "membership"})
    world.services = seen(extra)
    assert side_run(lab).repaired == [extra]
    assert world.mended == [extra]
    world.services = world.services_after = seen(extra)
    world.mending = errors.GovcloudError("not taken back")
    count = len(world.ran_stacks)
    with pytest.raises(errors.GovcloudError, match="not taken back"):
        side_run(lab)
    assert world.ran_stacks[count:] == [(shard,)]


def test_a_cluster_that_cannot_be_read_is_asked_again_and_then_its_stacks_look_for_themselves(
    lab: pathlib.Path, world: World
) -> None:
    run(lab)
    count = len(world.ran_stacks)
    away = drift.Unread(
        side="external", part=drift.Part.CLUSTER, subject="cluster", reason="no", steps=("platform", shard_of(lab))
    )
    world.services = seen(unread=(away,))
    one = side_run(lab)
    assert len(world.ran_stacks) == count, "the second look went well"
    assert one.unread == []
    world.services = world.services_after = seen(unread=(away,))
    one = side_run(lab)
    assert world.ran_stacks[count:] == [away.steps]
    assert world.operations[-1] is stacks.Operation.REFRESH_UP
    assert one.unread == [away]


def test_a_repair_restores_what_drifted_and_leaves_a_changed_plan_to_a_deploy(lab: pathlib.Path, world: World) -> None:
    run(lab)
    stacks_before, roles_before = len(world.ran_stacks), len(world.ran_roles)
    path = lab / "tenants" / "finance.yaml"
    path.write_text(path.read_text("utf-8").replace("quota: l", "quota: m"), "utf-8")
    shard = shards.shard_of("finance")
    world.files["external-client"] = "2"
    world.services = seen(finding("platform"), finding(shard, "Namespace/finance-test"))
    world.services_after = seen(finding(shard, "Namespace/finance-test"))
    one = side_run(lab, "repair")
    assert world.ran_stacks[stacks_before:] == [("platform",)]
    assert world.ran_roles[roles_before:] == [("external-client",)]
    assert {found.subject for found in one.repaired} == {
        "external-client",
        "NetworkPolicy/finance-prod/default-deny",
    }
    assert [found.subject for found in one.left] == ["Namespace/finance-test"]
    assert world.ran_stacks[-1] != (shard,)
    run(lab)
    assert (shard,) in world.ran_stacks[stacks_before + 1 :], "the deploy brings the change"


def test_a_repair_where_nothing_drifted_runs_nothing(lab: pathlib.Path, world: World) -> None:
    run(lab)
    before = (len(world.ran_stacks), len(world.ran_roles))
    one = side_run(lab, "repair")
    assert (len(world.ran_stacks), len(world.ran_roles)) == before
    assert (one.repaired, one.left, one.unread) == ([], [], [])


def test_quotas_that_were_read_become_samples_of_use(lab: pathlib.Path, world: World) -> None:
    run(lab)
    quota = {
        "metadata": {"name": "tenant", "namespace": "finance-prod"},
        "status": {"hard": {"requests.cpu": "4"}, "used": {"requests.cpu": "1"}},
    }
    world.services = seen(quotas=(quota,))
    one = side_run(lab)
    (sample,) = usage.read(one.folder.path)
    assert (sample.tenant, sample.environment, sample.ratios) == ("finance", "prod", {"cpu": 0.25})


def test_what_had_drifted_stays_on_record_where_its_stack_failed(lab: pathlib.Path, world: World) -> None:
    run(lab)
    world.services = seen(finding("platform"))
    world.failing_stacks = {"platform"}
    site = sites.load(lab, side="external")
    (plan,) = sites.plan(site, today=inventories.TODAY).sides
    one = siderun.SideRun(
        site=site,
        plan=plan,
        tools={"pulumi": pathlib.Path("/bin/pulumi")},
        request=siderun.Request(),
        journal=progress.Journal(Quiet()),
        now=NOW,
        logs=lab.parent.parent,
    )
    with pytest.raises(errors.GovcloudError, match="stacks failed"):
        sides.run(one)
    assert (one.repaired, one.left) == ([], [finding("platform")])


def test_the_break_glass_password_is_there_only_while_the_roles_of_its_machine_run_and_changes_once_shown(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sites.load(lab, side="external").space.side(platforms.Side.EXTERNAL)
    seen: list[str | None] = []

    def run_roles(*hosts: Any, **given: Any) -> ansible.Outcome:
        path = folder.secrets / "break-glass"
        seen.append(path.read_text(encoding="utf-8") if path.exists() else None)
        return world.run_roles(*hosts, **given)

    monkeypatch.setattr(ansible, "run_roles", run_roles)
    monkeypatch.setattr(preparing, "certify", lambda *_, **__: side_secrets.ensure(folder))
    workspace.ensure_secret(folder.secrets / "master")
    run(lab)
    first = side_secrets.unseal(folder)
    assert seen == [first]
    assert not (folder.secrets / "break-glass").exists()
    world.ran_roles.clear()
    run(lab)
    assert world.ran_roles == [("external-identity",)], "who saw it cannot use it after the next deploy"
    assert seen[1] not in (None, first)
    run(lab)
    assert len(seen) == 2


def test_another_secret_of_a_client_reaches_the_gateway_and_nobody_else(
    lab: pathlib.Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sites.load(lab, side="external").space.side(platforms.Side.EXTERNAL)
    monkeypatch.setattr(preparing, "certify", lambda *_, **__: side_secrets.ensure(folder))
    workspace.ensure_secret(folder.secrets / "master")
    run(lab)
    world.ran_roles.clear()
    (folder.secrets / "vpn-client").unlink()
    run(lab)
    assert world.ran_roles == [("gateway",)]
