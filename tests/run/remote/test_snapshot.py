from __future__ import annotations

import os
import pathlib
from collections.abc import Callable

import pytest

from govcloud_cli.run.remote import snapshot


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    made = tmp_path / "etc"
    (made / "ssh").mkdir(parents=True)
    (made / "ssh" / "sshd_config").write_text("Port 22\n")
    (made / "link").symlink_to("ssh/sshd_config")
    return made


def look(folder: pathlib.Path) -> dict[str, str]:
    return {
        name: digest
        for name, digest in snapshot.main({"folders": [str(folder)], "units": []}).items()
        if name.startswith("file ")
    }


def test_every_file_is_in_it_and_looking_twice_shows_the_same(folder: pathlib.Path) -> None:
    assert {f"file {folder}/ssh/sshd_config", f"file {folder}/link"} <= look(folder).keys()
    assert look(folder) == look(folder)


def relink(link: pathlib.Path, target: str) -> None:
    link.unlink()
    link.symlink_to(target)


CHANGES: dict[str, Callable[[pathlib.Path], object]] = {
    "its content": lambda folder: (folder / "ssh" / "sshd_config").write_text("Port 23\n"),
    "its mode": lambda folder: (folder / "ssh" / "sshd_config").chmod(0o666),
    "a new file": lambda folder: (folder / "ssh" / "authorized_keys").write_text("me"),
    "a removed file": lambda folder: (folder / "ssh" / "sshd_config").unlink(),
    "where a link leads": lambda folder: relink(folder / "link", "/dev/null"),
    "a link for a file": lambda folder: relink(folder / "ssh" / "sshd_config", "/x"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows(folder: pathlib.Path, change: str) -> None:
    before = look(folder)
    CHANGES[change](folder)
    assert look(folder) != before


def test_reading_a_file_and_touching_it_do_not_show(folder: pathlib.Path) -> None:
    before = look(folder)
    (folder / "ssh" / "sshd_config").read_text()
    os.utime(folder / "ssh" / "sshd_config", (0, 0))
    assert look(folder) == before


def test_a_pipe_is_not_waited_for(folder: pathlib.Path) -> None:
    os.mkfifo(folder / "pipe")
    assert f"file {folder}/pipe" in look(folder)


def test_the_firewall_is_in_it_as_one_digest(folder: pathlib.Path) -> None:
    assert len(snapshot.main({"folders": [], "units": []})["firewall"]) == 64


def test_a_folder_that_is_not_there_is_empty(tmp_path: pathlib.Path) -> None:
    assert look(tmp_path / "none") == {}
