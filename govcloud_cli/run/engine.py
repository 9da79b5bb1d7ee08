"""Pulumi's Automation API with no more processes and waiting than a run needs.

Every question to Pulumi is a process of its own that starts for 0.2 to 0.5 s, most of it deriving a key from the
passphrase. The API asks six times around one `up`; of these a run needs one, which makes a folder's first stack.
"""

from __future__ import annotations

import asyncio
import datetime
import pathlib
import shutil
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pulumi
from pulumi import automation
from pulumi.automation import _stack

from govcloud_cli.run import checkpoints

_NEVER = datetime.datetime.min.replace(tzinfo=datetime.UTC)


class Stack(automation.Stack):
    """A stack that is run and asked nothing: what a run did is told by its events."""

    def __init__(self, name: str, workspace: automation.Workspace, *, exists: bool | None, outputs: bool) -> None:
        """`exists`: whether there is such a stack; None if that is not known. `outputs`: whether they are wanted."""
        self._wants_outputs = outputs
        if exists is None:
            super().__init__(name, workspace, _stack.StackInitMode.CREATE_OR_SELECT)
            return
        # Selecting writes down a choice that every command of ours names anyway, at the price of a process.
        self.name, self.workspace, self._mode = name, workspace, _stack.StackInitMode.SELECT
        if not exists:
            workspace.create_stack(name)

    def outputs(self) -> automation.OutputMap:
        """The outputs, if they are wanted."""
        return super().outputs() if self._wants_outputs else {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:  # noqa: ARG002 - the API's
        """A summary that says nothing; the API insists on one."""
        return automation.UpdateSummary(
            kind="update", start_time=_NEVER, message="", environment={}, config={}, result="succeeded"
        )


def command(program: str) -> automation.PulumiCommand:
    """The CLI at the path `program`; asks it for its version once."""
    silence()
    return automation.PulumiCommand(str(pathlib.Path(program).parent.parent), skip_version_check=True)


def stack(
    name: str,
    *,
    project: str,
    program: Callable[[], None],
    command: automation.PulumiCommand,
    environment: Mapping[str, str],
    folder: pathlib.Path,
    state: pathlib.Path | None,
    outputs: bool,
) -> Stack:
    """The stack `name`, made if need be. `state`: the file that it is in; None if it is in no file of ours."""
    salt = None if state is None or state.exists() else _salt(folder.parent)
    workspace = automation.LocalWorkspace(
        work_dir=str(folder),
        pulumi_home=environment["PULUMI_HOME"],
        program=settled(program),
        env_vars=environment,
        project_settings=automation.ProjectSettings(name=project, runtime="python", main=str(folder)),
        stack_settings={name: automation.StackSettings(encryption_salt=salt)} if salt else None,
        pulumi_command=command,
    )
    if state is not None and salt:
        checkpoints.begin(state, project=project, stack=name)
    return Stack(name, workspace, exists=None if state is None else state.exists(), outputs=outputs)


def _salt(folder: pathlib.Path) -> str | None:
    """The salt of a stack of the same passphrase below `folder`, if there is one: both then have one key."""
    for settings in sorted(folder.glob("*/Pulumi.*.yaml")):
        key, _, salt = settings.read_text(encoding="ascii").partition(": ")
        if key == "encryptionsalt":
            return salt.strip()
    return None


def settled(program: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """`program`, over when all that it registered is.

    The SDK waits for its outstanding values by looking at each of them whenever one resolves: with 600
    resources half of its time. Here they are waited for together, and the SDK finds nothing left to wait for.
    """

    async def run() -> None:
        program()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            done, _ = await asyncio.wait(others, return_when=asyncio.FIRST_EXCEPTION)
            if any(task.cancelled() or task.exception() for task in done):
                # What waits for the failed one may wait forever; the SDK tells the failure and ends the rest.
                return

    return run


def keep_no_logs(home: pathlib.Path) -> None:
    """Put a file where Pulumi, whose home is `home`, would make its folder of logs: it then goes without.

    Otherwise each process writes down all that it does, encrypted and as long as the state; our log has what matters.
    """
    logs = home / "logs"
    if logs.is_dir() and not logs.is_symlink():
        shutil.rmtree(logs)
    logs.touch(mode=0o600)


def silence() -> None:
    """Keep the SDK's debug messages to itself: it sends a dozen calls per resource to an engine that drops them."""
    pulumi.log.debug = _nothing


def _nothing(*_: Any, **__: Any) -> None:
    return
