"""The worker's wire, with a small program in place of the worker."""

from __future__ import annotations

import json
import pathlib
import sys

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import reach, stacks, workspace
from tests.support import inventories

READ = "import sys, pickle, base64, json; job = pickle.loads(base64.b64decode(sys.stdin.read()))\n"


def result(name: str, error: str = "") -> dict[str, object]:
    return {"event": "stack", "result": {"stack": name, "changed": 1, "outputs": {}, "error": error}}


def run(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> tuple[tuple[stacks.StackResult, ...], list[str], list[str]]:
    """Run a job for `platform` and `tenants-00` by a worker that runs this code."""
    worker = tmp_path / "worker"
    worker.write_text(f"#!{sys.executable}\n{READ}{code}\n")
    worker.chmod(0o755)
    monkeypatch.setattr(reach.Reach, "command", lambda _self, _argv: [str(worker)])
    (side, _) = inventories.plan(inventories.lab()).sides
    job = stacks.Job(
        side=side,
        stacks=("platform", "tenants-00"),
        operation=stacks.Operation.UP,
        folder=workspace.SideFolder(path=tmp_path, side=platforms.Side.INTERNAL),
        pulumi="pulumi",
        plugins="builtin",
        backend="file:///x",
        kubeconfig="",
    )
    told: list[str] = []
    ended: list[str] = []
    found = stacks.run(
        job,
        way=reach.Reach(namespace=None),
        log=tmp_path / "log",
        report=told.append,
        done=lambda stack: ended.append(stack.stack),
    )
    return found, told, ended


def test_what_the_worker_says_is_told_as_it_comes(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [{"event": "doing", "text": "platform: create x"}, result("platform"), result("tenants-00", "no")]
    code = f"assert len(job.side.hosts) == 3\nfor line in {lines!r}: print(json.dumps(line))\n"
    code += "print('to the log', file=sys.stderr)"
    found, told, ended = run(tmp_path, monkeypatch, code)
    assert [(stack.stack, stack.error) for stack in found] == [("platform", ""), ("tenants-00", "no")]
    assert told == ["platform: create x"]
    assert ended == ["platform", "tenants-00"]
    assert (tmp_path / "log").read_text() == "to the log\n"


@pytest.mark.parametrize("end", ["sys.exit(3)", "sys.exit(0)", "import os; os.kill(os.getpid(), 9)"])
def test_a_worker_that_dies_is_an_error_and_what_it_finished_counts(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    ended: list[str] = []
    code = f"print({json.dumps(result('platform'))!r}, flush=True)\n{end}"
    with pytest.raises(errors.GovcloudError, match="ended before its stacks did") as caught:
        _, _, ended = run(tmp_path, monkeypatch, code)
    assert caught.value.log == str(tmp_path / "log")
    assert ended == []
