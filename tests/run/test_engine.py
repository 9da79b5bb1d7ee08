"""Pulumi's Automation API with few processes."""

from __future__ import annotations

import asyncio
import json
import pathlib
from collections.abc import Awaitable
from typing import Any

import pulumi
import pytest
from pulumi import automation

from govcloud_cli.run import checkpoints, engine


class Workspace(automation.LocalWorkspace):
    """Counts what Pulumi would be asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def create_stack(self, stack_name: str) -> None:
        self.asked.append(f"create {stack_name}")

    def select_stack(self, stack_name: str) -> None:
        self.asked.append(f"select {stack_name}")

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        self.asked.append(f"outputs {stack_name}")
        return {}


def finish(work: Awaitable[None]) -> None:
    """As `asyncio.run`, which leaves the thread without a loop; the SDK's tests want one."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


@pytest.mark.parametrize(
    ("exists", "asked"), [(True, []), (False, ["create network"]), (None, ["select network"])], ids=str
)
def test_a_stack_that_is_known_is_not_asked_for(exists: bool | None, asked: list[str]) -> None:
    workspace = Workspace()
    engine.Stack("network", workspace, exists=exists, outputs=False)
    assert workspace.asked == asked


@pytest.mark.parametrize(("wanted", "asked"), [(True, ["outputs network"]), (False, [])])
def test_outputs_are_asked_for_only_where_they_are_wanted(*, wanted: bool, asked: list[str]) -> None:
    workspace = Workspace()
    assert engine.Stack("network", workspace, exists=True, outputs=wanted).outputs() == {}
    assert workspace.asked == asked


def test_no_summary_is_asked_for() -> None:
    workspace = Workspace()
    assert engine.Stack("network", workspace, exists=True, outputs=False).info() is not None
    assert not workspace.asked


def test_a_program_is_over_when_all_that_it_began_is() -> None:
    ended = []

    async def work(depth: int) -> None:
        await asyncio.sleep(0)
        if depth:
            asyncio.ensure_future(work(depth - 1))  # noqa: RUF006 - as the SDK does
        ended.append(depth)

    def program() -> None:
        asyncio.ensure_future(work(2))  # noqa: RUF006 - as above

    finish(engine.settled(program)())
    assert ended == [2, 1, 0]


def test_work_that_fails_is_left_to_the_sdk_to_tell() -> None:
    seen: list[Any] = []

    async def work() -> None:
        raise ValueError("refused")

    async def both() -> None:
        never = asyncio.get_running_loop().create_future()
        tasks: list[asyncio.Future[None]] = []

        async def wait() -> None:
            await never

        await engine.settled(lambda: tasks.extend(map(asyncio.ensure_future, (work(), wait()))))()
        seen.append(tasks[0].exception())
        tasks[1].cancel()

    finish(both())
    assert str(seen[0]) == "refused"


def test_a_new_stack_takes_the_key_of_its_neighbour_and_needs_no_process(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(automation.LocalWorkspace, "create_stack", lambda _, name: asked.append(name))
    command = object.__new__(automation.PulumiCommand)
    command.version = None
    state = tmp_path / "state"

    def stack(name: str) -> engine.Stack:
        folder = tmp_path / "work" / name
        folder.mkdir(parents=True, exist_ok=True)
        return engine.stack(
            name,
            project="govcloud-tenants",
            program=lambda: None,
            command=command,
            environment={"PULUMI_HOME": str(tmp_path), "PULUMI_SKIP_CONFIRMATIONS": "true"},
            folder=folder,
            state=checkpoints.file(state, "govcloud-tenants", name),
            outputs=False,
        )

    stack("tenants-00")
    assert asked == ["tenants-00"], "somebody has to choose a salt"
    (tmp_path / "work" / "tenants-00" / "Pulumi.tenants-00.yaml").write_text("encryptionsalt: v1:abc:v1:def\n")
    stack("tenants-01")
    assert asked == ["tenants-00"]
    settings = (tmp_path / "work" / "tenants-01" / "Pulumi.tenants-01.yaml").read_text()
    assert settings == "encryptionsalt: v1:abc:v1:def\n"
    begun = json.loads(checkpoints.file(state, "govcloud-tenants", "tenants-01").read_text())
    assert begun["checkpoint"] == {"stack": "organization/govcloud-tenants/tenants-01", "latest": None}


def test_debug_messages_stay_here() -> None:
    before = pulumi.log.debug
    try:
        engine.silence()
        pulumi.log.debug("nobody is told")
        assert pulumi.log.debug is not before
    finally:
        pulumi.log.debug = before


def test_pulumi_finds_no_folder_to_log_into(tmp_path: pathlib.Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "old.log").touch()
    engine.keep_no_logs(tmp_path)
    engine.keep_no_logs(tmp_path)
    assert (tmp_path / "logs").is_file()
