"""The platform's own memory of decisions: of this environment and side, and of each tenant his own."""

from __future__ import annotations

import json
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import decisions, workspace
from tests.support import decisions as made

EXTERNAL = platforms.Side.EXTERNAL
ENTRY = decisions.Entry(applied=made.finance(), attempted="", number=3, decided=made.finance(), at=made.AT)


def folder_of(root: pathlib.Path, environment: str = "unit", side: platforms.Side = EXTERNAL) -> workspace.SideFolder:
    return workspace.Workspace(path=root / ".govcloud" / environment).side(side)


def saved(folder: workspace.SideFolder) -> pathlib.Path:
    decisions.save(folder, decisions.Record(required=True, tenants={"finance": ENTRY}))
    return folder.path / "decisions.json"


def test_what_is_saved_is_read_again(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path)
    saved(folder)
    found = decisions.load(folder)
    assert (found.place, found.required, found.tenants) == ("unit/external", True, {"finance": ENTRY})


@pytest.mark.parametrize("other", [("staging", EXTERNAL), ("unit", platforms.Side.INTERNAL)])
def test_what_another_environment_or_side_decided_is_refused(
    other: tuple[str, platforms.Side], tmp_path: pathlib.Path
) -> None:
    theirs = saved(folder_of(tmp_path, *other))
    folder = folder_of(tmp_path)
    workspace.write(folder.path / "decisions.json", theirs.read_bytes())
    with pytest.raises(errors.GovcloudError, match="cannot be read") as caught:
        decisions.load(folder)
    assert f"it is that of {other[0]}/{other[1].value}, and this is unit/external" in str(caught.value.cause)


def test_another_tenants_entry_is_refused(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path)
    path = saved(folder)
    path.write_text(path.read_text().replace('"finance":{"applied"', '"archives":{"applied"'))
    with pytest.raises(errors.GovcloudError) as caught:
        decisions.load(folder)
    assert "what it has of archives is another tenant's" in str(caught.value.cause)


def test_the_record_of_an_older_govcloud_is_taken(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path)
    path = saved(folder)
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "place"}))
    assert decisions.load(folder).tenants == {"finance": ENTRY}


def test_a_link_that_leads_nowhere_is_no_empty_record(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path)
    workspace.make_folder(folder.path)
    (folder.path / "decisions.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(errors.GovcloudError, match="cannot be read"):
        decisions.load(folder)
