"""The lab as verbs see it here: planned on a fixed day, with a state folder that is the test's."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from govcloud_cli.commands import options, runs
from govcloud_cli.model import platforms
from govcloud_cli.plan import build, plans
from govcloud_cli.run import sites, workspace
from tests.support import inventories

NOW = datetime.datetime.combine(inventories.TODAY, datetime.time(8), tzinfo=datetime.UTC)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sites.Site:
    """The lab as a site whose state folder, lock and audit log are the test's."""
    read = sites.load(options.find_inventory("lab"))
    space = workspace.Workspace(path=tmp_path / ".govcloud" / "lab")
    found = sites.Site(spec=read.spec, space=space, sides=read.sides)
    workspace.make_folder(space.path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(workspace, "locate", lambda _: space)
    monkeypatch.setattr(runs, "site", lambda *_, **__: found)
    monkeypatch.setattr(runs, "now", lambda: NOW)
    return found


@pytest.fixture
def plan(site: sites.Site) -> plans.Plan:
    """The lab's plan."""
    place = build.LabPlace(prefix="gc-e", data_folder="/d", image="/i", authorized_key="ssh-ed25519 A")
    return build.build(
        site.spec, places=dict.fromkeys(platforms.Side, place), sides=site.sides, today=inventories.TODAY
    )
