"""Report files: whole or not at all, readable by who reviews, never over what is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from govcloud_cli import errors
from govcloud_cli.run.policing import files


def test_a_report_is_readable_by_all_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "reports" / "a.sarif", "{}\n")
    finally:
        os.umask(before)

    assert (tmp_path / "reports" / "a.sarif").read_text("utf-8") == "{}\n"
    assert (tmp_path / "reports" / "a.sarif").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "reports").stat().st_mode & 0o777 == 0o755


def test_folders_that_are_there_keep_their_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    files.write(tmp_path / "a.xml", "")

    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_report_replaces_the_one_before_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "a.xml"
    files.write(target, "old")
    files.write(target, "new")

    assert target.read_text("utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]


def test_a_link_is_replaced_and_what_it_leads_to_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept", encoding="utf-8")
    (tmp_path / "a.xml").symlink_to("precious")

    files.write(tmp_path / "a.xml", "new")

    assert (tmp_path / "precious").read_text("utf-8") == "kept"


def test_a_write_that_fails_leaves_the_old_report_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(tmp_path / "a.xml", "old")

    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(errors.UsageError, match="cannot be written"):
        files.write(tmp_path / "a.xml", "new")

    assert (tmp_path / "a.xml").read_text("utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.xml"]


@pytest.mark.parametrize("name", ["-", ".", "folder", "pipe"])
def test_what_is_no_regular_file_is_refused_before_anything_is_judged(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(errors.UsageError):
        files.refuse([("--sarif", Path(name))])


def test_two_reports_need_two_files(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="--sarif and --junit name the same file"):
        files.refuse([("--sarif", tmp_path / "a"), ("--junit", tmp_path / "a")])


def test_a_place_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(errors.UsageError, match="cannot be written"):
        files.write(tmp_path / "file" / "a.xml", "")
