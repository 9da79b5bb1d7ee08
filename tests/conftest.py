"""What every test starts from: no settings of the person who runs it, and properties that hold on a busy machine."""

from __future__ import annotations

import os
import pathlib
import tempfile
import typing
import warnings
from collections.abc import Iterator

import hypothesis
import pytest

from govcloud_cli.run import ssh
from tests.support import tools

if typing.TYPE_CHECKING:
    from tests.support import keycloak

# Deadlines measure the machine, not the code; a database of examples would be one more folder to ignore.
hypothesis.settings.register_profile("govcloud", deadline=None, database=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("govcloud")


_PURE = "not lab and not roles and not engine and not bench"
"""As `addopts` in pyproject.toml says."""


@pytest.fixture(scope="session", autouse=True)
def _tier_tools(request: pytest.FixtureRequest) -> Iterator[None]:
    """Provide, once, what the chosen tiers need; nothing for the pure one."""
    markers = {marker.name for item in request.session.items for marker in item.iter_markers()}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in tools.provide(markers).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def keycloak_server() -> Iterator[keycloak.Running]:
    """The one Keycloak of all tests that need one; whoever makes realms there removes them (`Running.without`)."""
    from tests.support import keycloak

    with keycloak.running() as running:
        yield running


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many processes `-n auto` means: all processors for the pure tier as a whole, else this one.

    The lab's tier has one lab for all its tests, what is chosen by name is soon over, `make test-engine` says itself.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    return (os.cpu_count() or 1) if whole and config.option.markexpr == _PURE else 0


def pytest_unconfigure() -> None:
    """Let the interpreter end in peace.

    After a run that failed, as it should, Pulumi's SDK leaves a loop and coroutines open that nobody can reach; they
    are found when everything else is over, in no test, and would there turn a tier that passed into one that failed.
    """
    warnings.simplefilter("ignore", pytest.PytestUnraisableExceptionWarning)
    warnings.simplefilter("ignore", ResourceWarning)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's files need not outlive a power cut. What a test starts as a process waits as ever."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="session")
def _run_folder() -> Iterator[pathlib.Path]:
    # Short, because the path of a socket may not be long.
    with tempfile.TemporaryDirectory(prefix="gct", dir="/tmp") as folder:
        yield pathlib.Path(folder)


@pytest.fixture(autouse=True)
def _own_sockets(monkeypatch: pytest.MonkeyPatch, _run_folder: pathlib.Path) -> None:
    """Tests leave nothing in the host's /run; a lab's own processes use the real place."""
    monkeypatch.setattr(ssh, "_SOCKETS", _run_folder)


@pytest.fixture(autouse=True)
def _own_second_place(monkeypatch: pytest.MonkeyPatch, _run_folder: pathlib.Path) -> None:
    """Heads of tests' audit logs are not kept with the user's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_run_folder / "state"))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        # What the tiers need is named by variables of their own; see `tests/support/tools.py`.
        if name.startswith("GOVCLOUD_TEST_"):
            continue
        if name.startswith(("GOVCLOUD_", "PULUMI_", "ANSIBLE_")) or name in {"FORCE_COLOR", "COLUMNS"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    # What a test starts finds GovCloud wherever the test runs.
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parents[1]))
