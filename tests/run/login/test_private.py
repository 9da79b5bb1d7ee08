from __future__ import annotations

import os
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.run.login import private


def file(tmp_path: pathlib.Path, content: bytes = b"secret", mode: int = 0o600) -> pathlib.Path:
    path = tmp_path / "file"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_our_own_file_is_read_and_a_missing_one_is_none(tmp_path: pathlib.Path) -> None:
    assert private.read(file(tmp_path)) == b"secret"
    assert private.read(tmp_path / "missing") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o666, 0o610])
def test_what_others_may_read_or_change_is_refused(tmp_path: pathlib.Path, mode: int) -> None:
    with pytest.raises(errors.GovcloudError, match="cannot be trusted") as caught:
        private.read(file(tmp_path, mode=mode))
    assert f"{mode:04o}" in str(caught.value.cause)


def test_a_link_is_refused_wherever_it_leads(tmp_path: pathlib.Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file(tmp_path))
    with pytest.raises(errors.GovcloudError, match="cannot be trusted"):
        private.read(link)


def test_a_file_with_a_second_name_is_refused(tmp_path: pathlib.Path) -> None:
    path = file(tmp_path)
    os.link(path, tmp_path / "other")
    with pytest.raises(errors.GovcloudError, match="cannot be trusted"):
        private.read(path)


def test_a_pipe_or_folder_is_refused_and_not_waited_for(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("pipe", "folder"):
        with pytest.raises(errors.GovcloudError, match="cannot be trusted"):
            private.read(tmp_path / name)


def test_somebody_elses_file_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(errors.GovcloudError, match="cannot be trusted"):
        private.read(path)


def test_a_file_that_is_too_long_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.GovcloudError, match="cannot be trusted"):
        private.read(file(tmp_path, b"x" * (private.MOST_BYTES + 1)))
