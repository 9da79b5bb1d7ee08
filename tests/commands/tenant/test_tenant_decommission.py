"""`govcloud tenant decommission` as it is typed; what it does is in tests/run/decommission."""

from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.run import workspace
from govcloud_cli.run.decommission import decide, proceeding, reading
from tests.support import command_line, inventories


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    found = inventories.copy("lab", tmp_path)
    inventories.keep(found, "tourism", "transport")
    held = decide.Reading(namespaces=("transport-prod",), claims=("transport-prod/data",))
    monkeypatch.setattr(reading, "look", lambda *_: held)
    return found


def run(folder: pathlib.Path, *words: str) -> command_line.Result:
    return command_line.run("tenant", "decommission", *words, "--env", str(folder))


def test_without_yes_nothing_is_even_looked_at(folder: pathlib.Path) -> None:
    result = run(folder, "transport")
    assert result.code == 2
    assert "--plan" in result.stderr


def test_an_unknown_tenant_names_the_nearest(folder: pathlib.Path) -> None:
    for flag in ("--plan", "--yes"):
        result = run(folder, "transprot", flag)
        assert result.code == 2
        assert "did you mean 'transport'?" in result.stderr


def test_the_plan_says_what_would_go_and_everything_in_the_way(folder: pathlib.Path) -> None:
    result = run(folder, "transport", "--plan", "--json")
    assert result.code == 3, "as --yes would: nobody approved it"
    assert "namespace transport-prod" in result.document["removes"]
    denied, held = result.document["reasons"]
    assert "people.yaml" in denied
    assert "transport-prod/data" in held
    assert "in the way 阻碍: 1 volume claims" in run(folder, "transport", "--plan").stdout


def test_yes_refuses_for_the_same_reasons_and_removes_nothing(folder: pathlib.Path) -> None:
    result = run(folder, "transport", "--yes", "--json")
    assert result.code == 3
    assert "people.yaml" in result.document["error"]["cause"]
    assert "transport-prod/data" in result.document["error"]["cause"]
    assert (folder / "tenants" / "transport.yaml").exists()


def test_what_an_earlier_run_began_is_gone_on_with_though_its_file_is_gone(folder: pathlib.Path) -> None:
    mark = proceeding.mark_of(workspace.locate(folder), platforms.Side.EXTERNAL, "transport")
    workspace.write(mark, '{"backup": "/nowhere"}')
    (folder / "tenants" / "transport.yaml").unlink()
    assert run(folder, "transport", "--plan", "--json").document["begun"] is True
    assert "not whole" in run(folder, "transport", "--yes").stderr
