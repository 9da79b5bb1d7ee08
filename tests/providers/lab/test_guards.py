"""Root in a machine forges frames; the switches hold it to its own addresses."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from govcloud_cli.plan import network
from govcloud_cli.providers.lab import guards, links, namespaces, switches

PREFIX = f"gct-l2-{os.getpid() % 100000:05d}"
MACHINES = {"one": 10, "two": 11, "border": 1}
GUARD = guards.Guard(
    switch="s",
    port="v1",
    hardware="02:00:00:00:00:01",
    addresses=("10.98.0.10/24", "fd98::10/64"),
    isolated=False,
    routes=False,
)
_SNIFF = """
import socket, sys, time
taken, seen, end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)), set(), time.monotonic() + 3
taken.bind((sys.argv[1], 0))
print("ready", flush=True)
while time.monotonic() < end and "<last>" not in seen:
    taken.settimeout(max(0.01, end - time.monotonic()))
    try:
        frame = taken.recv(2000)
    except TimeoutError:
        break
    if b"<" in frame:
        seen.add(frame[frame.rindex(b"<"):frame.rindex(b">") + 1].decode())
print(*sorted(seen))
"""
_SEND = """
import socket, sys
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
for frame in sys.stdin.read().split():
    out.send(bytes.fromhex(frame))
"""


def test_a_port_takes_its_machines_own_addresses_only() -> None:
    rules = guards.rules(GUARD)
    assert "arp saddr ip { 10.98.0.10 } accept" in rules
    assert "ip6 saddr { fd98::10, fe80::ff:fe00:1 } accept" in rules
    assert "@th,64,128 != 0xfd980000000000000000000000000010 " in rules
    assert rules.splitlines()[-3].strip().startswith("drop comment")
    assert rules.splitlines()[-2:] == ["  }", "}"]


def test_a_router_sends_for_others_but_not_over_the_management_network() -> None:
    router = guards.rules(dataclasses.replace(GUARD, routes=True))
    assert "saddr ip" not in router
    assert f"ether saddr != {GUARD.hardware} drop" in router
    managed = guards.rules(dataclasses.replace(GUARD, routes=True, isolated=True))
    assert "arp saddr ip { 10.98.0.10 } accept" in managed


def test_a_port_learns_nothing_and_is_locked() -> None:
    (settings, flush) = guards.port_commands(dataclasses.replace(GUARD, isolated=True))
    assert settings == "link set v1 type bridge_slave isolated on learning off flood off locked on"
    assert flush.endswith("fdb_flush")


def nic(machine: str, switch: str, place: int = 0) -> dict[str, Any]:
    place = place or MACHINES[machine]
    number = {"mgmt": 99, "zone": 98}[switch]
    addresses = [f"10.{number}.0.{place}/24", f"fd{number}::{place}/64"]
    if machine == "border" and switch == "mgmt":
        addresses = ["10.99.0.20/24", "fd99::20/64"]
    return {"name": {"mgmt": "mgmt0", "zone": "zone"}[switch], "switch": switch, "addresses": addresses}


def inside(machine: str) -> str:
    return network.machine_namespace(PREFIX, machine)


def behind(switch: str) -> str:
    return network.switch_namespace(PREFIX, switch)


def hardware(machine: str, switch: str) -> str:
    return links.hardware_address(inside(machine), nic(machine, switch)["name"])


def attach(machine: str, switch: str, place: int = 0) -> None:
    links.attach(PREFIX, machine, nic(machine, switch, place), routes=machine == "border")


def fault(machine: str, switch: str) -> str:
    return links.fault(PREFIX, machine, nic(machine, switch), routes=machine == "border")


def told(*command: str) -> Any:
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout or "[]")


def neighbours(namespace: str) -> dict[str, str]:
    return {item["dst"]: item.get("lladdr", "") for item in told("ip", "-n", namespace, "-json", "neigh", "show")}


def ports(switch: str, address: str) -> list[str]:
    shown = told("bridge", "-n", behind(switch), "-json", "fdb", "show", "br", "br0")
    return [item["ifname"] for item in shown if item["mac"] == address]


def reaches(namespace: str, *addresses: str) -> bool:
    """Tell whether all answer: nobody listens, so the answer is a refusal."""
    for address in addresses:
        try:
            namespaces.connected(namespace, address, port=9, seconds=2).close()
        except ConnectionRefusedError:
            continue
        except OSError:
            return False
    return True


@pytest.fixture
def segment() -> Iterator[None]:
    """Two switches and three machines' networks; no machine needs to boot for what its root may send."""
    made = [behind("mgmt"), behind("zone"), *map(inside, MACHINES)]
    try:
        handler = switches.Switches()
        managed = {"addresses": ["10.99.0.1/24", "fd99::1/64"], "isolated": True}
        handler.create({"prefix": PREFIX, "name": "mgmt", **managed}, preview=False)
        handler.create({"prefix": PREFIX, "name": "zone", "addresses": [], "isolated": False}, preview=False)
        for machine in MACHINES:
            namespaces.ensure(inside(machine), {})
            for switch in ("mgmt", "zone"):
                attach(machine, switch)
        yield
    finally:
        for namespace in made:
            namespaces.remove(namespace)


def mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def arp(source: str, sender: str, address: str, mark: str) -> bytes:
    """Return a gratuitous ARP reply to everyone: `address` is at `sender`."""
    packed = ipaddress.ip_address(address).packed
    body = bytes.fromhex("0001080006040002") + mac(sender) + packed + b"\xff" * 6 + packed
    return b"\xff" * 6 + mac(source) + b"\x08\x06" + body + mark.encode().ljust(18)


def ipv4(source: str, address: str, target: tuple[str, str], mark: str) -> bytes:
    """Return a packet of an experimental protocol to `target`, MAC and address."""
    data = mark.encode().ljust(26)
    head = bytes.fromhex("4500") + (20 + len(data)).to_bytes(2, "big") + bytes.fromhex("0000000040fd0000")
    head += ipaddress.ip_address(address).packed + ipaddress.ip_address(target[1]).packed
    total = sum(int.from_bytes(head[place : place + 2], "big") for place in range(0, 20, 2))
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + (0xFFFF - total).to_bytes(2, "big") + head[12:]
    return mac(target[0]) + mac(source) + b"\x08\x00" + head + data


def advertisement(source: str, address: str, about: str, mark: str) -> bytes:
    """Return an unsolicited neighbour advertisement to all nodes, overriding: `about` is at `source`."""
    sender, everyone = ipaddress.ip_address(address).packed, ipaddress.ip_address("ff02::1").packed
    data = bytes.fromhex("8800000020000000") + ipaddress.ip_address(about).packed + b"\x02\x01" + mac(source)
    data += b"\xfd\x02" + mark.encode().ljust(14)  # in an unknown option: what follows a packet may be cut off
    pseudo = sender + everyone + len(data).to_bytes(4, "big") + b"\x00\x00\x00\x3a" + data
    total = sum(int.from_bytes(pseudo[place : place + 2], "big") for place in range(0, len(pseudo), 2))
    total = (total & 0xFFFF) + (total >> 16)
    data = data[:2] + (0xFFFF - (total & 0xFFFF) - (total >> 16)).to_bytes(2, "big") + data[4:]
    head = b"\x60\x00\x00\x00" + len(data).to_bytes(2, "big") + b"\x3a\xff" + sender + everyone
    return bytes.fromhex("333300000001") + mac(source) + b"\x86\xdd" + head + data


def send(machine: str, device: str, frames: list[bytes]) -> None:
    command = ("ip", "netns", "exec", inside(machine), sys.executable, "-c", _SEND, device)
    subprocess.run(command, input=" ".join(frame.hex() for frame in frames), text=True, check=True)


def arriving(place: tuple[str, str], machine: str, frames: list[bytes]) -> set[str]:
    """Return the marks of the frames, sent over the zone by `machine`, that come out at `place`."""
    command = ("ip", "netns", "exec", place[0], sys.executable, "-c", _SNIFF, place[1])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sniffer:
        assert sniffer.stdout is not None
        assert sniffer.stdout.readline() == "ready\n"
        send(machine, "zone", frames)
        return set(sniffer.stdout.read().split())


@pytest.mark.lab
@pytest.mark.usefixtures("segment")
def test_forged_frames_on_the_management_network_take_nobodys_place() -> None:
    engineer, mine, theirs = behind("mgmt"), hardware("one", "mgmt"), hardware("two", "mgmt")
    others = (theirs, told("ip", "-n", engineer, "-json", "link", "show", "br0")[0]["address"])
    forged = [arp(mine, mine, "10.99.0.11", "<a>"), advertisement(mine, "fd99::11", "fd99::11", "<b>")]
    for other in others:
        forged += [arp(other, other, "10.99.0.11", "<c>"), advertisement(other, "fd99::11", "fd99::11", "<d>")]
    before = neighbours(engineer)
    assert before["10.99.0.11"] == before["fd99::11"] == theirs
    send("one", "mgmt0", forged * 5)
    assert {address: neighbours(engineer)[address] for address in ("10.99.0.11", "fd99::11")} == {
        "10.99.0.11": theirs,
        "fd99::11": theirs,
    }
    assert ports("mgmt", theirs) == [links.port_name("two", "mgmt0")]
    assert reaches(engineer, "10.99.0.11", "fd99::11", "10.99.0.10", "fd99::10")


