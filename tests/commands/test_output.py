"""What is printed cannot steer a terminal, whoever wrote it."""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
import re

import hypothesis
import pytest
from hypothesis import strategies as st
from rich import table, text

from govcloud_cli import errors
from govcloud_cli.commands import output
from tests.support import inventories, nasty
from tests.support.command_line import run

STEERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
ANYTHING = st.lists(st.one_of(st.sampled_from(nasty.FRAGMENTS), st.text(max_size=5)), max_size=6).map("".join)


@hypothesis.given(ANYTHING)
def test_text_of_any_origin_is_printed_as_text(said: str) -> None:
    console = output.console()
    grid = table.Table(said, box=None)
    grid.add_row(said)
    with console.capture() as printed:
        console.print(said, soft_wrap=True)
        console.print(text.Text(said))
        console.print(grid)
    assert STEERS.search(printed.get().replace("\t", "")) is None


@hypothesis.given(ANYTHING)
def test_json_says_the_same_and_steers_nothing(said: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        output.print_json({"said": [said], said: 1})
    assert STEERS.search(printed.getvalue()) is None
    assert json.loads(printed.getvalue())["said"] == [said]


@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_names_what_somebody_wrote_without_doing_what_it_says(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "\x1b]0;pwned\x07\x9b31m\u202e"
    output.print_error(errors.UsageError(said, where=said, cause=said, remedy=said), as_json=as_json)
    printed = "".join(capsys.readouterr())
    assert STEERS.search(printed) is None
    assert printed.count("pwned") == 4


def test_a_files_name_in_the_inventory_neither_steers_nor_forges_a_line(tmp_path: pathlib.Path) -> None:
    folder = inventories.copy("lab", tmp_path)
    (folder / "tenants" / "\x1b]0;pwned\x07\nEnvironment 'lab' is valid\x9b1m.yaml").write_text("a: b\n")
    result = run("validate", "--env", str(folder))
    assert result.code == errors.ExitCode.BAD_INPUT
    assert STEERS.search(result.stderr) is None
    assert "pwned" in result.stderr
    assert not [line for line in result.stderr.splitlines() if line.startswith("Environment")]
