"""What is said where a Chinese keyboard or a tab made YAML unreadable."""

from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.inventory import reader, slips, wording


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nzone：external\nb: 2\n", "line 2 has ："),
        ("a: 1\n\tzone: external\n", "line 2 begins with a tab"),
        ("a: {b: 1，c: 2}\nd: [1\n", "line 1 has ，"),
        ("a: {b: “x”， c: 2\nd: 1\n", "line 1 has “"),
        ("a: 1\n\u3000zone: x\n: :\n", "line 2 has a wide space"),
    ],
)
def test_the_line_and_the_sign_are_named(text: str, told: str) -> None:
    (fault,) = reader.parse(text, file="x").faults
    assert fault.code == "GC1005"
    assert told in fault.remedy


@pytest.mark.parametrize("text", ["a: [1\nb: 2\n", "a: 1  # 说明：如此\nb 2\nc: 3\n", "# 说明：如此\n]\n"])
def test_other_faults_and_chinese_comments_keep_the_general_remedy(text: str) -> None:
    (fault,) = reader.parse(text, file="x").faults
    assert fault.remedy.startswith("look at indentation")


def test_a_place_outside_the_text_is_no_fault_of_ours() -> None:
    assert slips.remedy("", 0) == slips.remedy("a", 9) == ""


def test_a_wide_figure_or_quotes_are_a_near_miss() -> None:
    assert wording.suggestion("２", ("2", "3", "4")) == "did you mean '2'?"
    assert wording.suggestion("“general”", ("general", "core")) == "did you mean 'general'?"


def test_an_empty_file_is_called_empty(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("# only words\n", encoding="utf-8")
    (fault,) = reader.read(path).faults
    assert (fault.code, fault.message) == ("GC1012", "the file is empty")
    assert "tenant new" in fault.remedy


def test_who_writes_secret_is_not_told_core() -> None:
    assert wording.suggestion("secret", ("general", "important", "core")) == ""
