"""A machine's NICs: veth pairs between its namespace and a switch's, which the host itself never sees."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.plan import network
from govcloud_cli.providers.lab import guards, namespaces

Links = Mapping[str, Mapping[str, Any]]


def port_name(machine: str, nic: str) -> str:
    """Return the interface's name on the switch; 15 characters are all there are."""
    return "v" + hashlib.sha256(f"{machine}/{nic}".encode()).hexdigest()[:10]


def hardware_address(namespace: str, nic: str) -> str:
    """Return a MAC address that stays the same when the machine is made again."""
    digest = hashlib.sha256(f"{namespace}/{nic}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


def attach(prefix: str, machine: str, nic: Mapping[str, Any], *, routes: bool) -> None:
    """Connect the NIC and set its addresses, whatever of it is there already; `routes`: it forwards for others."""
    inside = network.machine_namespace(prefix, machine)
    switch = network.switch_namespace(prefix, nic["switch"])
    if not namespaces.exists(switch):
        raise namespaces.missing(switch)
    name, port = nic["name"], port_name(machine, nic["name"])
    here, there = namespaces.links(inside), namespaces.links(switch)
    if not _paired(here.get(name), there.get(port)):
        _cut(inside, name)
        _cut(switch, port)
        namespaces.batch(inside, (f"link add {name} type veth peer name {port} netns {switch}",))
        here = namespaces.links(inside)
    guard = _guard(prefix, machine, nic, isolated=there["br0"].get("ifalias") == "isolated", routes=routes)
    up = (f"link set {port} alias {machine}.{name} master br0", *guards.port_commands(guard), f"link set {port} up")
    namespaces.batch(switch, up)
    guards.close(guard)
    namespaces.batch(inside, _address_commands(inside, nic, here[name]))


def detach(prefix: str, machine: str, nic: Mapping[str, Any]) -> None:
    """Remove the NIC; it may be gone already."""
    inside = network.machine_namespace(prefix, machine)
    switch, name = network.switch_namespace(prefix, nic["switch"]), nic["name"]
    if namespaces.exists(inside):
        _cut(inside, name)
    if namespaces.exists(switch):
        guards.forget(switch, port_name(machine, name), hardware_address(inside, name))


def route(namespace: str, gateways: Sequence[str], routes: Sequence[Mapping[str, str]]) -> None:
    """Set the default routes to exactly `gateways`, and ours besides them to exactly `routes`."""
    by_version = {ipaddress.ip_address(gateway).version: gateway for gateway in gateways}
    for version in (4, 6):
        namespaces.set_default_route(namespace, version, by_version.get(version))
    present, wanted = namespaces.routes(namespace), _pairs(routes)
    for prefix, gateway in sorted(present - wanted):
        namespaces.batch(namespace, (f"route delete {prefix} via {gateway} proto {namespaces.OURS}",))
    for prefix, gateway in sorted(wanted - present):
        namespaces.batch(namespace, (f"route replace {prefix} via {gateway} proto {namespaces.OURS}",))


def route_fault(namespace: str, routes: Sequence[Mapping[str, str]]) -> str:
    """Return what is wrong with the ways besides the default ones, empty if nothing."""
    present, wanted = namespaces.routes(namespace), _pairs(routes)
    if missing := sorted(wanted - present):
        return f"the route to {missing[0][0]} via {missing[0][1]} is missing"
    if superfluous := sorted(present - wanted):
        return f"the route to {superfluous[0][0]} leads via {superfluous[0][1]}"
    return ""


def fault(prefix: str, machine: str, nic: Mapping[str, Any], *, routes: bool) -> str:
    """Return what is wrong with the NIC as it is, empty if nothing."""
    inside = network.machine_namespace(prefix, machine)
    switch = network.switch_namespace(prefix, nic["switch"])
    if not namespaces.exists(switch):
        return f"switch {nic['switch']} is missing"
    here, there = namespaces.links(inside).get(nic["name"]), namespaces.links(switch)
    port = there.get(port_name(machine, nic["name"]))
    if here is None or not _paired(here, port):
        return f"NIC {nic['name']} is not connected to switch {nic['switch']}"
    if port is None or port.get("master") != "br0" or "UP" not in port["flags"] or "UP" not in here["flags"]:
        return f"NIC {nic['name']} is down"
    if not set(nic["addresses"]) <= _addresses(here):
        return f"NIC {nic['name']} lacks an address"
    if here["address"] != hardware_address(inside, nic["name"]):
        return f"NIC {nic['name']} has another MAC address"
    guard = _guard(prefix, machine, nic, isolated=there["br0"].get("ifalias") == "isolated", routes=routes)
    return guards.fault(guard, port.get("linkinfo", {}).get("info_slave_data", {}))


def _guard(prefix: str, machine: str, nic: Mapping[str, Any], *, isolated: bool, routes: bool) -> guards.Guard:
    return guards.Guard(
        switch=network.switch_namespace(prefix, nic["switch"]),
        port=port_name(machine, nic["name"]),
        hardware=hardware_address(network.machine_namespace(prefix, machine), nic["name"]),
        addresses=tuple(nic["addresses"]),
        isolated=isolated,
        routes=routes,
    )


def _pairs(routes: Sequence[Mapping[str, str]]) -> set[tuple[str, str]]:
    return {(str(ipaddress.ip_network(one["prefix"])), str(ipaddress.ip_address(one["gateway"]))) for one in routes}


def _cut(namespace: str, name: str) -> None:
    """Remove the interface if it is there; the kernel may do so meanwhile, when the other end's namespace is gone."""
    if name in namespaces.links(namespace):
        try:
            namespaces.batch(namespace, (f"link delete {name}",))
        except errors.ProcessError:
            if name in namespaces.links(namespace):
                raise


def _paired(here: Mapping[str, Any] | None, there: Mapping[str, Any] | None) -> bool:
    """Tell whether the two are the ends of one cable."""
    if here is None or there is None or "link_netnsid" not in here or "link_netnsid" not in there:
        return False
    return bool(here.get("link_index") == there["ifindex"] and there.get("link_index") == here["ifindex"])


def _addresses(link: Mapping[str, Any]) -> set[str]:
    return {f"{item['local']}/{item['prefixlen']}" for item in link.get("addr_info", ()) if item["scope"] == "global"}


def _address_commands(namespace: str, nic: Mapping[str, Any], link: Mapping[str, Any]) -> list[str]:
    name, wanted, present = nic["name"], tuple(nic["addresses"]), _addresses(link)
    commands = [f"link set {name} address {hardware_address(namespace, name)}"]
    commands += [f"address delete {address} dev {name}" for address in sorted(present - set(wanted))]
    for address in wanted:
        # Without duplicate address detection an address is usable at once.
        nodad = " nodad" if ":" in address else ""
        commands.append(f"address replace {address} dev {name}{nodad}")
    return [*commands, f"link set {name} up"]
