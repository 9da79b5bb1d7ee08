"""A control plane and the real Pulumi engine for the tests marked `engine`."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from pulumi import automation

from govcloud_cli.providers.kubernetes import client as client_
from tests.support import control_plane

_Result = TypeVar("_Result")
_ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[control_plane.ControlPlane]:
    with control_plane.running(tmp_path_factory.mktemp("plane")) as running:
        yield running


@pytest.fixture(scope="session")
def pulumi() -> str:
    """Path of the Pulumi CLI."""
    named = os.environ.get("GOVCLOUD_TEST_PULUMI")
    found = shutil.which(named or "pulumi") or shutil.which("pulumi", path=named)
    if found is None:
        pytest.fail("this tier needs the Pulumi CLI: name it in GOVCLOUD_TEST_PULUMI or put it on PATH", pytrace=False)
    return found


Ask = Callable[[Callable[[client_.Client], Awaitable[Any]]], Any]


@pytest.fixture
def ask(plane: control_plane.ControlPlane) -> Ask:
    """Run a function of a client: `ask(lambda client: client.get("v1", "Namespace", "a"))`."""

    def run(work: Callable[[client_.Client], Awaitable[_Result]]) -> _Result:
        async def inside() -> _Result:
            async with connected(plane.kubeconfig) as client:
                return await work(client)

        return asyncio.run(inside())

    return run


@contextlib.asynccontextmanager
async def connected(kubeconfig: pathlib.Path) -> AsyncIterator[client_.Client]:
    client = client_.Client.from_kubeconfig(kubeconfig)
    try:
        yield client
    finally:
        await client.close()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Engine:
    """Makes Pulumi stacks whose provider is ours."""

    folder: pathlib.Path
    pulumi: str
    kubeconfig: str
    port: int

    def stack(self, name: str, program: Callable[[], None]) -> automation.Stack:
        """Return the stack `name` with an inline program; its state stays in the test's folder."""
        state, work = self.folder / "state", self.folder / f"work-{name}"
        state.mkdir(exist_ok=True)
        work.mkdir(exist_ok=True)
        return automation.create_or_select_stack(
            stack_name=name,
            project_name="test",
            program=program,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(work),
                env_vars=self.environment(),
                pulumi_home=str(self.folder / "home"),
                project_settings=automation.ProjectSettings(
                    name="test", runtime="python", backend=automation.ProjectBackend(url=state.as_uri())
                ),
            ),
        )

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{pathlib.Path(self.pulumi).parent}:{os.environ['PATH']}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DEBUG_PROVIDERS": f"kubernetes:{self.port}",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
        }


@pytest.fixture
def engine(
    plane: control_plane.ControlPlane, pulumi: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    monkeypatch.setenv("PATH", f"{pathlib.Path(pulumi).parent}:{os.environ['PATH']}")
    with subprocess.Popen(
        [sys.executable, "-m", "govcloud_cli.providers", "kubernetes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        port = json.loads(server.stdout.readline())["kubernetes"]
        yield Engine(folder=tmp_path, pulumi=pulumi, kubeconfig=plane.kubeconfig.read_text(), port=port)
        server.stdin.close()
        server.wait(20)
