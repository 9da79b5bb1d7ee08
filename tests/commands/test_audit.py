from __future__ import annotations

import json
import pathlib
import re

import pytest

from govcloud_cli.governance import chain
from govcloud_cli.model import platforms
from govcloud_cli.run import workspace
from govcloud_cli.run.audit import log, places
from tests.run.audit import attacks
from tests.support import inventories
from tests.support.command_line import run

WANG = chain.Actor(person="wang", source="git")


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return inventories.copy("lab", tmp_path)


def place(folder: pathlib.Path, side: platforms.Side = platforms.Side.INTERNAL) -> places.Places:
    space = workspace.locate(folder)
    return places.of(space.side(side), environment="lab", copy_to=places.second_place(space, None))


def writer(folder: pathlib.Path, side: platforms.Side = platforms.Side.INTERNAL) -> log.Log:
    space = workspace.locate(folder)
    second = places.second_place(space, None)
    return log.Log.open(space.side(side), environment="lab", copy_to=second, now=attacks.START)


@pytest.fixture
def recorded(folder: pathlib.Path) -> str:
    """An environment with three records on the internal side and one on the external; its `--env`."""
    inside, outside = writer(folder), writer(folder, platforms.Side.EXTERNAL)
    days = [attacks.START.replace(day=day) for day in (1, 2, 3, 4)]
    inside.append(actor=attacks.LI, action=chain.Action.DEPLOY_BEGAN, now=days[0])
    applied = chain.Action.TENANT_APPLIED
    inside.append(actor=attacks.LI, action=applied, tenant="finance", details={"digest": "ab"}, now=days[1])
    outside.append(actor=WANG, action=applied, tenant="archives", now=days[2])
    hostile = {"reason": "\x1b[2J[red]\u202e\u009b名"}
    inside.append(actor=WANG, action=chain.Action.TENANT_FROZEN, tenant="finance", details=hostile, now=days[3])
    return str(folder)


def tamper(folder: str) -> None:
    path = place(pathlib.Path(folder)).log
    path.write_bytes(path.read_bytes().replace(b'"tenant":"finance"', b'"tenant":"archives"', 1))


def test_what_has_no_log_says_when_it_begins(folder: pathlib.Path) -> None:
    for word in ("verify", "show"):
        result = run("audit", word, "--env", str(folder))
        assert result.code == 1
        assert "has no audit log yet" in result.stderr
        assert "govcloud deploy" in result.stderr
    assert not (folder.parents[1] / ".govcloud").exists(), "looking makes nothing"


def test_whole_logs_are_verified_on_both_sides(recorded: str) -> None:
    result = run("audit", "verify", "--env", recorded)
    assert result.code == 0
    assert result.stdout.count("VERIFIED 完整") == 2
    assert "3 right records" in result.stdout


def test_verify_as_json_has_the_head_and_no_findings(recorded: str) -> None:
    result = run("audit", "verify", "--env", recorded, "--side", "external", "--json")
    (found,) = result.document["logs"]
    assert result.document["ok"] is True
    assert (found["verdict"], found["records"], found["findings"], found["notes"]) == ("verified", 1, [], [])
    assert found["head"]["number"] == 1
    assert found["head"]["key"] == found["key"]


def test_a_tampered_log_fails_and_names_the_first_bad_record(recorded: str) -> None:
    tamper(recorded)
    result = run("audit", "verify", "--env", recorded)
    assert result.code == 1
    assert "TAMPERED 已被改动" in result.stdout
    assert "edited: record 2 does not say what it said" in result.stdout
    document = run("audit", "verify", "--env", recorded, "--json").document
    assert document["ok"] is False
    assert document["logs"][0]["findings"][0] == {
        "problem": "edited",
        "number": 2,
        "message": "record 2 does not say what it said when it was written",
    }


def test_without_a_second_place_nothing_is_called_right(recorded: str) -> None:
    place(pathlib.Path(recorded)).heads.unlink()
    result = run("audit", "verify", "--env", recorded, "--side", "internal")
    assert result.code == 1
    assert "NOT PROVEN" in result.stdout
    assert "whether the end was cut off" in result.stdout
    assert "No such file" in result.stdout


def test_a_third_party_verifies_with_log_key_and_head(recorded: str, tmp_path: pathlib.Path) -> None:
    heads = tmp_path / "heads.jsonl"
    remembered = run("audit", "verify", "--env", recorded, "--side", "internal", "--remember", str(heads))
    assert remembered.code == 0
    where = place(pathlib.Path(recorded))
    given = tmp_path / "given.jsonl"
    given.write_bytes(where.log.read_bytes())
    words = ("audit", "verify", str(given), "--key", str(where.public))

    assert run(*words, "--head", str(heads)).code == 0
    assert run(*words).code == 1
    given.write_bytes(given.read_bytes().splitlines(keepends=True)[0])
    cut = run(*words, "--head", str(heads))
    assert cut.code == 1
    assert "cut: the log ends with record 1" in cut.stdout


