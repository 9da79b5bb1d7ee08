from __future__ import annotations

import os
import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.governance import requests
from govcloud_cli.run import request_files
from tests.support import decisions

TENANT = decisions.finance()
SPEC = decisions.spec(TENANT)
ASKED = decisions.asked(TENANT, within=SPEC)


@pytest.fixture
def place(tmp_path: pathlib.Path) -> pathlib.Path:
    """An inventory's folder with one request; `requests/finance` in it is returned."""
    request_files.save(tmp_path, ASKED)
    return tmp_path / "requests" / "finance"


def refusal(place: pathlib.Path) -> str:
    with pytest.raises(errors.UsageError) as caught:
        request_files.load(place.parents[1])
    assert caught.value.remedy is not None
    return str(caught.value.cause)


def test_requests_are_read_by_tenant_and_number(place: pathlib.Path) -> None:
    second = decisions.asked(TENANT, within=SPEC, number=2)
    path = request_files.save(place.parents[1], second)
    assert path == place / "0002.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert request_files.load(place.parents[1]) == (ASKED, second)
    assert request_files.load(place.parents[1], {"purse"}) == ()


def test_no_folder_is_no_requests(tmp_path: pathlib.Path) -> None:
    assert request_files.load(tmp_path) == ()


def test_every_file_that_is_none_is_named_at_once(place: pathlib.Path) -> None:
    (place / "0002.json").write_text("{}")
    (place / "notes.txt").write_text("")
    told = refusal(place)
    assert "0002.json" in told
    assert "notes.txt: not named NNNN.json" in told


@pytest.mark.parametrize("name", ["Finance", "fïnance", "-rf", "finance;id", "x"])
def test_a_folder_that_is_no_tenants_is_refused(name: str, place: pathlib.Path) -> None:
    (place.parent / name).mkdir()
    assert "not the id of a tenant" in refusal(place)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "UTF-16"),
        (b"\x80", "byte 0x80"),
        ("{\u202e}".encode(), "U+202E"),
        (b'{"original":' * 20_000, "recursion"),
        (b" " * (300 * 1024), "longer than 256 Ki"),
        (b" " * (5 * 1024 * 1024), "more than 4 MB"),
        (b"", "EOF"),
    ],
    ids=["utf-16", "not utf-8", "a writing direction", "nested", "long", "huge", "empty"],
)
def test_a_file_that_cannot_be_a_request_is_refused(content: bytes, told: str, place: pathlib.Path) -> None:
    (place / "0001.json").write_bytes(content)
    assert told in refusal(place)


def test_a_link_is_refused_wherever_it_is(place: pathlib.Path, tmp_path: pathlib.Path) -> None:
    real = place / "0001.json"
    real.rename(tmp_path / "elsewhere.json")
    real.symlink_to(tmp_path / "elsewhere.json")
    assert "a symbolic link" in refusal(place)
    real.unlink()
    (tmp_path / "finance").mkdir()
    place.rmdir()
    place.symlink_to(tmp_path / "finance")
    assert "finance: not a folder" in refusal(place)
    with pytest.raises(errors.UsageError, match="is a link"), request_files.held(tmp_path, "finance"):
        pass


def test_a_pipe_does_not_keep_anybody_waiting(place: pathlib.Path) -> None:
    os.mkfifo(place / "0002.json")
    assert "not a regular file" in refusal(place)


def test_a_request_in_another_place_is_refused(place: pathlib.Path) -> None:
    (place / "0001.json").rename(place / "0007.json")
    assert "it is request finance/0001, which has another place" in refusal(place)
    (place.parent / "purse").mkdir()
    (place / "0007.json").rename(place.parent / "purse" / "0001.json")
    assert "it is request finance/0001, which has another place" in refusal(place)


def test_more_files_than_requests_can_be_are_refused(place: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST", 2)
    for number in (2, 3):
        (place / f"{number:04d}.json").touch()
    assert "more than 2 entries" in refusal(place)


def test_two_people_do_not_decide_at_once(tmp_path: pathlib.Path) -> None:
    with (
        request_files.held(tmp_path, "finance"),
        pytest.raises(errors.LockedError, match="somebody else is deciding about finance"),
        request_files.held(tmp_path, "finance"),
    ):
        pass
    with request_files.held(tmp_path, "finance"), request_files.held(tmp_path, "purse"):
        assert sorted(path.name for path in (tmp_path / "requests").iterdir()) == ["finance", "purse"]
