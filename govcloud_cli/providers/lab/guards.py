"""What holds a machine to its own addresses, at its port of a switch: root in a machine can forge any frame.

A port takes frames with the machine's own MAC only (`locked`), the switch learns no MAC from frames, and a packet
filter of the port's own, before the bridge, drops forged ARP, neighbour discovery and IP. The engineer's side of a
management switch knows each machine's MAC beforehand and asks nobody.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import json
from typing import Final

from govcloud_cli.providers.lab import namespaces
from govcloud_cli.run import process

_BRIDGE: Final = "br0"
_SETTINGS: Final = {"learning": False, "flood": False, "locked": True}
_ROUTER: Final = "meta protocol { arp, ip, ip6 } accept"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Guard:
    """One port and whose it is."""

    switch: str
    """The switch's network namespace."""
    port: str
    hardware: str
    """The machine's MAC address there."""
    addresses: tuple[str, ...]
    """The machine's, with or without prefix length."""
    isolated: bool
    """Other ports are out of reach; only the engineer's side speaks to it."""
    routes: bool
    """It forwards packets of others, so theirs are its own."""


def port_commands(guard: Guard) -> tuple[str, ...]:
    """Return the `ip` commands that close the port, run before it is up; what it taught the switch is forgotten."""
    settings = {"isolated": guard.isolated, **_SETTINGS}
    words = " ".join(f"{name} {'on' if value else 'off'}" for name, value in settings.items())
    return (f"link set {guard.port} type bridge_slave {words}", f"link set {guard.port} type bridge_slave fdb_flush")


def rules(guard: Guard) -> str:
    """Return the port's packet filter, marked with a digest of itself."""
    mac, own = guard.hardware, [ipaddress.ip_interface(address).ip for address in guard.addresses]
    four = ", ".join(str(address) for address in own if address.version == 4)
    six = [address for address in (*own, _link_local(mac)) if address.version == 6]
    # nft 1.0.6 has no word for the address that an advertisement is about.
    others = " ".join(f"@th,64,128 != {int(address):#034x}" for address in six)
    lines = [f'iifname != "{guard.port}" accept', f"ether saddr != {mac} drop", f"arp saddr ether != {mac} drop"]
    if guard.routes and not guard.isolated:
        lines.append(_ROUTER)
    else:
        lines += ["icmpv6 type { nd-router-advert, nd-redirect } drop", f"icmpv6 type nd-neighbor-advert {others} drop"]
        lines += [f"arp saddr ip {{ {four} }} accept", f"ip saddr {{ {four} }} accept"] if four else []
        lines.append(f"ip6 saddr {{ {', '.join(map(str, six))} }} accept")
    lines.append(f'drop comment "{hashlib.sha256(repr(lines).encode()).hexdigest()[:16]}"')
    body = "".join(f"    {line}\n" for line in lines)
    chain = f"  chain own {{\n    type filter hook prerouting priority -300; policy accept;\n{body}  }}\n"
    return f"{_no_rules(guard.port)}table bridge {guard.port} {{\n{chain}}}\n"


def close(guard: Guard) -> None:
    """Hold the port to its machine; it is on the bridge already."""
    _nft(guard.switch, rules(guard))
    process.run(("bridge", "-n", guard.switch, "fdb", "replace", guard.hardware, "dev", guard.port, "master", "static"))
    wanted = _neighbours(guard)
    commands = [f"neigh delete {address} dev {_BRIDGE}" for address in _known(guard.switch, guard.hardware) - wanted]
    commands += [f"neigh replace {address} lladdr {guard.hardware} dev {_BRIDGE} nud permanent" for address in wanted]
    namespaces.batch(guard.switch, commands)


def forget(switch: str, port: str, hardware: str) -> None:
    """Remove what stays when the port is gone: its packet filter and the engineer's knowledge of the machine."""
    _nft(switch, _no_rules(port))
    namespaces.batch(switch, [f"neigh delete {address} dev {_BRIDGE}" for address in _known(switch, hardware)])


def fault(guard: Guard, settings: dict[str, object]) -> str:
    """Return what the port lacks, empty if nothing; `settings` are its `info_slave_data` of `ip -json`."""
    for name, value in {"isolated": guard.isolated, **_SETTINGS}.items():
        if settings.get(name) is not value:
            return f"port {guard.port} has not `{name} {'on' if value else 'off'}`"
    shown = process.run(("bridge", "-n", guard.switch, "-json", "fdb", "show", "brport", guard.port)).stdout
    if not any(entry["mac"] == guard.hardware and entry["state"] == "static" for entry in json.loads(shown or "[]")):
        return f"the switch does not know the MAC address at port {guard.port}"
    if _known(guard.switch, guard.hardware) != _neighbours(guard):
        return f"the engineer's side does not know who is at port {guard.port}"
    command = ("ip", "netns", "exec", guard.switch, "nft", "list", "table", "bridge", guard.port)
    mark = rules(guard).rpartition('comment "')[2].partition('"')[0]
    return "" if mark in process.run(command, check=False).stdout else f"port {guard.port} has no packet filter"


def _neighbours(guard: Guard) -> set[str]:
    return {str(ipaddress.ip_interface(address).ip) for address in guard.addresses} if guard.isolated else set()


def _known(switch: str, hardware: str) -> set[str]:
    """Return the addresses for which the engineer's side has this MAC address for good."""
    if _BRIDGE not in namespaces.links(switch):
        return set()
    command = ("ip", "-n", switch, "-json", "neigh", "show", "dev", _BRIDGE, "nud", "permanent")
    return {entry["dst"] for entry in json.loads(process.run(command).stdout or "[]") if entry["lladdr"] == hardware}


def _link_local(hardware: str) -> ipaddress.IPv6Address:
    """Return the address that the kernel makes of a MAC address (EUI-64)."""
    octets = bytes.fromhex(hardware.replace(":", ""))
    return ipaddress.IPv6Address(
        b"\xfe\x80" + bytes(6) + bytes((octets[0] ^ 2,)) + octets[1:3] + b"\xff\xfe" + octets[3:]
    )


def _no_rules(port: str) -> str:
    return f"table bridge {port}\ndelete table bridge {port}\n"


def _nft(switch: str, text: str) -> None:
    process.run(("ip", "netns", "exec", switch, "nft", "-f", "-"), stdin=text)
