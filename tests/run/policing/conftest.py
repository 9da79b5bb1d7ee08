"""Two policies in the place of GovCloud's, and a folder to work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from govcloud_cli import resources
from tests.support import policy_folders


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = policy_folders.shipped(tmp_path / "shipped" / "policies")
    real = resources.folder
    monkeypatch.setattr(resources, "folder", lambda name, **_: folder if name == "policies" else real(name))
    return folder


@pytest.fixture
def here(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
