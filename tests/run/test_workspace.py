from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli import resources
from govcloud_cli.model import platforms
from govcloud_cli.run import workspace


@pytest.fixture
def space(tmp_path: pathlib.Path) -> workspace.Workspace:
    return workspace.locate(tmp_path / "inventories" / "lab")


def mode(path: pathlib.Path) -> int:
    return path.stat().st_mode & 0o777


def test_an_environment_has_a_folder_beside_its_inventories(tmp_path: pathlib.Path) -> None:
    assert workspace.locate(tmp_path / "inventories" / "lab").path == tmp_path / ".govcloud" / "lab"


def test_an_installed_govclouds_own_inventories_keep_their_state_with_the_user(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages" / "govcloud_cli" / "_data" / "inventories"
    (installed / "lab").mkdir(parents=True)
    monkeypatch.setattr(resources, "folder", lambda _: installed)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = workspace.locate(installed / "lab")
    assert found.path == tmp_path / "state" / "govcloud" / "lab"
    workspace.make_folder(found.path)
    assert mode(tmp_path / "state" / "govcloud") == 0o700
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert workspace.locate(installed / "lab").path == tmp_path / ".local" / "state" / "govcloud" / "lab"
    own = tmp_path / "mine" / "inventories" / "lab"
    assert workspace.locate(own).path == tmp_path / "mine" / ".govcloud" / "lab"


def test_a_checkout_keeps_its_state_beside_its_inventories() -> None:
    shipped = resources.folder("inventories")
    assert workspace.locate(shipped / "lab").path == shipped.parent / ".govcloud" / "lab"


def test_two_environments_and_two_checkouts_never_share_a_prefix(tmp_path: pathlib.Path) -> None:
    folders = [tmp_path / checkout / "inventories" / name for checkout in "abc" for name in ("lab", "town")]
    prefixes = {workspace.locate(folder).prefix for folder in folders}
    assert len(prefixes) == len(folders)
    assert all(len(prefix) == 7 for prefix in prefixes)


def test_the_two_sides_share_no_file(space: workspace.Workspace) -> None:
    sides = [space.side(side) for side in platforms.Side]
    assert sides[0].path != sides[1].path
    for side in sides:
        for name in ("applied", "state", "pki", "ssh", "secrets", "machines", "kubeconfig"):
            assert getattr(side, name).is_relative_to(side.path)


def test_files_and_folders_are_for_their_owner_alone_whatever_the_umask(space: workspace.Workspace) -> None:
    previous = os.umask(0)
    try:
        path = space.side(platforms.Side.EXTERNAL).secrets / "deep" / "master"
        workspace.write(path, "secret")
    finally:
        os.umask(previous)
    assert mode(path) == 0o600
    for folder in path.parents:
        if ".govcloud" in folder.parts:
            assert mode(folder) == 0o700


@hypothesis.given(content=strategies.one_of(strategies.binary(max_size=100), strategies.text(max_size=100)))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "roundtrip" / "file"
    workspace.write(path, content)
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert [child.name for child in path.parent.iterdir()] == ["file"]


def test_a_failed_write_leaves_the_old_content_and_no_rubbish(
    space: workspace.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = space.path / "applied.json"
    workspace.write(path, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        workspace.write(path, "new")
    assert path.read_text() == "old"
    assert [child.name for child in space.path.iterdir()] == ["applied.json"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_leaves_the_old_file_or_the_new_one(space: workspace.Workspace, moment: str) -> None:
    path = space.path / "applied.json"
    workspace.write(path, "old")
    code = (
        "import os, pathlib, sys; from govcloud_cli.run import workspace\n"
        "path, moment = pathlib.Path(sys.argv[1]), sys.argv[2]; real = pathlib.Path.replace\n"
        "def replace(self, target):\n"
        "    if moment == 'after': real(self, target)\n"
        "    os.kill(os.getpid(), 9)\n"
        "pathlib.Path.replace = replace\n"
        "workspace.write(path, 'new')\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path), moment], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == ("old" if moment == "before" else "new")
    workspace.write(path, "next")
    assert path.read_text() == "next"


def test_a_secret_is_made_once_and_is_not_that_of_the_other_side(space: workspace.Workspace) -> None:
    made = [workspace.ensure_secret(space.side(side).secrets / "master") for side in platforms.Side]
    again = [workspace.ensure_secret(space.side(side).secrets / "master") for side in platforms.Side]
    assert made == again
    assert made[0] != made[1]
    assert all(len(bytes.fromhex(secret)) == 32 for secret in made)
    assert mode(space.side(platforms.Side.EXTERNAL).secrets / "master") == 0o600
