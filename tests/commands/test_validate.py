"""`govcloud validate` for people and for machines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from govcloud_cli import errors
from govcloud_cli.commands import validate
from tests.inventory import cases


def run(*arguments: str) -> Result:
    return CliRunner().invoke(validate.validate, arguments, env={"NO_COLOR": "1", "COLUMNS": "200"})


def test_a_valid_environment_is_counted_and_the_next_command_named() -> None:
    result = run("--env", "lab")

    assert result.exit_code == 0
    assert result.stdout.startswith("Environment 'lab' is valid: 3 zones, 10 machines, 11 flows, 17 tenants, ")
    assert "Next: govcloud plan" in result.stdout


def test_a_fault_is_shown_with_its_place_its_line_and_what_would_be_right(tmp_path: Path) -> None:
    folder = cases.build(tmp_path, kind="refused", name="a-port-that-is-none")

    result = run("--env", str(folder))

    assert result.exit_code == errors.ExitCode.BAD_INPUT
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0] == "error[GC1107]: ports[0] cannot be 99999"
    assert lines[1].startswith(f"  --> {folder}/tenants/purse.yaml:19:65")
    assert lines[2].startswith("  19 |       - {direction: outbound")
    assert lines[3].index("^") == lines[2].index("99999")
    assert lines[4].startswith("  why: ")
    assert lines[5:7] == ["  allowed: a whole number from 1 to 65535", "  fix: choose another"]
    assert lines[-1] == "1 fault in 1 file: nothing was changed"


def test_the_caret_stands_under_the_value_after_chinese_text_too(tmp_path: Path) -> None:
    folder = cases.build(tmp_path, kind="refused", name="a-child-above-its-parent")

    line, caret = run("--env", str(folder)).stderr.splitlines()[2:4]

    cells = sum(2 if char > "\u2e7f" else 1 for char in line[: line.index("province")])
    assert caret.index("^") == cells


def test_json_holds_every_fault_with_its_place(tmp_path: Path) -> None:
    folder = cases.build(tmp_path, kind="refused", name="a-misspelt-field")

    result = run("--env", str(folder), "--json")
    document = json.loads(result.stdout)

    assert result.exit_code == errors.ExitCode.BAD_INPUT
    assert document["schemaVersion"] == 1
    assert document["ok"] is False
    assert [fault["code"] for fault in document["faults"]] == ["GC1101", "GC1102"]
    assert set(document["faults"][0]) == {
        "code", "message", "file", "line", "column", "field", "found", "allowed", "remedy",
    }  # fmt: skip


def test_json_of_a_valid_environment_has_no_faults() -> None:
    assert json.loads(run("--json").stdout) == {"schemaVersion": 1, "ok": True, "faults": []}


def test_an_unknown_environment_suggests_one() -> None:
    result = run("--env", "lob")

    assert result.exit_code == errors.ExitCode.BAD_INPUT
    assert "did you mean 'lab'?" in result.stderr


@pytest.mark.parametrize("environment", ["", "../lab", "/nowhere/at/all"])
def test_what_is_no_environment_is_refused(environment: str) -> None:
    assert run("--env", environment).exit_code == errors.ExitCode.BAD_INPUT


def test_the_current_folders_inventories_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inventories" / "lab").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert "inventories/lab" in run().stderr


def test_markup_in_a_value_is_text(tmp_path: Path) -> None:
    folder = cases.build(tmp_path, kind="refused", name="an-unknown-field")
    purse = folder / "tenants" / "purse.yaml"
    purse.write_text(purse.read_text(encoding="utf-8").replace("colour: red", '"[/x][red]": 1'), encoding="utf-8")

    assert "'[/x][red]'" in run("--env", str(folder)).stderr


def test_help_imports_neither_models_nor_rich() -> None:
    code = (
        "import sys, click.testing as t; from govcloud_cli.commands import validate, schema, init\n"
        "[t.CliRunner().invoke(c, ['--help']) for c in (validate.validate, schema.schema, init.init)]\n"
        "sys.exit(sum(name in sys.modules for name in ('pydantic', 'rich', 'yaml')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
