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
