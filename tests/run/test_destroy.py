from __future__ import annotations

import datetime
import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.providers.lab import sweep
from govcloud_cli.run import destroy, lock, process, progress, sites, stacks, tools, workspace
from tests.support import inventories
from tests.support.reporters import Quiet

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> list[str]:
    """Prefixes of the labs that were swept; nothing of the machine is touched."""
    found: list[str] = []
    monkeypatch.setenv("GOVCLOUD_RUN", "")
    monkeypatch.setattr(sweep, "remove_all", lambda prefix, _: found.append(prefix))
    monkeypatch.setattr(process, "end_leftovers", lambda _: ())
    monkeypatch.setattr(tools, "provide", lambda *_, **__: {"pulumi": tmp_path / "pulumi"})
    monkeypatch.setattr(
        stacks, "run", lambda job, **_: (stacks.StackResult(stack="network", changed=1, outputs={}, error=""),)
    )
    return found


def deployed(tmp_path: pathlib.Path, side: str | None = None) -> sites.Site:
    site = sites.load(inventories.copy("lab", tmp_path), side=side)
    for known in site.spec.sides:
        workspace.write(site.space.side(known).state / "x", "")
    return site


def run(site: sites.Site, tmp_path: pathlib.Path) -> bool:
    return destroy.destroy(site, journal=progress.Journal(Quiet()), clock=lambda: NOW, environ={}, logs=tmp_path)


def test_nothing_of_a_lab_is_left(tmp_path: pathlib.Path, swept: list[str]) -> None:
    site = deployed(tmp_path)
    assert run(site, tmp_path)
    assert not site.space.path.exists()
    assert swept == [f"{site.space.prefix}-int", f"{site.space.prefix}-ext"]
    assert not run(site, tmp_path), "there is nothing any more"


def test_one_side_goes_and_the_other_stays(tmp_path: pathlib.Path, swept: list[str]) -> None:
    site = deployed(tmp_path, side="internal")
    assert run(site, tmp_path)
    assert not (site.space.path / "internal").exists()
    assert (site.space.path / "external").exists()
    assert swept == [f"{site.space.prefix}-int"]


def test_a_running_deploy_is_not_destroyed_under_its_feet(tmp_path: pathlib.Path, swept: list[str]) -> None:
    site = deployed(tmp_path)
    with lock.held(site.space, verb="deploy", now=NOW), pytest.raises(errors.LockedError):
        run(site, tmp_path)
    assert swept == []


def test_files_go_while_the_lock_is_still_held(
    tmp_path: pathlib.Path, swept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    site = deployed(tmp_path)
    real = shutil.rmtree

    def rmtree(path: Any, *rest: Any, **options: Any) -> None:
        if path == site.space.path:
            with pytest.raises(errors.LockedError), lock.held(site.space, verb="deploy", now=NOW):
                pytest.fail("a deploy began, and its files go now")
        real(path, *rest, **options)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    run(site, tmp_path)


def test_a_lab_that_could_not_be_removed_keeps_what_says_so(
    tmp_path: pathlib.Path, swept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = stacks.StackResult(stack="network", changed=0, outputs={}, error="busy")
    monkeypatch.setattr(stacks, "run", lambda *_, **__: (failed,))
    site = deployed(tmp_path)
    with pytest.raises(errors.GovcloudError, match="could not be removed") as caught:
        run(site, tmp_path)
    assert caught.value.cause == "busy"
    assert site.space.path.exists()


def test_hosts_of_ones_own_are_not_ours_to_wipe(tmp_path: pathlib.Path, swept: list[str]) -> None:
    site = sites.load(inventories.copy("example", tmp_path))
    with pytest.raises(errors.UsageError):
        run(site, tmp_path)
