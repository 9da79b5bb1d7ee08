"""Which steps a deploy finds due; what a machine or an engine does is not asked here."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import steps
from govcloud_cli.run import ansible, applied, drift, preparing, progress, reach, sides, sites, ssh, stacks
from tests.support import inventories
from tests.support.reporters import Quiet

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


class World:
    """Machines and stacks that do as they are told, and remember it."""

    def __init__(self) -> None:
        self.ran_roles: list[tuple[str, ...]] = []
        self.ran_stacks: list[tuple[str, ...]] = []
        self.files: dict[str, str] = {}
        self.dead: set[str] = set()
        self.failing_roles: dict[str, str] = {}
        self.failing_stacks: set[str] = set()

    def look(self, chosen: Any, **_: Any) -> tuple[dict[str, drift.Snapshot], dict[str, errors.GovcloudError]]:
        dead = {host.name: errors.GovcloudError("dead") for host in chosen if host.name in self.dead}
        seen = {host.name: {"file /x": self.files.get(host.name, "1")} for host in chosen if host.name not in dead}
        return seen, dead

    def run_roles(self, hosts: Any, *, only: tuple[str, ...], **_: Any) -> ansible.Outcome:
        self.ran_roles.append(tuple(sorted(only)))
        for name in only:
            self.files.pop(name, None)
        roles = {host.name: frozenset(host.roles) for host in hosts}
        return ansible.Outcome(
            changed=dict.fromkeys(only, ("x",)),
            failed={name: cause for name, cause in self.failing_roles.items() if name in only},
            reached={name: roles[name] for name in only},
        )

    def run_stacks(self, job: stacks.Job, *, done: Any, **_: Any) -> tuple[stacks.StackResult, ...]:
        self.ran_stacks.append(job.stacks)
        found = []
        for name in job.stacks:
            error = "no" if name in self.failing_stacks else ""
            result = stacks.StackResult(stack=name, changed=1, outputs={}, error=error)
            found.append(result)
            done(result)
        self.dead.clear()
        return tuple(found)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> World:
    made = World()
    monkeypatch.setattr(drift, "look", made.look)
    monkeypatch.setattr(ansible, "run_roles", made.run_roles)
    monkeypatch.setattr(stacks, "run", made.run_stacks)
    monkeypatch.setattr(preparing, "certify", lambda *_, **__: ())
    monkeypatch.setattr(ssh, "_SOCKETS", tmp_path / "run")
    monkeypatch.setattr(reach.Reach, "exists", property(lambda _: True))
    return made


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> pathlib.Path:
    return inventories.copy("lab", tmp_path)


def run(lab: pathlib.Path) -> progress.Journal:
    """Deploy the external side."""
    site = sites.load(lab, side="external")
    (plan,) = sites.plan(site).sides
    journal = progress.Journal(Quiet())
    tools = {"pulumi": pathlib.Path("/bin/pulumi")}
    request = sides.Request()
    sides.SideRun(
        site=site, plan=plan, tools=tools, request=request, journal=journal, now=NOW, logs=lab.parent.parent
    ).run()
    return journal


def changed(journal: progress.Journal) -> list[str]:
    return [step.name for step in journal.results if step.changed]


MACHINES = ("border", "external-client", "external-db", "external-k8s", "internet-client")


def test_a_fresh_side_is_made_whole_and_a_second_run_does_nothing(lab: pathlib.Path, world: World) -> None:
    run(lab)
    assert world.ran_stacks[0] == ("network",)
    assert world.ran_roles == [MACHINES]
    assert world.ran_stacks[1][0] == "platform"
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
    assert "machines did not answer: border" in journal.results[0].note


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
    with pytest.raises(errors.GovcloudError, match="did not end well on 1 of 5 machines") as caught:
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
    world.failing_stacks = {f"tenants-{number:02}" for number in range(8)}
    with pytest.raises(errors.GovcloudError):
        run(lab)
    record = applied.load(sites.load(lab).space.side(platforms.Side.EXTERNAL))
    assert "finance" in record.tenants, "so that its removal is asked for"
    assert not [name for name in record.digests if name.startswith("tenants-")]


def test_a_tenant_that_was_removed_is_forgotten_once_its_shard_ran(lab: pathlib.Path, world: World) -> None:
    run(lab)
    (lab / "tenants" / "tourism.yaml").unlink()
    run(lab)
    assert len(world.ran_stacks[-1]) == 1
    assert "tourism" not in applied.load(sites.load(lab).space.side(platforms.Side.EXTERNAL)).tenants


def test_entries_of_every_step_are_on_record_for_the_next_plan(lab: pathlib.Path, world: World) -> None:
    run(lab)
    site = sites.load(lab, side="external")
    (side,) = sites.plan(site).sides
    record = applied.load(site.space.side(side.side))
    for step in steps.of(side, sites.facts(side, record.folder)):
        assert record.is_done(step) or not step.entries
