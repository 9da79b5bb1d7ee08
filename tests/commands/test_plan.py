from __future__ import annotations

import json
import pathlib

import pytest

from govcloud_cli.plan import steps
from govcloud_cli.run import applied, sites
from tests.support import inventories
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
