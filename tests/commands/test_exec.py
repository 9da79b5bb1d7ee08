from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.run import machines, reach, workspace
from tests.support import inventories
from tests.support.command_line import run


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> str:
    return str(inventories.copy("lab", tmp_path))


@pytest.fixture
def called(lab: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """The lab's machines are there; what would be run is written down, and ends with 7."""
    calls: list[tuple[str, tuple[str, ...]]] = []

    def execute(host: str, command: Sequence[str], **_: Any) -> int:
        calls.append((host, tuple(command)))
        return 7

    monkeypatch.setattr(machines, "execute", execute)
    monkeypatch.setattr(reach.Reach, "exists", property(lambda _: True))
    for side in platforms.Side:
        workspace.write(workspace.locate(pathlib.Path(lab)).side(side).ssh / "config", "")
    return calls


def test_a_machine_that_is_misspelt_suggests_the_right_one(lab: str) -> None:
    result = run("exec", "--env", lab, "extrnal-db", "--", "true")
    assert result.code == 2
    assert "did you mean external-db?" in result.stderr


def test_a_name_that_resembles_none_leads_to_all_of_them(lab: str) -> None:
    assert "choose from: internal-db" in run("exec", "--env", lab, "xyzzy").stderr


def test_a_machine_that_does_not_run_says_what_to_do(lab: str) -> None:
    result = run("exec", "--env", lab, "border", "--", "true")
    assert result.code == 1
    assert f"run `govcloud deploy --env {lab}`" in result.stderr


def test_the_commands_exit_code_is_ours(lab: str, called: list[Any]) -> None:
    assert run("exec", "--env", lab, "border", "--", "nft", "list", "ruleset").code == 7
    assert called == [("border", ("nft", "list", "ruleset"))]


@pytest.mark.parametrize(
    "words", [("ls", "--help"), ("--", "ls", "--json", "--env", "x"), ("sh", "-c", "a -- b", "--")]
)
def test_options_after_the_machine_are_the_commands(lab: str, called: list[Any], words: tuple[str, ...]) -> None:
    run("exec", "--env", lab, "border", *words)
    assert called == [("border", words[1:] if words[0] == "--" else words)]


def test_without_a_command_it_is_a_shell(lab: str, called: list[Any]) -> None:
    run("exec", "--env", lab, "internal-client")
    assert called == [("internal-client", ())]
