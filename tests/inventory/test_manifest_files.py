"""Which files a name stands for: links, pipes and folders that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from govcloud_cli.inventory import manifest_files


def names(path: Path) -> list[str]:
    return [one.name for one in manifest_files.below(path) if not one.problem]


def problems(path: Path) -> dict[str, str]:
    return {one.name: one.problem for one in manifest_files.below(path) if one.problem}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "inner").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    for path in ("root/a.yaml", "root/inner/b.yaml", "outside/c.yaml"):
        (tmp_path / path).write_text("a: 1\n", encoding="utf-8")
    return tmp_path / "root"


def test_links_that_lead_out_are_told_and_not_followed(root: Path) -> None:
    (root / "file.yaml").symlink_to(root.parent / "outside" / "c.yaml")
    (root / "folder").symlink_to(root.parent / "outside")
    (root / "nowhere.yaml").symlink_to(root.parent / "absent")
    (root / "notes.txt").symlink_to(root.parent / "outside" / "c.yaml")

    assert names(root) == [f"{root}/a.yaml", f"{root}/inner/b.yaml"]
    assert set(problems(root)) == {f"{root}/file.yaml", f"{root}/folder", f"{root}/nowhere.yaml"}
    assert "a link out of" in problems(root)[f"{root}/folder"]


def test_a_link_to_a_file_inside_is_that_file(root: Path) -> None:
    (root / "again.yaml").symlink_to("inner/b.yaml")

    [again] = [one for one in manifest_files.below(root) if one.name.endswith("again.yaml")]

    assert again.identity == os.path.realpath(root / "inner" / "b.yaml")


def test_a_mounted_config_map_is_read_through_its_hidden_folder(tmp_path: Path) -> None:
    """Kubernetes mounts every file as a link to `..data/<file>`."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "a.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")

    assert names(tmp_path) == [f"{tmp_path}/a.yaml"]
    assert problems(tmp_path) == {}


def test_a_link_that_goes_round_is_not_followed(root: Path) -> None:
    (root / "inner" / "up").symlink_to("..")

    assert names(root) == [f"{root}/a.yaml", f"{root}/inner/b.yaml"]


def test_a_folder_that_is_itself_a_link_is_what_was_named(root: Path) -> None:
    (root.parent / "link").symlink_to(root)

    assert names(root.parent / "link") == [f"{root.parent}/link/a.yaml", f"{root.parent}/link/inner/b.yaml"]


def test_a_pipe_in_a_folder_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe.yaml")
    [pipe] = [one for one in manifest_files.below(root) if one.name.endswith("pipe.yaml")]

    with pytest.raises(manifest_files.UnreadError, match="not a regular file"):
        pipe.text()


def test_a_pipe_that_was_named_is_read(tmp_path: Path) -> None:
    """As in `govcloud policy check <(helm template .)`."""
    reading, writing = os.pipe()
    os.write(writing, b"a: 1\n")
    os.close(writing)
    try:
        assert manifest_files.one(Path(f"/dev/fd/{reading}")).text() == "a: 1\n"
    finally:
        os.close(reading)


def test_a_folder_that_cannot_be_listed_is_a_problem(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("inner"):
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert problems(root) == {f"{root}/inner": "permission denied"}


def test_a_folder_whose_name_ends_like_a_file_is_a_folder(root: Path) -> None:
    (root / "charts.yaml").mkdir()
    (root / "charts.yaml" / "d.yaml").write_text("a: 1\n", encoding="utf-8")

    assert names(root) == [f"{root}/a.yaml", f"{root}/charts.yaml/d.yaml", f"{root}/inner/b.yaml"]


def test_the_current_folder_is_not_part_of_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)

    assert names(Path()) == ["a.yaml", "inner/b.yaml"]
