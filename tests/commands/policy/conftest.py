"""`govcloud policy` in a folder of its own, with two policies in the place of GovCloud's."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

import pytest

from govcloud_cli import resources
from govcloud_cli.commands import runs
from tests.inventory import cases
from tests.support import policy_folders

NOW = datetime.datetime(2026, 11, 1, 8, tzinfo=datetime.UTC)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GovCloud's own policies, as far as these tests see any."""
    folder = policy_folders.shipped(tmp_path / "shipped" / "policies")
    real = resources.folder
    monkeypatch.setattr(resources, "folder", lambda name, **_: folder if name == "policies" else real(name))
    monkeypatch.setattr(runs, "now", lambda: NOW)
    return folder


@pytest.fixture
def here(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A good inventory with 2 tenants, in a repository of its own."""
    folder = tmp_path / "cloud" / "inventories" / "town"
    shutil.copytree(cases.ROOT / "good", folder)
    return folder
