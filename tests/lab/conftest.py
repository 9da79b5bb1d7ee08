"""One real lab for the whole tier: deployed once, probed, damaged, mended and destroyed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator

import pytest

from tests.lab import driver


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lab:
    """The tier's lab and what its first deploy came to."""

    cloud: driver.Cloud
    summary: str
    """What the first deploy printed."""
    links: frozenset[str]
    """The host's interfaces before it."""
    listeners: frozenset[str]
    """The host's listeners before it."""


@pytest.fixture(scope="session")
def clouds() -> Iterator[Callable[[str], driver.Cloud]]:
    """Makes environments; each is destroyed at the end, whatever became of the tests."""
    if os.geteuid() != 0:
        pytest.fail("the lab tier needs root: it makes network namespaces and boots machines", pytrace=False)
    with contextlib.ExitStack() as stack:

        def make(name: str) -> driver.Cloud:
            # A disk, not /tmp: a machine's overlay does not stand on every tmpfs.
            cloud = driver.make(pathlib.Path(tempfile.mkdtemp(prefix=f"gct-{name}-", dir="/var/tmp")))
            stack.callback(driver.remove, cloud)
            return cloud

        yield make


@pytest.fixture(scope="session")
def lab(clouds: Callable[[str], driver.Cloud]) -> Lab:
    links, listeners = frozenset(driver.host_links()), frozenset(driver.listeners())
    cloud = clouds("lab")
    summary = cloud.run("deploy").stdout
    return Lab(cloud=cloud, summary=summary, links=links, listeners=listeners)


@pytest.fixture
def cloud(lab: Lab) -> driver.Cloud:
    return lab.cloud
