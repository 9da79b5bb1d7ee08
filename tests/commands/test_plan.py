from __future__ import annotations

import json
import pathlib

import pytest

from govcloud_cli.plan import steps
from govcloud_cli.run import applied, sites
from tests.support import inventories, people_service
from tests.support.command_line import run


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> pathlib.Path:
    return inventories.copy("lab", tmp_path)


def apply(folder: pathlib.Path) -> None:
    """Record everything as done."""
    site = sites.load(folder)
    for side in sites.plan(site, today=inventories.TODAY).sides:
        record = applied.load(site.space.side(side.side))
        for step in steps.of(side, sites.facts(side, record.folder)):
            record.finish(step)


def test_a_fresh_environment_is_all_additions_and_nothing_is_made(lab: pathlib.Path) -> None:
    result = run("plan", "--env", str(lab), "--json")
    assert result.code == 0
    assert result.document["changed"] is True
    summary = result.document["summary"]
    assert summary["add"] > 300
    assert (summary["change"], summary["destroy"]) == (0, 0)
    assert not (lab.parent.parent / ".govcloud").exists(), "plan changes nothing"


def test_what_was_applied_is_no_change_and_says_so(lab: pathlib.Path) -> None:
    apply(lab)
    assert run("plan", "--env", str(lab)).stdout.startswith("No changes.")
    document = run("plan", "--env", str(lab), "--json").document
    assert document == {
        "schemaVersion": 1, "changed": False, "summary": {"add": 0, "change": 0, "destroy": 0}, "steps": [],
        "people": [{"side": "external", "unread": document["people"][0]["unread"], "leavers": 0}],
    }  # fmt: skip


def test_a_changed_tenant_is_told_entry_by_entry(lab: pathlib.Path) -> None:
    apply(lab)
    path = lab / "tenants" / "finance.yaml"
    path.write_text(path.read_text("utf-8").replace("quota: l", "quota: m"), "utf-8")
    result = run("plan", "--env", str(lab))
    assert "  ~ ResourceQuota/finance-prod/" in result.stdout
    assert result.stdout.strip().endswith("0 to destroy")
    assert "external/roles" not in result.stdout


def test_a_removed_tenant_is_told_as_destruction(lab: pathlib.Path) -> None:
    apply(lab)
    (lab / "tenants" / "tourism.yaml").unlink()
    result = run("plan", "--env", str(lab), "--full")
    assert "  - Namespace/tourism-prod" in result.stdout


def test_one_side_can_be_looked_at_alone(lab: pathlib.Path) -> None:
    names = [step["name"] for step in run("plan", "--env", str(lab), "--side", "internal", "--json").document["steps"]]
    assert names
    assert all(name.startswith("internal/") for name in names)


def test_only_the_first_entries_are_shown_unless_all_are_asked_for(lab: pathlib.Path) -> None:
    short, full = (run("plan", "--env", str(lab), *option).stdout for option in ([], ["--full"]))
    assert "more; --full lists them" in short
    assert full.count("\n  + ") > short.count("\n  + ")


def test_a_bad_inventory_is_2_with_every_fault(lab: pathlib.Path) -> None:
    path = lab / "tenants" / "finance.yaml"
    path.write_text(
        path.read_text("utf-8").replace("mlps: 3", "mlps: 9").replace("owner: gu.wenbo", "owner: 7"), "utf-8"
    )
    result = run("plan", "--env", str(lab))
    assert result.code == 2
    assert result.stderr.count("error[GC") == 2
    document = run("plan", "--env", str(lab), "--json").document
    assert len(document["faults"]) == 2
    assert json.dumps(document)


def test_hosts_of_ones_own_have_no_network_to_make(tmp_path: pathlib.Path) -> None:
    document = run("plan", "--env", str(inventories.copy("example", tmp_path)), "--json").document
    assert not [step for step in document["steps"] if step["name"].endswith("/network")]


LI = {"id": "li.wei", "displayName": "李伟", "organisation": "yunxi-finance", "groups": ["finance:owners"]}
MANY = 12


@pytest.fixture
def world(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> people_service.Environment:
    """An environment whose realm was made."""
    made = people_service.environment(tmp_path, monkeypatch)
    record = applied.load(made.folder)
    record.entries["identity"] = {"Realm/govcloud": "x"}
    record.save()
    return made


def test_leavers_are_told_before_the_steps_and_joiners_after_them(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.service.add("gone", "org:yunxi-finance", "finance:maintainers")
    world.says(monkeypatch, LI)
    steps_told = run("plan", "--json").document["steps"]
    assert steps_told[0] == {"name": "external/leave", "changes": [{"action": "destroy", "entry": "Person/gone"}]}
    assert steps_told[-1] == {"name": "external/people", "changes": [{"action": "add", "entry": "Person/li.wei"}]}
    shown = run("plan").stdout
    assert "external/leave\n  - Person/gone\n" in shown
    assert "external/people\n  + Person/li.wei\n" in shown
    assert world.service.calls == [], "plan changes nothing"


def test_a_movers_secrets_change_after_everything_else(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.service.add("li.wei", "org:yunxi-finance", "finance:owners", shown="李伟")
    world.says(monkeypatch, {**LI, "groups": ["finance:viewers"]})
    shown = run("plan").stdout
    assert "external/people\n  ~ Person/li.wei\nexternal/passwords\n  ~ Secrets/finance\n" in shown


def test_a_mass_leave_is_told_with_the_number_that_deploy_needs(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MANY):
        world.service.add(f"p{number}", "org:yunxi-tax")
    world.says(monkeypatch, LI)
    assert f"deploy needs --leavers {MANY}" in run("plan").stderr
    assert run("plan", "--json").document["people"] == [{"side": "external", "unread": None, "leavers": MANY}]


def test_a_realm_that_cannot_be_asked_is_told_and_nobody_is_guessed(lab: pathlib.Path) -> None:
    apply(lab)
    told = run("plan", "--env", str(lab))
    assert "nobody can say who joins, moves or leaves" in told.stderr
    assert "Person/" not in told.stdout
