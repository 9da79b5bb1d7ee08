from __future__ import annotations

import pathlib
import tempfile

import pytest

from govcloud_cli import errors
from govcloud_cli.run import destroy
from tests.support import inventories
from tests.support.command_line import run


@pytest.fixture(autouse=True)
def _temporary(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def test_nobody_to_ask_is_no_yes(tmp_path: pathlib.Path) -> None:
    result = run("destroy", "--env", str(inventories.copy("lab", tmp_path)))
    assert result.code == 2
    assert "add --yes" in result.stderr


def test_what_is_not_deployed_is_already_gone(tmp_path: pathlib.Path) -> None:
    lab = str(inventories.copy("lab", tmp_path))
    assert run("destroy", "--env", lab, "--yes").stdout.startswith("No changes.")
    assert run("destroy", "--env", lab, "--yes", "--json").document == {
        "schemaVersion": 1, "ok": True, "changed": False, "steps": [],
    }  # fmt: skip
    assert list((tmp_path / "tmp").iterdir()) == []


def test_hosts_of_ones_own_are_not_ours_to_wipe(tmp_path: pathlib.Path) -> None:
    result = run("destroy", "--env", str(inventories.copy("example", tmp_path)), "--yes")
    assert result.code == 2
    assert "hosts of your own" in result.stderr
    assert list((tmp_path / "tmp").iterdir()) == [], "and no empty folder of logs is left"


def test_logs_are_kept_if_it_failed_and_there_are_some(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, logs: pathlib.Path, **__: object) -> bool:
        (logs / "external-destroy.log").write_text("why")
        raise errors.GovcloudError("the lab could not be removed", log=str(logs))

    monkeypatch.setattr(destroy, "destroy", failing)
    assert run("destroy", "--env", str(inventories.copy("lab", tmp_path)), "--yes").code == 1
    (left,) = (tmp_path / "tmp").rglob("*.log")
    assert left.read_text() == "why"
