"""Looking for drift, as far as no machine, cluster or database is needed."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import steps
from govcloud_cli.run import applied, drift, machines, reach, restoring, sites, workspace
from govcloud_cli.run.drift import findings, looking, seen, tasks
from govcloud_cli.run.drift import machines as drift_machines
from govcloud_cli.run.inspection import kubernetes, postgresql
from tests.support import inventories

SNAPSHOT = strategies.dictionaries(
    strategies.sampled_from(["file /etc/a", "unit b", "firewall"]), strategies.sampled_from("12")
)


@hypothesis.given(SNAPSHOT, SNAPSHOT)
def test_what_changed_came_or_went_is_named_and_nothing_else(recorded: dict[str, str], seen: dict[str, str]) -> None:
    found = drift.differences(recorded, seen)
    assert found == tuple(sorted(set(found)))
    same = {name for name in recorded if seen.get(name) == recorded[name]}
    assert set(found) == {*recorded, *seen} - same


def test_a_machine_that_is_as_it_was_has_not_drifted() -> None:
    assert drift.differences({"firewall": "1"}, {"firewall": "1"}) == ()


def test_each_thing_of_a_machine_is_a_finding_with_before_and_after() -> None:
    recorded = {"db": {"file /etc/a": "1", "firewall": "1", "unit x": "active"}, "dead": {"firewall": "1"}}
    now = {"db": {"file /etc/b": "2", "firewall": "2", "unit x": "active"}}
    found = drift_machines.compare("external", recorded, now)
    assert [(one.subject, one.field, one.what.value, one.expected, one.found, one.step) for one in found] == [
        ("db", "file /etc/a", "missing", "1", None, "roles"),
        ("db", "file /etc/b", "extra", None, "2", "roles"),
        ("db", "firewall", "changed", "1", "2", "roles"),
    ]


def finding(**fields: Any) -> drift.Finding:
    wanted = {"side": "external", "part": drift.Part.CLUSTER, "subject": "Namespace/a", "what": drift.What.CHANGED}
    return drift.Finding(**{**wanted, **fields})


def test_a_finding_is_json_whose_texts_are_cut() -> None:
    told = finding(found=["x" * 5000, {"a": "y" * 5000}]).to_json()
    assert len(json.dumps(told)) < 5000
    assert told["found"][0].endswith("… (5000 characters)")
    assert told["found"][1]["a"].startswith("yyy")


def test_the_first_few_are_told_and_the_rest_are_counted() -> None:
    assert drift.shortly([finding(field=str(number)) for number in range(5)]).endswith(
        "Namespace/a 2 changed and 2 more"
    )


def step(name: str, **entries: str) -> steps.Step:
    kind = steps.StepKind.PLATFORM if name == "platform" else steps.StepKind.TENANTS
    plain = {entry.replace("__", "/"): digest for entry, digest in entries.items()}
    return steps.Step(side=platforms.Side.EXTERNAL, name=name, kind=kind, code="", entries=plain)


def test_only_what_was_applied_as_it_is_planned_now_is_compared() -> None:
    ordered = (
        step("platform", Namespace__a="1", Namespace__changed="2", Namespace__new="1"),
        step("tenants-00", Secret__b__c="1", Database__d="1"),
    )
    applied_entries = {
        "platform": {"Namespace/a": "1", "Namespace/changed": "1", "Role/x/gone": "1"},
        "tenants-00": {"Secret/b/c": "1", "Database/d": "1"},
    }
    scope = tasks.scope(ordered, applied_entries)
    assert scope.objects == {"Namespace/a": "1", "Secret/b/c": "1"}
    assert scope.databases == {"d"}
    assert scope.pending == {"Namespace/changed", "Namespace/new", "Role/x/gone"}
    assert scope.step_of["Role/x/gone"] == "platform"
    assert ("rbac.authorization.k8s.io/v1", "Role") in scope.kinds


def test_before_anything_was_applied_there_is_nothing_to_compare() -> None:
    scope = tasks.scope((step("platform", Namespace__a="1"),), {})
    assert scope.planned == {}


def test_a_secret_is_compared_again_when_the_values_changed_behind_its_plan(folder: workspace.SideFolder) -> None:
    objects = {"Secret/a/b": "1", "ConfigMap/a/b": "1"}
    first = tasks.sealed(objects, seal=tasks.seal(folder))
    assert first["ConfigMap/a/b"] == "1"
    workspace.write(folder.pki / "services-ca.crt", "another authority")
    second = tasks.sealed(objects, seal=tasks.seal(folder))
    assert second["Secret/a/b"] != first["Secret/a/b"]
    assert second["ConfigMap/a/b"] == "1"


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> workspace.SideFolder:
    found = workspace.SideFolder(path=tmp_path / ".govcloud" / "external", side=platforms.Side.EXTERNAL)
    workspace.write(found.secrets / "master", "aa" * 32)
    workspace.write(found.pki / "services-ca.crt", "CA")
    return found


def test_the_record_counts_only_for_what_it_was_compared_with(folder: workspace.SideFolder) -> None:
    record = seen.Seen(objects={"Namespace/a": ("1", "mark"), "Namespace/b": ("1", "mark")}, verifiers={"r": "s"})
    seen.save(folder, record)
    assert seen.load(folder) == record
    marks = record.marks({"Namespace/a": "1", "Namespace/b": "2", "Namespace/c": "1"})
    assert marks == {"Namespace/a": "mark", "Namespace/b": "", "Namespace/c": ""}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": "0"}', '{"version": null, "objects": 1}', "null"])
def test_a_record_that_is_none_costs_time_only(folder: workspace.SideFolder, text: str) -> None:
    workspace.write(folder.path / seen.NAME, text)
    assert seen.load(folder) == seen.Seen()


def test_a_record_of_another_version_of_ours_does_not_count(
    folder: workspace.SideFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen.save(folder, seen.Seen(objects={"a": ("1", "2")}))
    monkeypatch.setattr(seen, "__version__", "another")
    assert seen.load(folder) == seen.Seen()


def live(kind: str = "Namespace", **fields: Any) -> dict[str, Any]:
    metadata = {"name": "a", "uid": "u", "resourceVersion": "7", **fields.pop("metadata", {})}
    return {"kind": kind, "metadata": metadata, **fields}


@pytest.mark.parametrize(
    "other",
    [
        {"resourceVersion": "8"},
        {"uid": "another"},
        {"managedFields": [{"time": "2026-01-01T00:00:00Z"}]},
    ],
    ids=["written to", "made anew", "another life of a restored store"],
)
def test_no_two_states_of_an_object_share_a_fingerprint(other: dict[str, Any]) -> None:
    assert kubernetes.fingerprint(live()) != kubernetes.fingerprint(live(metadata=other))


def test_a_quota_that_counts_a_further_pod_is_the_same_and_one_that_was_raised_is_not() -> None:
    before = live("ResourceQuota", spec={"hard": {"pods": "1"}}, status={"used": {"pods": "0"}})
    counted = live("ResourceQuota", spec={"hard": {"pods": "1"}}, status={"used": {"pods": "1"}})
    counted["metadata"]["resourceVersion"] = "8"
    raised = live("ResourceQuota", spec={"hard": {"pods": "9"}})
    assert kubernetes.fingerprint(before) == kubernetes.fingerprint(counted)
    assert kubernetes.fingerprint(before) != kubernetes.fingerprint(raised)


NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


@dataclasses.dataclass
class Side:
    """The lab's external side, applied as planned."""

    subject: drift.Subject
    answers: dict[str, Any] = dataclasses.field(default_factory=dict)
    jobs: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def ask_worker(self, _: drift.Subject, job: dict[str, Any]) -> dict[str, Any]:
        self.jobs.append(job)
        return self.answers


