"""A Keycloak and the real Pulumi engine for the tests marked `engine`."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pulumi import automation

from govcloud_cli.providers import keycloak as package
from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import session
from tests.support import keycloak

_ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture(scope="session")
def server() -> Iterator[keycloak.Running]:
    with keycloak.running() as running:
        yield running


@pytest.fixture(scope="session")
def api(server: keycloak.Running) -> Iterator[session.Session]:
    with server.session() as one:
        yield one


@pytest.fixture
def configured(server: keycloak.Running) -> dict[str, Any]:
    """The provider's configuration."""
    return {
        "url": server.url,
        "clientId": keycloak.CLIENT,
        "clientSecret": keycloak.SECRET,
        "rootCaCertificate": server.ca,
    }


@pytest.fixture
def handlers(configured: dict[str, Any]) -> Iterator[Mapping[resource.Token, resource.Handler]]:
    """The handlers by the last part of their token."""
    cancelled = threading.Event()
    found = {token.rpartition(":")[2]: handler for token, handler in package.configure(configured, cancelled).items()}
    yield found
    found["Realm"].connection.close()  # type: ignore[attr-defined]
    cancelled.set()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Engine:
    """Makes Pulumi stacks whose provider is ours."""

    folder: pathlib.Path
    pulumi: str
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
                env_vars={
                    "PATH": f"{pathlib.Path(self.pulumi).parent}:{os.environ['PATH']}",
                    "PULUMI_CONFIG_PASSPHRASE": "test",
                    "PULUMI_DEBUG_PROVIDERS": f"keycloak:{self.port}",
                    "PULUMI_SKIP_UPDATE_CHECK": "true",
                    "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
                },
                pulumi_home=str(self.folder / "home"),
                project_settings=automation.ProjectSettings(
                    name="test", runtime="python", backend=automation.ProjectBackend(url=state.as_uri())
                ),
            ),
        )


@pytest.fixture
def engine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    named = os.environ.get("GOVCLOUD_TEST_PULUMI")
    pulumi = shutil.which(named or "pulumi") or shutil.which("pulumi", path=named)
    if pulumi is None:
        pytest.fail("this tier needs the Pulumi CLI: name it in GOVCLOUD_TEST_PULUMI or put it on PATH", pytrace=False)
    monkeypatch.setenv("PATH", f"{pathlib.Path(pulumi).parent}:{os.environ['PATH']}")
    with subprocess.Popen(
        [sys.executable, "-m", "govcloud_cli.providers", "keycloak"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=_ROOT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        port = json.loads(process.stdout.readline())["keycloak"]
        yield Engine(folder=tmp_path, pulumi=pulumi, port=port)
        process.stdin.close()
        process.wait(20)
