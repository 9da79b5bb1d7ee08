"""What the measures share."""

from __future__ import annotations

import os
import pathlib
import sys
import threading
from collections.abc import Iterator

import pytest

from govcloud_cli.run.tools import building, catalog
from tests.bench import results


@pytest.fixture(scope="session")
def tenants() -> int:
    """How many tenants to measure with; fewer for a quick look, whose ratios say less."""
    return int(os.environ.get("GOVCLOUD_TEST_BENCH_TENANTS", "1000"))


@pytest.fixture(scope="session")
def pulumi(_tier_tools: None) -> str:
    """Path of the Pulumi CLI."""
    return os.environ["GOVCLOUD_TEST_PULUMI"]


@pytest.fixture(scope="session")
def kubectl() -> pathlib.Path:
    """Path of a kubectl of the API server's version, built once and kept in the cache."""
    return _built(catalog.KUBECTL, "kubectl")


@pytest.fixture(scope="session")
def conftest_program() -> pathlib.Path:
    """Path of conftest."""
    return _built(catalog.CONFTEST, "conftest")


@pytest.fixture(scope="session")
def kube_score_program() -> pathlib.Path:
    """Path of kube-score."""
    return _built(catalog.KUBE_SCORE, "kube-score")


@pytest.fixture(scope="session", autouse=True)
def _told() -> Iterator[None]:
    yield
    if results.FILE.exists():
        sys.stdout.write(f"\n{results.table()}\n{results.FILE}\n")


def _built(module: catalog.Module, program: str) -> pathlib.Path:
    entry = building.obtain(module, report=_report, stopping=threading.Event())
    return entry.files[program]


def _report(line: str) -> None:
    sys.stderr.write(f"{line}\n")