@pytest.fixture
def side(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    site = sites.load(inventories.copy("lab", tmp_path), side="external")
    (plan,) = sites.plan(site, today=inventories.TODAY).sides
    folder = site.space.side(plan.side)
    ordered = steps.of(plan, sites.facts(plan, folder))
    record = applied.Applied(folder=folder, entries={one.name: dict(one.entries) for one in ordered})
    workspace.write(folder.secrets / "master", "aa" * 32)
    workspace.write(folder.pki / "services-ca.crt", "CA")
    way = reach.Reach(namespace=None)
    found = Side(drift.Subject(plan=plan, steps=ordered, record=record, folder=folder, way=way))
    monkeypatch.setattr(looking, "ask_worker", found.ask_worker)
    return found


def answer(**fields: Any) -> dict[str, Any]:
    cluster: dict[str, Any] = {"findings": [], "equal": {}, "quotas": []}
    return {"unread": [], "cluster": cluster, "databases": {"findings": [], "seals": {}}, **fields}


def test_every_object_and_database_is_asked_about_once(side: Side) -> None:
    side.answers = answer()
    look = drift.look_at_services(side.subject)
    (job,) = side.jobs
    planned = {
        entry for one in side.subject.steps for entry in one.entries if one.name not in ("network", "roles", "identity")
    }
    asked = {f"Database/{plan['database']}" for server in job["databases"] for plan in server["planned"]}
    assert set(job["cluster"]["planned"]) | asked == planned
    assert look.objects + look.databases == len(planned)
    assert "password" not in json.dumps(job), "no secret leaves before it is asked for"


def test_what_was_found_equal_is_remembered_and_not_sent_again(side: Side) -> None:
    side.answers = answer(cluster={"findings": [], "equal": {"Namespace/finance-prod": "mark"}, "quotas": []})
    drift.look_at_services(side.subject)
    drift.look_at_services(side.subject)
    marks = [job["cluster"]["planned"]["Namespace/finance-prod"] for job in side.jobs]
    assert marks == ["", "mark"]


def test_a_finding_knows_its_tenant_and_the_stack_that_restores_it(side: Side) -> None:
    gone = {"subject": "NetworkPolicy/finance-prod/default-deny", "what": "missing"}
    orphan = {"subject": "NetworkPolicy/finance-prod/open", "what": "orphan"}
    extra = {
        "database": "finance_prod_ledger",
        "subject": "Role/finance_prod_ledger_rw",
        "what": "changed",
        "field": "superuser",
        "mend": {"kind": postgresql.DEMOTE, "role": "finance_prod_ledger_rw"},
    }
    name = next(plan.database for shard in side.subject.plan.shards for plan in shard.databases)
    extra["database"] = name
    side.answers = answer(
        cluster={"findings": [orphan, gone], "equal": {}, "quotas": []}, databases={"findings": [extra], "seals": {}}
    )
    first, second, third = drift.look_at_services(side.subject).found
    assert (first.tenant, first.step[:8]) == ("finance", "tenants-")
    assert (second.tenant, second.step) == ("finance", "")
    assert third.mend is not None
    assert third.mend["machine"] == "external-db"
    assert third.tenant


def test_where_the_worker_dies_nothing_is_said_to_be_as_it_was(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: Any) -> Any:
        raise errors.GovcloudError("it ended early")

    monkeypatch.setattr(looking, "ask_worker", die)
    look = drift.look_at_services(side.subject)
    assert {one.subject for one in look.unread} == {"cluster", "databases on external-db", "realm"}
    assert all(one.steps for one in look.unread)
    assert look.objects == 0


def test_a_side_that_is_not_there_is_unread_not_unchanged(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(reach.Reach, "exists", property(lambda _: False))
    side.subject.record.snapshots = {"external-db": {"firewall": "1"}}
    look = drift.look(side.subject)
    assert {one.subject for one in look.unread} == {"external-db", "cluster", "databases on external-db", "realm"}
    assert "could not look at external-db" in drift.summary(look)


def test_the_worker_itself_tells_what_cannot_be_reached(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    broken = dataclasses.replace(side.subject.plan, kubeconfig="/nowhere", databases=())
    look = drift.look_at_services(dataclasses.replace(side.subject, plan=broken))
    realm, one = sorted(look.unread, key=lambda one: one.subject, reverse=True)
    assert (realm.subject, one.subject, look.found) == ("realm", "cluster", ())
    assert "a file is missing" in realm.reason
    assert "cannot be read" in one.reason


def test_superusers_are_taken_down_on_the_machine_before_anything_else(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def run_script(script: str, arguments: Any, **_: Any) -> dict[str, Any]:
        asked.append((script, arguments))
        return {"external-db": {"r": ""}}

    monkeypatch.setattr(machines, "run_script", run_script)
    side.answers = {"error": ""}
    found = [
        finding(mend={"kind": "membership", "role": "a", "member": "b", "machine": "external-db"}),
        finding(mend={"kind": "demote", "role": "r", "machine": "external-db"}),
        finding(),
    ]
    drift.mend(side.subject, found)
    assert asked == [("demote", {"external-db": {"roles": ["r"]}})]
    assert [task["kind"] for task in side.jobs[0]["mend"][0]["tasks"]] == ["membership"]
    side.answers = {"error": "no"}
    with pytest.raises(errors.GovcloudError, match="cannot be taken back") as caught:
        drift.mend(side.subject, found)
    assert caught.value.cause == "no"


def test_an_outcome_that_lacks_a_part_is_never_no_drift() -> None:
    unread = findings.Unread(side="external", part=drift.Part.CLUSTER, subject="cluster", reason="no")
    assert restoring.Outcome(found=()).exit_code == 0
    assert restoring.Outcome(found=(finding(),)).exit_code == 4
    assert restoring.Outcome(found=(), unread=(unread,)).exit_code == 6
    assert restoring.Outcome(found=(finding(),), unread=(unread,)).exit_code == 6
