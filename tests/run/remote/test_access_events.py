from __future__ import annotations

import base64
import os
import pathlib
from typing import Any

import pytest

from govcloud_cli.run.remote import access_events


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    made = tmp_path / "vpn.jsonl"
    made.write_bytes(b"one\ntwo\n")
    return made


def read(path: pathlib.Path, cursor: dict[str, Any], limit: int = 100) -> tuple[bytes, dict[str, Any]]:
    answer = access_events.main({"path": str(path), "cursor": cursor, "limit": limit})
    return base64.b64decode(answer["data"]), answer


def test_only_what_is_new_is_read_and_only_whole_lines(path: pathlib.Path) -> None:
    data, answer = read(path, {})
    assert (data, answer["more"], answer["gap"]) == (b"one\ntwo\n", False, False)
    with path.open("ab") as file:
        file.write(b"three\nfo")
    data, answer = read(path, answer["cursor"])
    assert data == b"three\n"
    with path.open("ab") as file:
        file.write(b"ur\n")
    assert read(path, answer["cursor"])[0] == b"four\n"


def test_a_rotation_between_two_readings_loses_nothing(path: pathlib.Path) -> None:
    _, answer = read(path, {})
    with path.open("ab") as file:
        file.write(b"three\nhalf")
    os.utime(path, ns=(1, 1))
    path.rename(path.with_name("vpn.jsonl.1"))
    path.write_bytes(b"four\n")
    data, answer = read(path, answer["cursor"])
    assert data == b"three\nhalf\nfour\n"
    assert not answer["gap"]
    assert read(path, answer["cursor"])[0] == b""


def test_a_log_that_was_emptied_or_replaced_is_told_as_a_gap(path: pathlib.Path) -> None:
    _, answer = read(path, {})
    path.write_bytes(b"new\n")
    data, again = read(path, answer["cursor"])
    assert (data, again["gap"]) == (b"new\n", True)
    path.write_bytes(b"xyz\nmore\n")
    data, again = read(path, again["cursor"])
    assert (data, again["gap"]) == (b"xyz\nmore\n", True), "the same inode and length, another content"


def test_it_takes_no_more_than_it_is_asked_for(path: pathlib.Path) -> None:
    cursor: dict[str, Any] = {}
    taken, rounds = b"", 0
    while True:
        data, answer = read(path, cursor, 5)
        taken, cursor, rounds = taken + data, answer["cursor"], rounds + 1
        if not answer["more"]:
            break
    assert (taken, rounds) == (b"one\ntwo\n", 2)


def test_a_line_without_end_comes_in_pieces(path: pathlib.Path) -> None:
    path.write_bytes(b"x" * 25 + b"\nend\n")
    data, answer = read(path, {}, 10)
    assert (data, answer["more"]) == (b"x" * 10, True)
