from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run import verify
from tests.support import inventories
from tests.support.command_line import run

CHECKED = (
    verify.Checked(id="packet/a/b", expected="open", seen="open"),
    verify.Checked(id="packet/a/c", expected="blocked", seen="open"),
)


@pytest.fixture
def lab(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A lab that is there, and whose probes come out as `CHECKED`."""
    (tmp_path / ".govcloud" / "lab").mkdir(parents=True)
    monkeypatch.setattr(verify, "verify", lambda *_, **__: CHECKED)
    return str(inventories.copy("lab", tmp_path))


def test_what_is_not_deployed_cannot_be_verified(tmp_path: pathlib.Path) -> None:
    result = run("verify", "--env", str(inventories.copy("lab", tmp_path)))
    assert result.code == 1
    assert "run `govcloud deploy --env " in result.stderr
    assert not (tmp_path / ".govcloud").exists()


def test_a_wrong_probe_is_1_and_is_the_only_one_listed(lab: str) -> None:
    result = run("verify", "--env", lab)
    assert result.code == 1
    assert result.stdout.splitlines() == [
        "WRONG packet/a/c: expected blocked, seen open",
        "1 of 2 probes as expected.",
    ]


def test_all_can_be_listed(lab: str) -> None:
    assert "ok    packet/a/b: expected open, seen open" in run("verify", "--env", lab, "--all").stdout


def test_probes_that_all_come_out_right_are_0(lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "verify", lambda *_, **__: CHECKED[:1])
    assert run("verify", "--env", lab).code == 0


def test_json_lists_every_probe(lab: str) -> None:
    result = run("verify", "--env", lab, "--json")
    assert result.code == 1
    assert result.document["ok"] is False
    assert result.document["probes"][1] == {"id": "packet/a/c", "expected": "blocked", "seen": "open", "ok": False}
