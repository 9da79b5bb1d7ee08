"""Running scripts on machines, with a program in place of `ssh` that runs them here."""

from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import machines, reach, workspace

HERE = reach.Reach(namespace=None)
FAKE = """#!/bin/sh
# ssh -F FILE -- HOST COMMAND...
echo "$*" >>"$0.calls"
shift 3
host=$1
shift
[ "$host" != dead ] || { echo "connect to host dead port 22: No route to host" >&2; exit 255; }
eval exec "$*"
"""


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> workspace.SideFolder:
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(FAKE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin:/usr/sbin:/sbin")
    return workspace.SideFolder(path=tmp_path / ".govcloud" / "lab" / "external", side=platforms.Side.EXTERNAL)


def test_each_machine_gets_its_own_argument_and_one_that_is_dead_hides_no_other(
    folder: workspace.SideFolder, tmp_path: pathlib.Path
) -> None:
    hostile = tmp_path / "'); import os; os._exit(3) #"
    hostile.mkdir()
    (hostile / "file").write_text("x")
    arguments = {
        "one": {"folders": [str(hostile)], "units": []},
        "dead": {"folders": [], "units": []},
        "two": {"folders": [], "units": []},
    }
    answers = machines.run_script("snapshot", arguments, folder=folder, way=HERE)
    assert list(answers) == ["one", "dead", "two"]
    assert f"file {hostile}/file" in answers["one"]
    assert not any(name.startswith("file ") for name in answers["two"])
    assert isinstance(answers["dead"], errors.GovcloudError)
    assert "No route to host" in str(answers["dead"].cause)


def test_scripts_and_arguments_travel_by_standard_input_not_by_command_line(
    folder: workspace.SideFolder, tmp_path: pathlib.Path
) -> None:
    machines.run_script("snapshot", {"one": {"folders": ["/secret-looking"], "units": []}}, folder=folder, way=HERE)
    assert "secret-looking" not in (tmp_path / "bin" / "ssh.calls").read_text()


def test_a_commands_exit_code_comes_back(folder: workspace.SideFolder) -> None:
    assert machines.execute("one", ["sh", "-c", "exit 9"], folder=folder, way=HERE, terminal=False) == 9
    assert machines.execute("dead", ["true"], folder=folder, way=HERE, terminal=False) == 255


def test_a_script_finds_the_modules_that_it_needs_where_there_is_no_govcloud(
    folder: workspace.SideFolder, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.chdir(tmp_path)
    group = {"person": "li.wei", "probes": []}
    job = {"address": "192.0.2.1", "port": 443, "authority": "", "certificates": {}, "group": group}
    asked = machines.run_script("tunnels", {"one": job}, folder=folder, way=HERE, needs=("openconnect",))
    assert asked == {"one": {}}
    alone = machines.run_script("tunnels", {"one": job}, folder=folder, way=HERE)["one"]
    assert "cannot import name 'openconnect'" in str(alone.cause)
