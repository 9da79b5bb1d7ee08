"""People within a deploy, with an identity service in memory."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import tenants
from govcloud_cli.plan import shards, steps
from govcloud_cli.run import applied, decisions, ledger, progress, rotations, siderun, sites
from govcloud_cli.run.audit import places as audit_places
from govcloud_cli.run.audit import reading
from govcloud_cli.run.people import deploying, places, rotating, side
from tests.support import people_service
from tests.support.reporters import Quiet

LI = {"id": "li.wei", "displayName": "李伟", "organisation": "yunxi-finance", "groups": ["finance:owners"]}
WANG = {"id": "wang.fang", "displayName": "王芳", "organisation": "yunxi-tax"}


class Deploy:
    """A deploy of the external side whose steps do nothing."""

    def __init__(self, world: people_service.Environment, *, leavers: int | None = None) -> None:
        self.world, self.site = world, world.site
        self.journal = progress.Journal(Quiet())
        self.plan = sites.plan(self.site, today=people_service.NOW.date())
        clock = lambda: people_service.NOW  # noqa: E731
        self.book = ledger.opened(self.site, clock=clock, verb="deploy", environ={"PATH": ""})
        work = side.Work(clock=clock, environ={"PATH": ""}, journal=self.journal, book=self.book, leavers=leavers)
        self.people = deploying.People(site=self.site, work=work)
        (planned,) = self.plan.sides
        self.run = siderun.SideRun(
            site=self.site,
            plan=planned,
            tools={},
            request=siderun.Request(),
            journal=self.journal,
            now=people_service.NOW,
            logs=world.folder.path / "logs",
        )

    def ran(self, *kinds: str) -> None:
        """The steps ran, and those of these kinds succeeded."""
        self.run.steps = steps.of(self.run.plan, sites.facts(self.run.plan, self.run.folder))
        for step in self.run.steps:
            if step.kind.value in kinds:
                self.run.record.finish(step)

    def leave(self) -> None:
        self.people.look(self.plan)
        self.people.leave(self.plan)

    def settle(self) -> None:
        self.people.settle(self.run)

    def whole(self) -> None:
        self.leave()
        self.settle()

    @property
    def told(self) -> dict[str, tuple[bool, str]]:
        return {step.name.removeprefix("external/"): (step.changed, step.note) for step in self.journal.results}


@pytest.fixture
def world(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> people_service.Environment:
    monkeypatch.setattr(rotating, "rotate", lambda *_: None)
    return people_service.environment(tmp_path, monkeypatch)


def with_realm(world: people_service.Environment) -> None:
    record = applied.load(world.folder)
    record.entries["identity"] = {"Realm/govcloud": "x"}
    record.save()


def test_on_a_fresh_environment_people_join_when_the_groups_are_there(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Deploy(world.says(monkeypatch, LI, WANG))
    one.leave()
    assert one.told == {}, "there is no realm to look at"
    one.settle()
    assert one.told == {"people": (True, "2 joined, 0 moved, 0 left, 0 returned")}
    assert world.service.user("li.wei")["groups"] == {"org:yunxi-finance", "finance:owners"}


def test_leavers_are_out_before_anything_else_and_joiners_come_last(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    world.service.add("gone", "org:yunxi-finance", "finance:maintainers")
    one = Deploy(world.says(monkeypatch, LI))
    one.leave()
    assert world.service.user("gone")["enabled"] is False
    assert rotations.load(world.folder).generations == {"finance": 2}, "before the plan is made that is deployed"
    assert [user["username"] for user in world.service.users.values()] == ["gone"]
    one.settle()
    assert one.told["leavers"] == (False, "1 account, 1 leaves")
    assert one.told["leave"] == (True, "1 left: gone")
    assert one.told["people"] == (True, "1 joined, 0 moved, 0 left, 0 returned")
    again = Deploy(world.says(monkeypatch, LI))
    again.whole()
    assert not any(changed for name, (changed, _) in again.told.items() if name != "passwords")
    assert again.told["leavers"] == (False, "1 account, nobody leaves")
    assert again.told["people"] == (False, "1 account as people.yaml says")
    world.service.add("by.hand", "org:yunxi-tax")
    made = Deploy(world.says(monkeypatch, LI))
    made.run.begun.add("identity")
    made.settle()
    assert made.told["people"][0], "where the realm's stack ran, people are looked at again"


def test_a_mass_leave_is_refused_with_nothing_done(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    for number in range(12):
        world.service.add(f"p{number}", "org:yunxi-tax")
    said = world.says(monkeypatch, WANG)
    with pytest.raises(errors.UsageError, match="12 of 12 accounts would be disabled at once"):
        Deploy(said).leave()
    assert (world.service.calls, rotations.load(world.folder)) == ([], rotations.Rotations())
    with pytest.raises(errors.UsageError, match="--leavers 11 was given"):
        Deploy(said, leavers=11).leave()
    assert world.service.calls == []
    Deploy(said, leavers=12).whole()
    assert not any(user["enabled"] for user in world.service.users.values() if user["username"] != "wang.fang")


def test_leavers_of_a_realm_that_does_not_answer_are_seen_to_when_it_is_mended(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    world.service.add("gone", "org:yunxi-finance", "finance:maintainers")
    one = Deploy(world.says(monkeypatch, LI))
    answering = places.Place.opened

    def silent(*_: Any, **__: Any) -> Any:
        raise errors.GovcloudError("connection refused")

    monkeypatch.setattr(places.Place, "opened", silent)
    one.leave()
    assert "does not answer" in one.told["leavers"][1]
    monkeypatch.setattr(places.Place, "opened", answering)
    one.settle()
    assert one.told["people"] == (True, "1 joined, 0 moved, 1 left, 0 returned")
    assert rotations.load(world.folder).generations == {"finance": 2}


def test_a_mass_leave_of_a_realm_that_was_mended_is_refused_too(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        world.service.add(f"p{number}", "org:yunxi-tax")
    with pytest.raises(errors.UsageError, match="12 of 12"):
        Deploy(world.says(monkeypatch, WANG)).settle()
    assert world.service.calls == []


def test_what_could_not_be_done_is_partly_done_and_done_by_the_next_deploy(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    gone = world.service.add("gone", "org:yunxi-tax")
    said = world.says(monkeypatch, WANG)
    world.service.refuses = lambda _, path: gone in path
    one = Deploy(said)
    one.leave()
    with pytest.raises(errors.PartlyDoneError) as caught:
        one.settle()
    assert caught.value.cause == "gone: Keycloak refused (HTTP 500)"
    assert world.service.user("wang.fang")["enabled"], "nobody waits for somebody else"
    world.service.refuses = lambda *_: False
    Deploy(said).whole()
    assert world.service.user("gone")["enabled"] is False


def test_what_the_deploys_own_stacks_rotated_is_on_record(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    one = Deploy(world.says(monkeypatch, LI))
    one.leave()
    ends = [rotating.Ended(tenants=("finance",), sessions=2)]
    monkeypatch.setattr(rotating, "cut", lambda *_: ends.pop())
    one.settle()
    where = audit_places.of_site(one.site, one.site.sides[0])
    found = reading.of_side(where, environment="lab", side="external")
    records = [] if found is None else [entry.entry for entry, right in found.records() if right]
    assert [entry.details for entry in records if entry.action == "passwords-rotated"] == [
        {"tenants": ["finance"], "sessions": 2, "waiting": []}
    ]


def test_a_killed_probes_account_goes_though_nobody_changes(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    world.service.add("wang.fang", "org:yunxi-tax", shown="王芳")
    world.service.add("govcloud-probe-hidden", "finance:owners")
    one = Deploy(world.says(monkeypatch, WANG))
    one.whole()
    assert one.told["people"] == (True, "1 account as people.yaml says")
    assert [user["username"] for user in world.service.users.values()] == ["wang.fang"]


def test_a_person_who_fails_and_a_stack_that_fails_are_both_told(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    gone = world.service.add("gone", "org:yunxi-tax")
    world.service.add("li.wei", "org:yunxi-finance", "finance:owners", shown="李伟")
    world.service.refuses = lambda _, path: gone in path

    def broken(*_: Any) -> Any:
        raise errors.GovcloudError("the stack failed", where="tenant-finance", cause="no answer")

    monkeypatch.setattr(rotating, "rotate", broken)
    one = Deploy(world.says(monkeypatch, {**LI, "groups": ["finance:viewers"]}))
    one.leave()
    with pytest.raises(errors.GovcloudError, match="the stack failed") as caught:
        one.settle()
    assert caught.value.where == "tenant-finance"
    assert caught.value.cause == "no answer\ngone: Keycloak refused (HTTP 500)"


def test_a_mover_moves_after_the_stacks_and_what_he_knew_changes_then(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    world.service.add("li.wei", "org:yunxi-finance", "finance:owners", shown="李伟")
    one = Deploy(world.says(monkeypatch, {**LI, "groups": ["finance:viewers"]}))
    one.leave()
    assert world.service.calls == []
    one.settle()
    assert world.service.user("li.wei")["groups"] == {"org:yunxi-finance", "finance:viewers"}
    assert world.service.user("li.wei")["sessions"] == 0
    assert one.told["passwords"][1].startswith("0 tenants")
    (database, *_) = [d for shard in one.run.plan.shards for d in shard.databases if d.tenant == "finance"]
    assert database.generation == 2, "what runs after this, verify too, knows the password of now"


def with_former_members(world: people_service.Environment) -> None:
    """The finance tenant was last applied with one more group that could read its secrets."""
    (finance,) = [one for one in world.site.spec.tenants if one.metadata.id == "finance"]
    former = tenants.Member(group="office:owners", role=tenants.Role.MAINTAINER)
    spec = finance.spec.model_copy(update={"members": (*finance.spec.members, former)})
    entry = decisions.Entry(
        applied=finance.model_copy(update={"spec": spec}),
        attempted="",
        number=0,
        decided=None,
        at=f"{people_service.NOW:%Y-%m-%dT%H:%M:%SZ}",
    )
    decisions.save(world.folder, decisions.Record(tenants={"finance": entry}))


def test_what_former_members_could_read_changes_when_their_binding_is_gone(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    with_former_members(world)
    one = Deploy(world.says(monkeypatch, LI))
    one.leave()
    one.ran()
    one.settle()
    assert rotations.load(world.folder).generations == {}, "its stack failed: they could read the new ones too"
    decisions.save(world.folder, decisions.Record())
    again = Deploy(world.says(monkeypatch, LI))
    again.leave()
    again.ran("tenants")
    again.settle()
    record = rotations.load(world.folder)
    assert (record.generations, tuple(record.owed)) == ({"finance": 2}, ())
    (database, *_) = [d for shard in again.run.plan.shards for d in shard.databases if d.tenant == "finance"]
    assert database.generation == 2


def test_what_is_done_is_judged_by_the_secrets_of_now(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    world.service.add("li.wei", "org:yunxi-finance", "finance:owners", shown="李伟")

    def rotated(run: siderun.SideRun, found: rotating.Due) -> None:
        for step in found.steps:
            run.record.finish(step)

    monkeypatch.setattr(rotating, "rotate", rotated)
    monkeypatch.setattr(rotating, "end_sessions", lambda *_: 0)
    one = Deploy(world.says(monkeypatch, {**LI, "groups": ["finance:viewers"]}))
    one.leave()
    one.ran("tenants")
    one.settle()
    # Otherwise the ledger calls a mover's tenants failed, and they are never on record as applied.
    (due,) = [step for step in one.run.steps if step.name == shards.shard_of("finance")]
    assert one.run.record.is_done(due)


def test_beside_a_tenants_failed_stack_everybody_else_is_seen_to(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_realm(world)
    one = Deploy(world.says(monkeypatch, LI))
    one.run.record = applied.load(world.folder)
    one.leave()
    error = errors.PartlyDoneError("1 of 3 stacks failed", cause="finance: no answer")
    one.people.settle_beside(error, one.run)
    assert world.service.user("li.wei")["enabled"]
    assert error.cause == "finance: no answer"
    world.service.refuses = lambda *_: True
    again = Deploy(world.says(monkeypatch, WANG))
    again.people.settle_beside(error, again.run)
    assert error.cause.startswith("finance: no answer\nexternal/people: ")


def test_before_the_realm_is_made_a_failed_stack_says_nothing_of_people(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Deploy(world.says(monkeypatch, LI))
    error = errors.PartlyDoneError("1 of 3 stacks failed")
    one.people.settle_beside(error, one.run)
    assert (error.cause, one.told) == (None, {})