@pytest.mark.lab
@pytest.mark.usefixtures("segment")
def test_forged_frames_in_a_zone_never_arrive() -> None:
    mine, theirs, gateway = (hardware(machine, "zone") for machine in ("one", "two", "border"))
    assert reaches(inside("two"), "10.98.0.1", "fd98::1")
    frames = [
        arp(mine, mine, "10.98.0.1", "<arp-address>"),
        arp(mine, gateway, "10.98.0.10", "<arp-sender>"),
        arp(gateway, gateway, "10.98.0.1", "<arp-mac>"),
        advertisement(mine, "fd98::1", "fd98::1", "<nd-source>"),
        advertisement(mine, "fd98::10", "fd98::1", "<nd-about>"),
        advertisement(gateway, "fd98::1", "fd98::1", "<nd-mac>"),
        ipv4(mine, "10.98.0.1", (theirs, "10.98.0.11"), "<ip>"),
        arp(mine, mine, "10.98.0.10", "<own-arp>"),
        advertisement(mine, "fd98::10", "fd98::10", "<own-nd>"),
        ipv4(mine, "10.98.0.10", (theirs, "10.98.0.11"), "<last>"),
    ]
    assert arriving((inside("two"), "zone"), "one", frames) == {"<own-arp>", "<own-nd>", "<last>"}
    known = neighbours(inside("two"))
    assert known["10.98.0.1"] == known["fd98::1"] == gateway
    assert ports("zone", gateway) == [links.port_name("border", "zone")]
    assert reaches(inside("two"), "10.98.0.1", "fd98::1", "10.98.0.10", "fd98::10")


@pytest.mark.lab
@pytest.mark.usefixtures("segment")
def test_a_router_sends_others_packets_under_its_own_mac_only() -> None:
    gateway, theirs = hardware("border", "zone"), hardware("two", "zone")
    target = (theirs, "10.98.0.11")
    frames = [
        ipv4(hardware("one", "zone"), "10.97.0.5", target, "<mac>"),
        ipv4(gateway, "10.97.0.5", target, "<last>"),
    ]
    assert arriving((inside("two"), "zone"), "border", frames) == {"<last>"}


@pytest.mark.lab
@pytest.mark.usefixtures("segment")
def test_a_port_whose_guard_is_missing_is_noticed_and_mended() -> None:
    switch, port, device = behind("mgmt"), links.port_name("one", "mgmt0"), hardware("one", "mgmt")
    rules = ("ip", "netns", "exec", switch, "nft")
    breakages = (
        ("bridge", "-n", switch, "fdb", "delete", device, "dev", port, "master"),
        ("ip", "-n", switch, "neigh", "delete", "10.99.0.10", "dev", "br0"),
        ("ip", "-n", switch, "neigh", "delete", "fd99::10", "dev", "br0"),
        (*rules, "delete", "table", "bridge", port),
        (*rules, "flush", "chain", "bridge", port, "own"),
        ("ip", "-n", switch, "link", "set", port, "type", "bridge_slave", "learning", "on"),
        ("ip", "-n", switch, "link", "set", port, "type", "bridge_slave", "locked", "off"),
        ("ip", "-n", inside("one"), "link", "set", "mgmt0", "address", "02:00:00:00:00:99"),
    )
    assert fault("one", "mgmt") == ""
    for breakage in breakages:
        subprocess.run(breakage, check=True)
        assert fault("one", "mgmt") != "", breakage
        attach("one", "mgmt")
        assert fault("one", "mgmt") == "", breakage
    assert reaches(switch, "10.99.0.10", "fd99::10")


@pytest.mark.lab
@pytest.mark.usefixtures("segment")
def test_what_was_learned_before_the_guard_is_forgotten() -> None:
    port, theirs = links.port_name("one", "zone"), hardware("two", "zone")
    namespaces.batch(behind("zone"), (f"link set {port} type bridge_slave learning on locked off",))
    subprocess.run(("ip", "netns", "exec", behind("zone"), "nft", "delete", "table", "bridge", port), check=True)
    send("one", "zone", [arp("02:00:00:00:00:99", theirs, "10.98.0.11", "<x>")])
    time.sleep(0.2)
    assert ports("zone", "02:00:00:00:00:99") == [port]
    attach("one", "zone")
    assert ports("zone", "02:00:00:00:00:99") == []


@pytest.mark.lab
@pytest.mark.usefixtures("segment")
def test_another_address_is_known_and_allowed_at_once_and_forgotten_with_the_nic() -> None:
    engineer = behind("mgmt")
    attach("one", "mgmt", 77)
    attach("one", "zone", 77)
    known = neighbours(engineer)
    assert (known.get("10.99.0.10"), known["10.99.0.77"]) == (None, hardware("one", "mgmt"))
    assert reaches(engineer, "10.99.0.77", "fd99::77")
    assert reaches(inside("one"), "10.98.0.11", "fd98::11")
    links.detach(PREFIX, "one", nic("one", "mgmt", 77))
    assert "10.99.0.77" not in neighbours(engineer)
    listed = subprocess.run(
        ("ip", "netns", "exec", engineer, "nft", "list", "tables"), capture_output=True, text=True, check=True
    ).stdout
    assert links.port_name("one", "mgmt0") not in listed
    assert links.port_name("two", "mgmt0") in listed
