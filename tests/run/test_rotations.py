"""The record of rotated passwords."""

from __future__ import annotations

import pathlib
import stat

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import rotations, workspace


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> workspace.SideFolder:
    return workspace.SideFolder(path=tmp_path / "external", side=platforms.Side.EXTERNAL)


def test_without_a_record_nothing_was_rotated(folder: workspace.SideFolder) -> None:
    assert rotations.load(folder) == rotations.Rotations()


def test_one_leaver_rotates_once_however_often_it_is_begun(folder: workspace.SideFolder) -> None:
    for _ in range(3):
        rotations.save(folder, rotations.load(folder).bumped("li.wei", ["finance", "office"]))
    record = rotations.load(folder)
    assert record.generations == {"finance": 2, "office": 2}
    assert list(record.uncut) == ["finance", "office"]
    rotations.save(folder, record.settled("li.wei"))
    rotations.save(folder, rotations.load(folder).bumped("li.wei", ["finance"]))
    assert rotations.load(folder).generations == {"finance": 3, "office": 2}


def test_two_leavers_rotate_twice(folder: workspace.SideFolder) -> None:
    record = rotations.load(folder).bumped("li.wei", ["finance"]).bumped("wang.fang", ["finance"])
    assert record.generations == {"finance": 3}
    assert record.cut(["finance"]).uncut == []


def test_what_is_owed_is_kept_until_it_is_paid(folder: workspace.SideFolder) -> None:
    rotations.save(folder, rotations.load(folder).owing(["office", "finance"]))
    assert (rotations.load(folder).owed, rotations.load(folder).generations) == (("finance", "office"), {})
    rotations.save(folder, rotations.load(folder).paid(["finance"]))
    record = rotations.load(folder)
    assert (record.owed, record.generations, record.uncut) == (("office",), {"finance": 2}, ("finance",))


def test_the_record_is_for_nobody_else_and_a_broken_one_is_no_empty_one(folder: workspace.SideFolder) -> None:
    rotations.save(folder, rotations.Rotations(generations={"finance": 2}))
    path = folder.path / rotations.NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for text in ("", "[]", '{"schemaVersion": 2}', path.read_text().replace(": 2", ": 0")):
        path.write_text(text)
        with pytest.raises(errors.GovcloudError, match="rotated database passwords cannot be read"):
            rotations.load(folder)
