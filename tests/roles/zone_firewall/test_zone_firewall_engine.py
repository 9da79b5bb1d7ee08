"""Who gets a packet past a gateway's packet filter: the role's own rule set in the kernel, and real packets (root)."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest

from govcloud_cli.plan import administration, flows, hosts
from tests.support import inventories, vpn_gateway

pytestmark = pytest.mark.engine

GATEWAY: Final = "gateway"
PUBLIC: Final = ("198.51.100.9", "2001:db8:9::9")
_SERVER: Final = """
import socket, threading
def tcp(family, port):
    server = socket.create_server(("", port), family=family)
    while True:
        server.accept()[0].close()
def udp(family, port):
    server = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server.bind(("", port))
    while True:
        server.sendto(b"yes", server.recvfrom(64)[1])
for family in (socket.AF_INET, socket.AF_INET6):
    for port in (443, 8443):
        for serve in (tcp, udp):
            threading.Thread(target=serve, args=(family, port)).start()
print("ready", flush=True)
"""
_ASK: Final = """
import socket, sys
source, target, protocol, port = sys.argv[1:]
family = socket.AF_INET6 if ":" in target else socket.AF_INET
kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
asked = socket.socket(family, kind)
asked.settimeout(0.7)
asked.bind((source, 0))
try:
    asked.connect((target, int(port)))
    if protocol == "udp":
        asked.send(b"?")
        asked.recv(64)
    print("answered")
except OSError:
    print("nothing")
"""


def variables() -> dict[str, Any]:
    """What the lab's gateway is given, with devices of the namespaces."""
    spec = inventories.lab()
    return dict(hosts._zone_firewall(spec, spec.machine(GATEWAY)))


@contextlib.contextmanager
def namespaces(*names: str) -> Iterator[tuple[str, ...]]:
    made = tuple(f"gct-zf{os.getpid()}-{name}" for name in names)
    with contextlib.ExitStack() as stack:
        for name in made:
            subprocess.run(["ip", "netns", "add", name], check=True)
            stack.callback(subprocess.run, ["ip", "netns", "delete", name], check=True)
        yield made


def inside(namespace: str, *argv: str) -> str:
    command = ["ip", "netns", "exec", namespace, *argv]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class World:
    """A gateway, and somebody on its internet side who may have any address."""

    def __init__(self, gateway: str, outside: str, device: str, addresses: tuple[str, str]) -> None:
        self.gateway, self.outside, self.device, self.addresses = gateway, outside, device, addresses

    def ask(self, source: str, *, protocol: str = "tcp", port: int = 443) -> bool:
        """Whether who has `source` there is answered, and the gateway knows a way back to him."""
        six = ":" in source
        target, length = self.addresses[six], 128 if six else 32
        more = ["nodad"] if six else []
        inside(self.outside, "ip", "address", "add", f"{source}/{length}", "dev", "wire", *more)
        inside(self.gateway, "ip", "-6" if six else "-4", "route", "add", f"{source}/{length}", "dev", self.device)
        try:
            asked = (sys.executable, "-c", _ASK, source, target, protocol, str(port))
            return inside(self.outside, *asked) == "answered"
        finally:
            inside(self.outside, "ip", "address", "delete", f"{source}/{length}", "dev", "wire")
            inside(self.gateway, "ip", "-6" if six else "-4", "route", "delete", f"{source}/{length}")

    def dropped(self, why: str) -> int:
        """Packets that the chain `drop_<why>` has dropped."""
        rules = inside(self.gateway, "nft", "list", "chain", "inet", "govcloud", f"drop_{why}").split()
        return int(rules[rules.index("packets", rules.index("counter")) + 1])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("firewall")
    spec = inventories.lab()
    front = next(place for place in spec.machine(GATEWAY).interfaces if place.zone == "internet")
    given = {**variables(), "ansible_managed": "Ansible managed"}
    file = folder / "ruleset.nft"
    vpn_gateway.render(folder, "zone_firewall", given, {"ruleset.nft.j2": str(file)})
    with namespaces("gateway", "outside") as (gateway, outside):
        device = front.device_name
        wire = ("link", "add", device, "netns", gateway, "type", "veth", "peer", "name", "wire", "netns", outside)
        subprocess.run(["ip", *wire], check=True)
        for name, end in ((gateway, device), (outside, "wire")):
            inside(name, "ip", "link", "set", "lo", "up")
            inside(name, "ip", "link", "set", end, "up")
        # Without any address the kernel forgets the routes of a device.
        inside(outside, "ip", "address", "add", "192.0.2.254/32", "dev", "wire")
        for address, length in ((front.address, 24), (front.address6, 64)):
            inside(gateway, "ip", "address", "add", f"{address}/{length}", "dev", device, *_quick(address))
            family = "-6" if ":" in str(address) else "-4"
            inside(outside, "ip", family, "route", "add", str(address), "dev", "wire")
        inside(gateway, "nft", "-f", str(file))
        command = ["ip", "netns", "exec", gateway, sys.executable, "-c", _SERVER]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            yield World(gateway, outside, device, (str(front.address), str(front.address6)))
            server.kill()


def _quick(address: object) -> list[str]:
    return ["nodad"] if ":" in str(address) else []


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("source", [*PUBLIC, "10.30.0.77", "100.64.3.3"])
def test_whoever_comes_from_the_internet_reaches_the_vpn_port_and_no_other(
    source: str, protocol: str, world: World
) -> None:
    assert world.ask(source, protocol=protocol)
    assert not world.ask(source, protocol=protocol, port=8443)


def _ours() -> list[str]:
    """An address of each network that is ours and elsewhere."""
    spec = inventories.lab()
    groups = spec.platform.spec.vpn.groups  # type: ignore[union-attr]
    networks = [one for one in spec.platform.spec.zones if one.id != "internet"]
    found = [str(prefix[77]) for one in networks for prefix in (one.cidr, one.cidr6)]
    found += [str(prefix[7]) for group in groups for prefix in (group.pool, group.pool6)]
    management = administration.network(spec, inventories.plan(spec).sides[0].side)
    assert management is not None
    return [*found, str(management.cidr[1]), str(management.cidr6[1])]


@pytest.mark.parametrize("source", _ours())
def test_who_claims_to_be_in_a_network_of_ours_is_dropped_as_a_spoofer(source: str, world: World) -> None:
    before = world.dropped("spoofed")
    assert not world.ask(source)
    assert not world.ask(source, protocol="udp")
    assert world.dropped("spoofed") > before


def test_the_prefixes_alone_would_shut_out_the_public(world: World, tmp_path: pathlib.Path) -> None:
    given = {**variables(), "ansible_managed": "Ansible managed", "zone_firewall_published": []}
    file = tmp_path / "ruleset.nft"
    vpn_gateway.render(tmp_path, "zone_firewall", given, {"ruleset.nft.j2": str(file)})
    whole = inside(world.gateway, "nft", "list", "ruleset")
    inside(world.gateway, "nft", "-f", str(file))
    try:
        assert [world.ask(source) for source in (*PUBLIC, "10.30.0.77")] == [False, False, True]
    finally:
        (tmp_path / "whole").write_text("flush ruleset\n" + whole + "\n")
        inside(world.gateway, "nft", "-f", str(tmp_path / "whole"))
    assert world.ask(PUBLIC[0])


def test_only_the_gateway_publishes_anything() -> None:
    spec = inventories.lab()
    offering = [machine.id for machine in spec.platform.spec.machines if flows.published(spec, machine)]
    assert offering == [GATEWAY]
