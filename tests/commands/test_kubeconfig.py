from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.run import workspace
from tests.support import inventories
from tests.support.command_line import run


def test_before_a_deploy_there_is_none(tmp_path: pathlib.Path) -> None:
    result = run("kubeconfig", "--env", str(inventories.copy("lab", tmp_path)))
    assert result.code == 1
    assert result.stdout == "", "or `export KUBECONFIG=$(govcloud kubeconfig)` would take the error"
    assert "run `govcloud deploy --env " in result.stderr


@pytest.mark.parametrize("side", list(platforms.Side))
def test_its_path_is_all_that_is_printed(tmp_path: pathlib.Path, side: platforms.Side) -> None:
    lab = inventories.copy("lab", tmp_path)
    path = workspace.locate(lab).side(side).kubeconfig
    workspace.write(path, "{}")
    result = run("kubeconfig", "--env", str(lab), "--side", side.value)
    assert (result.code, result.stdout) == (0, f"{path}\n")
    assert run("kubeconfig", "--env", str(lab), "--side", side.value, "--json").document["path"] == str(path)


def test_a_cluster_that_is_already_there_has_its_own(tmp_path: pathlib.Path) -> None:
    result = run("kubeconfig", "--env", str(inventories.copy("example", tmp_path)), "--side", "internal")
    assert result.stdout == "/etc/govcloud/internal.kubeconfig\n"
