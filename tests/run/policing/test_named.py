"""What the names on a command line hold."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from govcloud_cli.run.policing import named
from tests.support import policy_folders


def test_every_name_is_an_input_of_its_own(tmp_path: Path) -> None:
    policy_folders.write(tmp_path / "a" / "one.yaml", policy_folders.pod("one"))
    policy_folders.write(tmp_path / "a" / "values.yaml", "replicas: 2\n")
    policy_folders.write(tmp_path / "two.yaml", policy_folders.pod("two"))

    found = named.read([str(tmp_path / "a"), str(tmp_path / "two.yaml")])

    assert [(len(one.subjects), one.skipped) for one in found.inputs] == [(1, 1), (1, 0)]
    assert found.problems == ()
    assert found.stdin is None


def test_standard_input_is_read_once_and_only_if_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = policy_folders.write(tmp_path / "one.yaml", policy_folders.pod("one"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(policy_folders.pod().encode())))

    assert named.read([str(path)]).stdin is None
    found = named.read(["-", "-"])

    assert found.stdin == policy_folders.pod()
    assert [len(one.subjects) for one in found.inputs] == [1, 0]


def test_standard_input_that_is_no_text_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))

    assert named.read(["-"]).problems == ("-: not UTF-8",)
