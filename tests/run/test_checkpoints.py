from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.run import checkpoints

WHOLE = '{"version": 3, "checkpoint": {}}'


@pytest.fixture
def state(tmp_path: pathlib.Path) -> pathlib.Path:
    (tmp_path / ".pulumi" / "stacks" / "govcloud-network").mkdir(parents=True)
    return tmp_path


def file(state: pathlib.Path, name: str = "network.json") -> pathlib.Path:
    return state / ".pulumi" / "stacks" / "govcloud-network" / name


def test_a_whole_state_is_left_alone(state: pathlib.Path) -> None:
    file(state).write_text(WHOLE)

    assert checkpoints.mend(state, "network") == ""
    assert file(state).read_text() == WHOLE


@pytest.mark.parametrize("torn", ["", '{"version": 3, "check', "[]"])
def test_a_torn_state_gives_way_to_the_one_before_it(state: pathlib.Path, torn: str) -> None:
    file(state).write_text(torn)
    file(state, "network.json.bak").write_text(WHOLE)

    assert "is back" in checkpoints.mend(state, "network")
    assert file(state).read_text() == WHOLE


def test_a_torn_state_without_one_before_it_goes_so_that_everything_is_adopted(state: pathlib.Path) -> None:
    file(state).write_text("")
    file(state, "network.json.bak").write_text("")

    assert "adopted" in checkpoints.mend(state, "network")
    assert not file(state).exists()


def test_the_states_of_other_stacks_are_not_touched(state: pathlib.Path) -> None:
    file(state, "platform.json").write_text("")

    assert checkpoints.mend(state, "network") == ""
    assert file(state, "platform.json").read_text() == ""


def test_nothing_is_mended_where_nothing_was_kept(tmp_path: pathlib.Path) -> None:
    assert checkpoints.mend(tmp_path, "network") == ""


def test_past_updates_are_kept_up_to_a_number(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / ".pulumi" / "history" / "govcloud-tenants" / "tenants-00"
    folder.mkdir(parents=True)
    for moment in range(100, 130):
        for kind in ("history.json", "checkpoint.json", "checkpoint.json.attrs"):
            (folder / f"tenants-00-{moment}.{kind}").touch()
    checkpoints.prune(tmp_path, "govcloud-tenants", "tenants-00")
    checkpoints.prune(tmp_path, "govcloud-tenants", "tenants-01")
    left = sorted({entry.name.split(".")[0] for entry in folder.iterdir()})
    assert left == [f"tenants-00-{moment}" for moment in range(130 - checkpoints.UPDATES, 130)]
    assert len(list(folder.iterdir())) == 3 * checkpoints.UPDATES


def test_a_new_state_holds_nothing_and_is_whole(tmp_path: pathlib.Path) -> None:
    place = checkpoints.file(tmp_path, "govcloud-tenants", "tenants-00")
    checkpoints.begin(place, project="govcloud-tenants", stack="tenants-00")
    assert checkpoints.mend(tmp_path, "tenants-00") == ""
    assert place.exists()
