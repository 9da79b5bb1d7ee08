from __future__ import annotations

import pathlib
import shutil

import pytest

from govcloud_cli import errors
from govcloud_cli.run import scaffolding
from tests.support import inventories


def test_a_new_file_is_whole_and_readable_by_its_reviewers(tmp_path: pathlib.Path) -> None:
    scaffolding.create(tmp_path / "tenants" / "a.yaml", "a: 1\n")
    assert (tmp_path / "tenants" / "a.yaml").read_text() == "a: 1\n"
    assert (tmp_path / "tenants" / "a.yaml").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in (tmp_path / "tenants").iterdir()] == ["a.yaml"], "no temporary file stays"


@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_nothing_is_overwritten(tmp_path: pathlib.Path, kind: str) -> None:
    path = tmp_path / "a.yaml"
    if kind == "file":
        path.write_text("before")
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.UsageError, match="is there already"):
        scaffolding.create(path, "after")
    assert kind != "file" or path.read_text() == "before"
    assert not (tmp_path / "elsewhere").exists()
    assert [one.name for one in tmp_path.iterdir()] == ["a.yaml"]


def test_removing_what_is_gone_is_no_error(tmp_path: pathlib.Path) -> None:
    scaffolding.remove(tmp_path / "nowhere" / "a.yaml")


def test_faults_of_a_draft_are_told_as_if_its_file_were_there_and_nothing_is_written(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    with pytest.raises(errors.InventoryError) as caught:
        scaffolding.check(folder, "tenants/broken.yaml", "kind: TenantRequest\n")
    assert {fault.file for fault in caught.value.faults} == {str(folder / "tenants" / "broken.yaml")}
    assert not (folder / "tenants" / "broken.yaml").exists()


def test_a_draft_is_checked_with_all_other_files(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    finance = (folder / "tenants" / "finance.yaml").read_text()
    with pytest.raises(errors.InventoryError):
        scaffolding.check(folder, "tenants/finanse.yaml", finance)
    assert scaffolding.check(folder, "tenants/finance.yaml", finance).environment == "lab"


@pytest.mark.parametrize("link", ["tenants", "tenants/sports.yaml"])
def test_a_draft_is_not_written_through_a_link_of_the_inventory(link: str, tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    outside = tmp_path / "outside"
    if link == "tenants":
        shutil.move(folder / "tenants", outside)
    (folder / link).symlink_to(outside)
    before = sorted(outside.iterdir()) if outside.exists() else []
    with pytest.raises(errors.UsageError, match="is a link"):
        scaffolding.check(folder, "tenants/sports.yaml", "x: y\n")
    assert (sorted(outside.iterdir()) if outside.exists() else []) == before


def test_what_is_no_text_is_refused_in_words(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.UsageError, match="no text in UTF-8") as caught:
        scaffolding.check(tmp_path, "tenants/sports.yaml", "name: ab\udcff")
    assert caught.value.cause == r"at: 'name: ab\udcff'"
