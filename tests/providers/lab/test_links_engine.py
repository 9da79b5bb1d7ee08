"""Routes in a network namespace of the kernel's own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from govcloud_cli.providers.lab import links, namespaces

pytestmark = pytest.mark.engine

NAME = f"gct{os.getpid()}-m-routes"
BACK = [{"prefix": "10.21.0.0/24", "gateway": "10.98.0.9"}, {"prefix": "fd21::/112", "gateway": "fd98::9"}]
DEFAULT = ["10.98.0.1", "fd98::1"]


def ip(*words: str) -> str:
    return subprocess.run(("ip", "-n", NAME, *words), capture_output=True, text=True, check=True).stdout


@pytest.fixture
def namespace() -> Iterator[str]:
    if os.getuid() != 0:
        pytest.fail("network namespaces are made as root")
    namespaces.ensure(NAME, {})
    try:
        ip("link", "add", "zone", "type", "veth", "peer", "name", "far")
        ip("link", "set", "far", "up")
        for address in ("10.98.0.2/24", "fd98::2/64"):
            ip("address", "add", address, "dev", "zone", *(["nodad"] if ":" in address else []))
        ip("link", "set", "zone", "up")
        yield NAME
    finally:
        namespaces.remove(NAME)


def test_routes_are_set_beside_the_default_ones_and_set_again_without_a_change(namespace: str) -> None:
    assert "10.21.0.0/24" in links.route_fault(namespace, BACK)
    links.route(namespace, DEFAULT, BACK)
    links.route(namespace, DEFAULT, BACK)
    assert links.route_fault(namespace, BACK) == ""
    assert ip("route", "get", "10.21.0.7").startswith("10.21.0.7 via 10.98.0.9 ")
    assert "via fd98::9 " in ip("-6", "route", "get", "fd21::7")
    assert ip("route", "get", "10.77.0.1").startswith("10.77.0.1 via 10.98.0.1 ")


def test_another_gateway_replaces_a_route_and_what_is_not_wanted_any_more_goes(namespace: str) -> None:
    links.route(namespace, DEFAULT, BACK)
    other = [{"prefix": "10.21.0.0/24", "gateway": "10.98.0.8"}]
    assert links.route_fault(namespace, other)
    links.route(namespace, DEFAULT, other)
    assert links.route_fault(namespace, other) == ""
    assert "fd21::" not in ip("-6", "route", "show")
    assert "10.98.0.9" not in ip("route", "show")


def test_a_route_that_somebody_removed_is_missed_and_one_that_is_not_ours_is_left_alone(namespace: str) -> None:
    links.route(namespace, (), BACK)
    ip("route", "add", "10.44.0.0/24", "via", "10.98.0.7")
    ip("route", "delete", "10.21.0.0/24")
    assert links.route_fault(namespace, BACK) == "the route to 10.21.0.0/24 via 10.98.0.9 is missing"
    links.route(namespace, (), BACK)
    assert links.route_fault(namespace, BACK) == ""
    assert "10.44.0.0/24 via 10.98.0.7" in ip("route", "show")


def test_a_single_address_is_a_route_too(namespace: str) -> None:
    single = [{"prefix": "10.21.0.5/32", "gateway": "10.98.0.9"}]
    links.route(namespace, (), single)
    assert links.route_fault(namespace, single) == ""
