"""`docs/people.md` and what `docs/json.md` says of the verbs that it is about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from govcloud_cli.commands.people import WORDS
from govcloud_cli.governance import people_changes
from govcloud_cli.run import side_secrets
from govcloud_cli.run.people import runs, syncing
from tests.docs import documented
from tests.support import inventories, people_service

DOCUMENT = Path(__file__).parents[2] / "docs" / "people.md"
LI = {
    "id": "li.wei",
    "displayName": "李伟",
    "organisation": "yunxi-finance",
    "groups": ["finance:owners"],
    "duty": "audit",
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> people_service.Environment:
    return people_service.environment(tmp_path, monkeypatch)


def test_what_list_and_sync_print(world: people_service.Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    service = world.service
    service.add("gone", "org:yunxi-tax", "finance:owners")
    service.add("wang.fang", "org:yunxi-tax", "finance:owners", "govcloud:auditors", "govcloud:system-administrators")
    service.add("back", "org:yunxi-finance", "finance:owners", enabled=False)
    rows: list[dict[str, Any]] = [
        LI,
        {"id": "wang.fang", "displayName": "王芳", "organisation": "yunxi-finance"},
        {"id": "back", "displayName": "B", "organisation": "yunxi-tax", "groups": ["nobody:owners"]},
        {"id": "none", "displayName": "N", "approves": ["yunxi"]},
    ]
    world.says(monkeypatch, *rows)
    planned = documented.printed("people", "sync", "--plan")
    done = runs.SideResult(
        side="external",
        changes=people_changes.Changes(missing={"x:owners": ("li.wei",)}),
        outcome=syncing.Outcome(failures=["x"]),
        rotated=("finance",),
        waiting=("office",),
        failures=("x",),
    )
    documented.agree("people list", documented.printed("people", "list"))
    monkeypatch.setattr(runs, "sync", lambda *_: (done,))
    documented.agree("people sync", planned, documented.printed("people", "sync"))


def test_what_the_other_verbs_print(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = {"id": "no-account", "displayName": "N", "groups": ["finance:owners"], "approves": ["yunxi"]}
    world.says(monkeypatch, {**LI, "leavesOn": "2027-06-30", "approves": ["yunxi"]}, missing)
    world.service.add("li.wei", "org:yunxi-finance", "govcloud:auditors")
    world.service.add("break-glass")
    side_secrets.ensure(world.folder)
    world.service.user("li.wei")["credentials"].append({"id": "c-password", "type": "password", "createdDate": 0})
    documented.agree("people enrol", documented.printed("people", "enrol", "li.wei", "--code-only"))
    world.service.user("li.wei")["sessions"] = 1
    world.service.add("no-line", "org:yunxi-tax", "govcloud:auditors")
    shown = [documented.printed("people", "show", name) for name in ("li.wei", "no-line", "no-account")]
    documented.agree("people show", shown[0], *_nulls(shown))
    opened = documented.printed("people", "break-glass", "--reason", "nobody can log in, incident 31")
    sealed = documented.printed("people", "break-glass", "--seal")
    documented.agree("people break-glass", {**opened, **sealed})
    table = tmp_path / "staff.csv"
    table.write_text("id,displayName\nnew.one,N\n")
    monkeypatch.undo()
    folder = inventories.copy("lab", tmp_path)
    documented.agree("people import", documented.printed("people", "import", str(table), "--env", str(folder)))


def _nulls(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of documents without file or account only that they say so."""
    return [{name: one[name] for name in ("file", "account") if one[name] is None} for one in shown]


def test_the_document_names_every_word_and_no_other() -> None:
    told = set(re.findall(r"govcloud people ([a-z-]+)", DOCUMENT.read_text("utf-8")))
    assert told | {"show"} == set(WORDS)
