"""`govcloud init`: a starter that works as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from govcloud_cli import errors
from govcloud_cli.commands import init
from govcloud_cli.inventory import loading


def run(*arguments: str) -> Result:
    return CliRunner().invoke(init.init, arguments)


@pytest.mark.parametrize("environment", ["lab", "my-town"])
def test_the_starter_is_valid_as_it_is(tmp_path: Path, environment: str) -> None:
    result = run(str(tmp_path / "cloud"), "--env", environment)

    assert result.exit_code == 0, result.output
    read = loading.load(tmp_path / "cloud" / "inventories" / environment)
    assert {tenant.spec.zone for tenant in read.tenants} == {"internal", "external", "internet"}
    assert "govcloud validate" in result.stdout


def test_the_starters_files_name_schemas_that_are_there(tmp_path: Path) -> None:
    run(str(tmp_path))

    files = list((tmp_path / "inventories").rglob("*.yaml"))
    assert len(files) == 4
    for path in files:
        named = path.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
        assert (path.parent / named).is_file()


def test_it_explains_itself(tmp_path: Path) -> None:
    run(str(tmp_path))

    comments = [
        line
        for line in (tmp_path / "inventories" / "lab" / "platform.yaml").read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("#")
    ]
    assert len(comments) > 10


def test_nothing_is_overwritten_and_nothing_is_half_written(tmp_path: Path) -> None:
    there = tmp_path / "inventories" / "lab" / "tenants" / "tourism.yaml"
    there.parent.mkdir(parents=True)
    there.write_text("mine\n", encoding="utf-8")

    result = run(str(tmp_path))

    assert isinstance(result.exception, errors.UsageError)
    assert there.read_text(encoding="utf-8") == "mine\n"
    assert not (tmp_path / "inventories" / "lab" / "platform.yaml").exists()


@pytest.mark.parametrize("environment", ["../x", "", "a/b"])
def test_a_name_that_is_a_path_is_refused(tmp_path: Path, environment: str) -> None:
    assert isinstance(run(str(tmp_path), "--env", environment).exception, errors.UsageError)