def test_what_was_remembered_is_compared_before_more_is(recorded: str, tmp_path: pathlib.Path) -> None:
    heads = tmp_path / "heads.jsonl"
    words = ("audit", "verify", "--env", recorded, "--side", "internal", "--remember", str(heads))
    assert run(*words).code == 0
    kept = heads.read_bytes()
    where = place(pathlib.Path(recorded))
    for path in (where.log, where.heads):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert run("audit", "verify", "--env", recorded, "--side", "internal").code == 0, "both places were put back"
    assert run(*words).code == 1, "and a person remembers"
    assert heads.read_bytes() == kept


@pytest.mark.parametrize("words", [("--key", "none"), ("--head", "none"), ("--key", "here")])
def test_a_key_or_head_that_is_none_is_bad_input(recorded: str, tmp_path: pathlib.Path, words: tuple[str, str]) -> None:
    (tmp_path / "here").write_text("no key")
    log_file = str(place(pathlib.Path(recorded)).log)
    result = run("audit", "verify", log_file, words[0], str(tmp_path / words[1]))
    assert result.code == 2
    assert "fix:" in result.stderr


def shown(*words: str) -> list[tuple[str, int]]:
    document = run("audit", "show", *words, "--json").document
    assert document["verified"] is True
    return [(record["side"], record["number"]) for record in document["records"]]


def test_records_of_both_sides_are_shown_in_the_order_of_time(recorded: str) -> None:
    assert shown("--env", recorded) == [("internal", 1), ("internal", 2), ("external", 1), ("internal", 3)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--tenant", "finance"), [("internal", 2), ("internal", 3)]),
        (("--person", "wang"), [("external", 1), ("internal", 3)]),
        (("--action", "tenant-applied"), [("internal", 2), ("external", 1)]),
        (("--since", "2026-03-02", "--until", "2026-03-03"), [("internal", 2), ("external", 1)]),
        (("--side", "external"), [("external", 1)]),
        (("--tenant", "finance", "--person", "li"), [("internal", 2)]),
        (("--tenant", "nobody"), []),
    ],
)
def test_show_filters(recorded: str, words: tuple[str, ...], expected: list[tuple[str, int]]) -> None:
    assert shown("--env", recorded, *words) == expected


def test_a_record_as_json_has_all_that_it_says(recorded: str) -> None:
    (record,) = run("audit", "show", "--env", recorded, "--tenant", "archives", "--json").document["records"]
    assert record.pop("chain")
    assert record == {
        "number": 1,
        "time": "2026-03-03T08:00:00.000Z",
        "person": "wang",
        "source": "git",
        "action": "tenant-applied",
        "tenant": "archives",
        "environment": "lab",
        "side": "external",
        "details": {},
        "verified": True,
    }


def test_text_from_a_log_neither_steers_the_terminal_nor_is_markup(recorded: str) -> None:
    result = run("audit", "show", "--env", recorded, "--tenant", "finance")
    assert result.code == 0
    assert "[red]" in result.stdout
    assert "名" in result.stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", result.stdout)


def test_show_warns_of_a_log_that_does_not_verify_and_marks_what_is_unproven(recorded: str) -> None:
    tamper(recorded)
    result = run("audit", "show", "--env", recorded)
    assert result.code == 0
    assert "TAMPERED" in result.stderr
    assert "TAMPERED" not in result.stdout
    document = run("audit", "show", "--env", recorded, "--json").document
    assert document["verified"] is False
    marks = {(one["side"], one["number"]): one["verified"] for one in document["records"]}
    assert marks == {("internal", 1): True, ("internal", 2): False, ("internal", 3): False, ("external", 1): True}


def test_a_torn_record_is_told_as_interrupted_not_as_tampering(recorded: str) -> None:
    with place(pathlib.Path(recorded)).log.open("ab") as file:
        file.write(b'{"action":"depl')
    result = run("audit", "verify", "--env", recorded, "--side", "internal", "--json")
    assert result.code == 1
    assert result.document["logs"][0]["verdict"] == "torn"


def test_the_second_place_of_the_inventory_is_the_one_that_counts(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    writer(folder).append(actor=attacks.LI, action=chain.Action.DEPLOY_BEGAN, now=attacks.START)
    platform = folder / "platform.yaml"
    text = platform.read_text(encoding="utf-8").replace("\nspec:\n", "\nspec:\n  audit:\n    copyTo: /nowhere\n", 1)
    platform.write_text(text, encoding="utf-8")
    result = run("audit", "verify", "--env", str(folder), "--json")
    assert json.loads(result.stdout)["logs"][0]["verdict"] == "unproven"
    assert "/nowhere/lab-internal.heads.jsonl" in result.document["logs"][0]["notes"][0]
