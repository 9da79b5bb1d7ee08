"""`govcloud tenant freeze`, `thaw`, `list`, `show`: the verbs that look at a tenant's life and change it."""

from __future__ import annotations

import datetime
import json
import pathlib

import click
import pytest
from click import shell_completion

from govcloud_cli import main
from govcloud_cli.commands import options, runs
from govcloud_cli.inventory import loading
from tests.support import command_line, inventories

LAST = datetime.date(2026, 11, 10)
KEPT = {
    "approval-hall", "civil-affairs", "finance", "human-resources", "market-regulation", "taxation", "tourism",
}  # fmt: skip
"""Few, because each test reads them anew; peers of one another."""


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A small inventory, and a clock that stands."""
    found = inventories.copy("lab", tmp_path)
    inventories.keep(found, *KEPT)
    at(monkeypatch, datetime.date(2026, 11, 1))
    return found


def at(monkeypatch: pytest.MonkeyPatch, day: datetime.date) -> None:
    moment = datetime.datetime.combine(day, datetime.time(8), datetime.UTC)
    monkeypatch.setattr(runs, "now", lambda: moment)


def run(folder: pathlib.Path, *words: str) -> command_line.Result:
    return command_line.run("tenant", *words, "--env", str(folder))


def end(folder: pathlib.Path, day: datetime.date) -> None:
    """Give the environments of `finance` outside prod another last day."""
    path = folder / "tenants" / "finance.yaml"
    path.write_text(path.read_text().replace("2035-12-31", str(day)))


def test_a_freeze_is_a_file_that_the_inventory_takes(folder: pathlib.Path) -> None:
    reason = "x: 'y' # {{ 7*7 }}"
    result = run(folder, "freeze", "finance", "--environment", "prod", "--environment", "test", "--reason", reason)
    assert result.code == 0, result.stderr
    assert "govcloud deploy" in result.stdout
    (freeze,) = loading.load(folder).freezes
    assert freeze.metadata.id == "finance"
    assert [one.value for one in freeze.spec.environments] == ["test", "prod"]
    assert freeze.spec.reason == reason
    assert freeze.spec.since == datetime.date(2026, 11, 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("freeze", "finanse", "--reason", "mistyped"), "did you mean 'finance'?"),
        (("freeze", "zzzz", "--reason", "unknown"), "`govcloud tenant list`"),
        (("freeze", "../finance", "--reason", "elsewhere"), "no tenant '../finance'"),
        (("freeze", "finance", "--reason", "w"), "1 fault"),
        (("freeze", "finance", "--environment", "prd", "--reason", "mistyped"), "did you mean 'prod'?"),
        (("freeze", "tourism", "--environment", "dev", "--reason", "it has none"), "choose from: prod"),
        (("freeze", "finance"), "--reason"),
        (("thaw", "finance"), "is not frozen"),
    ],
)
def test_what_cannot_be_frozen_or_thawed_is_refused_and_nothing_is_written(
    folder: pathlib.Path, words: tuple[str, ...], told: str
) -> None:
    result = run(folder, *words)
    assert result.code == 2
    assert told in result.stderr
    assert not list(folder.glob("freezes/*"))


def test_a_freeze_is_written_once(folder: pathlib.Path) -> None:
    assert run(folder, "freeze", "finance", "--reason", "first of all").code == 0
    before = (folder / "freezes" / "finance.yaml").read_text()
    result = run(folder, "freeze", "finance", "--reason", "second thoughts")
    assert result.code == 2
    assert "govcloud tenant thaw finance" in result.stderr
    assert (folder / "freezes" / "finance.yaml").read_text() == before


def test_a_thaw_removes_the_file(folder: pathlib.Path) -> None:
    run(folder, "freeze", "finance", "--reason", "for a while")
    assert run(folder, "thaw", "finance", "--json").document["stillFrozen"] == []
    assert loading.load(folder).freezes == ()


def test_what_the_calendar_froze_no_thaw_brings_back(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end(folder, LAST)
    at(monkeypatch, LAST + datetime.timedelta(days=1))
    refused = run(folder, "thaw", "finance")
    assert refused.code == 2
    assert "extend expiresOn" in refused.stderr
    run(folder, "freeze", "finance", "--reason", "by hand as well")
    assert run(folder, "thaw", "finance", "--json").document["stillFrozen"] == ["dev", "test"]


def test_list_shows_phases_and_warns_of_ends(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end(folder, LAST)
    run(folder, "freeze", "tourism", "--reason", "under investigation")
    document = run(folder, "list", "--json").document
    phases = {one["id"]: [item["phase"] for item in one["environments"]] for one in document["tenants"]}
    assert phases["finance"] == ["expiring", "expiring", "active"]
    assert phases["tourism"] == ["frozen"]
    text = run(folder, "list").stdout
    assert "notice: finance (dev) ends after 2026-11-10, in 9 days" in text
    at(monkeypatch, LAST)
    assert "warning: finance (dev) ends after 2026-11-10, today" in run(folder, "list").stdout


def test_list_takes_only_what_is_asked_for(folder: pathlib.Path) -> None:
    end(folder, LAST)

    def ids(*words: str) -> list[str]:
        return [one["id"] for one in run(folder, "list", *words, "--json").document["tenants"]]

    assert ids("--expiring") == ["finance"]
    assert ids("--organisation", "yunxi-tax") == ["taxation"]
    assert len(ids("--organisation", "yunxi")) == len(KEPT), "an organisation includes those below it"
    refused = run(folder, "list", "--organisation", "yunxi-taxi")
    assert refused.code == 2
    assert "did you mean 'yunxi-tax'?" in refused.stderr


def test_show_tells_cost_members_and_which_passages_are_open(folder: pathlib.Path) -> None:
    def opened() -> list[bool]:
        return [one["open"] for one in run(folder, "show", "approval-hall", "--json").document["allowances"]]

    document = run(folder, "show", "approval-hall", "--json").document
    assert document["cost"]["cpu"] == 7
    assert document["request"] is None
    assert {one["role"] for one in document["members"]} == {"owner", "maintainer", "viewer"}
    assert opened() == [True]
    run(folder, "freeze", "market-regulation", "--reason", "its end is shut")
    assert opened() == [False]
    assert "CLOSED" in run(folder, "show", "approval-hall").stdout


def test_ids_are_completed_without_reading_the_inventory(folder: pathlib.Path) -> None:
    (folder / "platform.yaml").write_text("broken: [")

    context = click.Context(click.Command("show"))
    context.params = {"environment": str(folder)}
    assert options.complete_tenant(context, click.Argument(["tenant"]), "ta") == ["taxation"]
    context.params = {"environment": "nowhere"}
    assert options.complete_tenant(context, click.Argument(["tenant"]), "ta") == []


def test_every_json_document_says_its_version(folder: pathlib.Path) -> None:
    for words in (("list",), ("show", "finance"), ("render", "finance"), ("diff", "finance")):
        assert json.loads(run(folder, *words, "--json").stdout)["schemaVersion"] == 1


@pytest.mark.parametrize(
    "words", ["tenant validate fi", "request approve fi", "request status fi", "audit show --tenant fi"]
)
def test_ids_are_completed_wherever_a_tenant_is_named(words: str) -> None:
    completed = shell_completion.BashComplete(main.cli, {}, "govcloud", "_GOVCLOUD_COMPLETE")
    *before, incomplete = words.split()
    assert [one.value for one in completed.get_completions(before, incomplete)] == ["finance"]


def test_environments_are_completed_by_name() -> None:
    completed = shell_completion.BashComplete(main.cli, {}, "govcloud", "_GOVCLOUD_COMPLETE")
    assert "lab" in [one.value for one in completed.get_completions(["tenant", "list", "--env"], "la")]
    assert [one.type for one in completed.get_completions(["tenant", "list", "--env"], "./")] == ["dir"]


def test_on_a_narrow_terminal_ids_and_days_stay_whole(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = run(folder, "list").stdout
    assert "market-regulation" in shown
    assert "2035-12-31" in shown
    assert "…" not in shown


def test_a_reason_that_is_too_short_names_the_flag(folder: pathlib.Path) -> None:
    assert "fix: --reason: " in run(folder, "freeze", "finance", "--reason", "w").stderr
