from __future__ import annotations

import pathlib
import sys
from typing import Any

import pytest

from govcloud_cli.commands import deploy as command
from govcloud_cli.model import platforms
from govcloud_cli.run import applied, enforcing, policies, preparing, process, sides, sites, verify, workspace
from govcloud_cli.run.access import routine
from govcloud_cli.run.people import deploying as deploying_people
from tests.support import deploying, inventories
from tests.support.command_line import run


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> pathlib.Path:
    return inventories.copy("lab", tmp_path)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything is installed, and sides do nothing but say that they ran."""
    ran: list[str] = []
    monkeypatch.setenv("GOVCLOUD_RUN", "")
    monkeypatch.setattr(preparing, "prepare", lambda *_, **__: preparing.Prepared(tools={}, made=()))
    monkeypatch.setattr(sites, "prepare_keys", lambda _: None)
    monkeypatch.setattr(policies, "judge", lambda *_, **__: deploying.SILENCE)
    monkeypatch.setattr(enforcing, "guards", lambda *_, **__: ())
    monkeypatch.setattr(process, "end_leftovers", lambda _: ())
    monkeypatch.setattr(deploying_people.People, "settle", lambda *_: None)
    monkeypatch.setattr(routine, "follow", lambda *_, **__: None)

    def ran_side(side: Any) -> None:
        ran.append(side.plan.side.value)
        with side.journal.step(f"{side.plan.side.value}/roles") as step:
            step.changed = True

    monkeypatch.setattr(sides, "run", ran_side)
    monkeypatch.setattr(verify, "verify", lambda *_, **__: (verify.Checked(id="x", expected="open", seen="open"),))
    return ran


def record(lab: pathlib.Path, *tenants: str) -> None:
    """The external side was deployed with these tenants."""
    folder = workspace.locate(lab).side(platforms.Side.EXTERNAL)
    applied.Applied(folder=folder, tenants=list(tenants)).save()


def test_both_sides_are_deployed_and_the_platform_summed_up(lab: pathlib.Path, prepared: list[str]) -> None:
    result = run("deploy", "--env", str(lab))
    assert result.code == 0, result.stderr
    assert sorted(prepared) == ["external", "internal"]
    assert "Deployed 'lab' in " in result.stdout
    assert "10.20.0.11:6432/tcp" in result.stdout
    assert "Checks passed: 1" in result.stdout


def test_one_side_is_deployed_without_the_other(lab: pathlib.Path, prepared: list[str]) -> None:
    assert run("deploy", "--env", str(lab), "--side", "internal").code == 0
    assert prepared == ["internal"]


def test_progress_in_a_log_is_a_line_per_step_and_rewrites_nothing(lab: pathlib.Path, prepared: list[str]) -> None:
    result = run("deploy", "--env", str(lab))
    lines = result.stderr.splitlines()
    assert [line.split()[1] for line in lines[:2]] == ["approvals", "policies"]
    assert len(lines) == 6, "approvals, policies, prepare, two sides, verify"
    assert "\r" not in result.stderr
    assert "\x1b" not in result.stderr


def test_with_json_there_is_one_document_and_no_progress(lab: pathlib.Path, prepared: list[str]) -> None:
    result = run("deploy", "--env", str(lab), "--json")
    assert result.stderr == ""
    assert result.document["ok"] is True
    assert result.document["changed"] is True
    assert {step["name"] for step in result.document["steps"]} == {
        "approvals", "policies", "prepare", "external/roles", "internal/roles", "verify",
    }  # fmt: skip


def test_expecting_no_changes_is_7_where_there_were_some(lab: pathlib.Path, prepared: list[str]) -> None:
    assert run("deploy", "--env", str(lab), "--expect-no-changes").code == 7


def test_a_tenant_whose_file_is_gone_is_not_deleted_unless_it_is_named(lab: pathlib.Path, prepared: list[str]) -> None:
    record(lab, "finance", "old-one", "old-two")
    result = run("deploy", "--env", str(lab))
    assert result.code == 2
    assert "no longer has what is deployed: old-one, old-two" in result.stderr
    assert "govcloud deploy --remove old-one --remove old-two" in result.stderr
    assert prepared == [], "nothing was touched"

    result = run("deploy", "--env", str(lab), "--remove", "old-one", "--json")
    assert result.document["error"]["message"].endswith("what is deployed: old-two")

    assert run("deploy", "--env", str(lab), "--remove", "old-one", "--remove", "old-two").code == 0
    assert sorted(prepared) == ["external", "internal"]


def test_a_wrong_probe_fails_the_deploy_and_is_named(
    lab: pathlib.Path, prepared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = verify.Checked(id="packet/a/b", expected="blocked", seen="open")
    monkeypatch.setattr(verify, "verify", lambda *_, **__: (wrong,))
    result = run("deploy", "--env", str(lab))
    assert result.code == 1
    assert "packet/a/b: expected blocked, seen open" in result.stderr


def test_a_side_that_fails_does_not_stop_the_other_and_is_told_after_it(
    lab: pathlib.Path, prepared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from govcloud_cli import errors

    whole = sides.run

    def internal_fails(side: Any) -> None:
        if side.plan.side is platforms.Side.INTERNAL:
            raise errors.GovcloudError("the internal side broke")
        whole(side)

    monkeypatch.setattr(sides, "run", internal_fails)
    result = run("deploy", "--env", str(lab))
    assert result.code == 1
    assert "the internal side broke" in result.stderr
    assert prepared == ["external"]


def test_hosts_of_ones_own_are_not_changed_without_a_yes_where_nobody_can_be_asked(tmp_path: pathlib.Path) -> None:
    example = inventories.copy("example", tmp_path)
    result = run("deploy", "--env", str(example), "--side", "external")
    assert result.code == 2
    assert "govcloud deploy --yes" in result.stderr
    left = [path.name for path in (tmp_path / ".govcloud").rglob("*")]
    assert sorted(left) == ["example", "holder.json", "lock"]


def test_a_person_is_asked_by_the_names_of_the_hosts(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": staticmethod(lambda: True)}))
    monkeypatch.setattr(click, "confirm", lambda text, **_: asked.append(text))
    command._confirm(sites.load(inventories.copy("example", tmp_path)), yes=False)
    assert asked == ["Change the hosts border-1, services-db, tax-lanhe-db, identity, gateway, internal-db?"]
