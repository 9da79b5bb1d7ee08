"""An inventory as it was at a commit: real repositories, small ones."""

from __future__ import annotations

import pathlib
import shutil

import pytest

from govcloud_cli import errors
from govcloud_cli.run import history, process
from tests.inventory import cases
from tests.support import repositories


@pytest.fixture
def town(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    for name, value in repositories.SETTINGS.items():
        monkeypatch.setenv(name, value)
    return repositories.clone(tmp_path)


def name_of(folder: pathlib.Path, start: history.Base, tenant: str = "purse") -> str:
    spec = history.inventory_at(folder, start)
    return next(one.metadata.display_name for one in spec.tenants if one.metadata.id == tenant)


def test_what_was_there_is_read_and_the_work_tree_is_not_touched(town: pathlib.Path) -> None:
    repositories.edit(town, "tenants/purse.yaml", "财政局 purse", "另一个名称")
    (town / "tenants" / "vault.yaml").unlink()
    before = repositories.git(town, "status", "--porcelain")

    spec = history.inventory_at(town, history.base(town, "main"))

    assert spec.environment == "town"
    assert [one.metadata.id for one in spec.tenants] == ["purse", "treasury", "vault"]
    assert spec.tenants[0].metadata.display_name == "财政局 purse"
    assert repositories.git(town, "status", "--porcelain") == before


def test_a_change_begins_where_it_left_the_branch_whatever_others_merged_since(town: pathlib.Path) -> None:
    left = repositories.git(town, "rev-parse", "HEAD")
    repositories.git(town, "checkout", "--quiet", "-b", "mine")
    repositories.edit(town, "tenants/purse.yaml", "财政局 purse", "我的名称")
    repositories.commit(town)
    repositories.git(town, "checkout", "--quiet", "main")
    repositories.edit(town, "tenants/treasury.yaml", "displayName: ", "displayName: 别人的")
    repositories.commit(town)
    repositories.git(town, "checkout", "--quiet", "mine")

    start = history.base(town, "main")

    assert start == history.Base(commit=left, reference="main")
    assert name_of(town, start) == "财政局 purse"


def test_files_are_read_byte_for_byte_whatever_attributes_say(town: pathlib.Path) -> None:
    """`git archive` would leave out what a tenant marks so, and its change would look like a new tenant."""
    attributes = "*.yaml export-subst ident\ntenants/vault.yaml export-ignore\n"
    (town.parent / ".gitattributes").write_text(attributes, encoding="utf-8")
    repositories.edit(town, "tenants/purse.yaml", "财政局 purse", "$Format:%H$ $Id$")
    repositories.commit(town)

    start = history.base(town, "HEAD")

    assert name_of(town, start) == "$Format:%H$ $Id$"
    assert len(history.inventory_at(town, start).tenants) == 3


def test_requests_are_left_out(town: pathlib.Path) -> None:
    (town / "requests").mkdir()
    (town / "requests" / "0001.json").write_text("{}", encoding="utf-8")
    repositories.commit(town)

    assert "requests/0001.json" not in history._entries(town, history.base(town, "HEAD"))
    assert len(history.inventory_at(town, history.base(town, "HEAD")).tenants) == 3


def test_an_inventory_may_be_the_repository_itself(town: pathlib.Path, tmp_path: pathlib.Path) -> None:
    alone = tmp_path / "town"
    shutil.copytree(town, alone)
    repositories.git(alone, "init", "--quiet")
    repositories.commit(alone)

    assert len(history.inventory_at(alone, history.base(alone, "HEAD")).tenants) == 3


def refused(folder: pathlib.Path, reference: str) -> errors.UsageError:
    with pytest.raises(errors.UsageError) as caught:
        history.inventory_at(folder, history.base(folder, reference))
    return caught.value


def test_without_a_repository_it_says_so(tmp_path: pathlib.Path) -> None:
    error = refused(cases.build(tmp_path, kind="accepted", name=cases.names("accepted")[0]), "main")

    assert "is in no Git repository" in error.message
    assert "without --changed-since" in str(error.remedy)


@pytest.mark.parametrize(
    "reference", ["nowhere", "origin/main", "--output=x", "-h", "", "main:inventories", "a b", "@{99}"]
)
def test_a_reference_that_is_none_is_refused_with_what_to_fetch(town: pathlib.Path, reference: str) -> None:
    error = refused(town, reference)

    assert error.message == f"there is no commit '{reference}'"
    assert "git fetch origin" in str(error.remedy)
    assert "--unshallow" not in str(error.remedy)


def test_a_shallow_clone_says_how_to_get_the_rest(town: pathlib.Path, tmp_path: pathlib.Path) -> None:
    first = repositories.git(town, "rev-parse", "HEAD")
    repositories.git(town, "branch", "release")
    repositories.edit(town, "tenants/purse.yaml", "财政局 purse", "另一个名称")
    repositories.commit(town)
    shallow = tmp_path / "shallow"
    repositories.git(
        tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{town.parent.parent}", str(shallow)
    )
    folder = shallow / "inventories" / "town"

    assert "git fetch --unshallow" in str(refused(folder, first).remedy)
    cut = refused(folder, "origin/release")
    assert cut.message == "'origin/release' and HEAD have no commit in common"
    assert "git fetch --unshallow" in str(cut.remedy)
    repositories.git(shallow, "fetch", "--quiet", "--unshallow")
    assert name_of(folder, history.base(folder, "origin/release")) == "财政局 purse"


def test_a_history_of_its_own_has_nothing_in_common(town: pathlib.Path) -> None:
    repositories.git(town, "checkout", "--quiet", "--orphan", "other")
    repositories.edit(town, "tenants/purse.yaml", "财政局 purse", "另一个名称")
    repositories.commit(town)

    assert "name the branch" in str(refused(town, "main").remedy)


def test_an_environment_that_is_new_says_so(town: pathlib.Path) -> None:
    other = town.parent / "village"
    shutil.copytree(town, other)

    error = refused(other, "main")

    assert error.message == "there was no inventory village at 'main'"


def test_an_inventory_that_was_refused_then_is_told_with_its_place(town: pathlib.Path) -> None:
    repositories.edit(town, "tenants/purse.yaml", "mlps: 3", "mlps: 9")
    repositories.commit(town)

    error = refused(town, "HEAD")

    assert "is not valid" in error.message
    assert str(error.where).endswith("purse.yaml:8")


def test_a_link_is_no_plain_file(town: pathlib.Path) -> None:
    (town / "tenants" / "link.yaml").symlink_to("/etc/passwd")
    repositories.commit(town)

    assert "is not a plain file" in refused(town, "HEAD").message


def test_one_blob_under_many_names_does_not_fill_the_disk(town: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_MOST_BYTES", 100 * 1024)
    for number in range(30):
        (town / "tenants" / f"a{number}.yaml").write_text("# the same\n" * 400)
    repositories.commit(town)
    started: list[object] = []
    monkeypatch.setattr(process, "streaming", lambda *words, **_: started.append(words))
    with pytest.raises(errors.UsageError, match="the inventory at 'main' has 0 MiB"):
        history.inventory_at(town, history.base(town, "main"))
    assert started == [], "nothing of it was written"
