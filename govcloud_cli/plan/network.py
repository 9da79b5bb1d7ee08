"""What the lab's network stack makes: switches, machines and forwards of one side of the air gap.

Plain values, JSON-serialisable: the planner fills them in, `stacks/network` hands them to the `lab` provider.
Every name on the host derives from the side's prefix, so nothing can refer to the other side or to another lab.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

MANAGEMENT_NIC: Final = "mgmt0"
"""The NIC over which a machine is administered; it must be attached to an isolated switch."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Switch:
    """One network segment."""

    name: str
    addresses: tuple[str, ...] = ()
    """Our own addresses on it, with prefix length (`10.0.0.1/24`, `fd00::1/64`); none on a zone's segment."""
    isolated: bool = False
    """A management network: machines reach our addresses (replies only) but not each other."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nic:
    """A machine's connection to a switch of the same side."""

    name: str
    """The interface's name in the machine, at most 15 characters."""
    switch: str
    addresses: tuple[str, ...]
    """IPv4 and IPv6, with prefix length; the first is the one to reach the machine by."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Host:
    """A line of the machine's `/etc/hosts`."""

    address: str
    names: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Route:
    """A way to a network that is behind a neighbour."""

    prefix: str
    """`10.21.0.0/24`, `fd21::/112`; never the default route."""
    gateway: str
    """A neighbour's address, of the same family."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """A Debian machine booted with systemd."""

    name: str
    nics: tuple[Nic, ...]
    gateways: tuple[str, ...] = ()
    """Default routes, at most one per address family."""
    routes: tuple[Route, ...] = ()
    """Ways besides them."""
    sysctls: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Kernel settings of its network, e.g. `net.ipv4.ip_forward: "1"` for a router."""
    hosts: tuple[Host, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forward:
    """A listener on the host's 127.0.0.1 that leads into a management network."""

    name: str
    switch: str
    """The isolated switch from whose namespace the connection is made."""
    address: str
    port: int
    listen_port: int = 0
    """0: one is chosen and then kept."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """Everything on one side."""

    side: str
    """`internal` or `external`."""
    prefix: str
    """At most 20 characters, different for every lab and side, e.g. `gc3fa9c1-i`."""
    data_folder: str
    """Absolute; holds the machines' disks, keys and logs, so its file system must bear an overlay (not tmpfs)."""
    image: str
    """Absolute path of the base image's folder; never written to. Another path means another image."""
    authorized_key: str
    """The public SSH key that may log in as root, as one line."""
    switches: tuple[Switch, ...] = ()
    machines: tuple[Machine, ...] = ()
    forwards: tuple[Forward, ...] = ()


def switch_namespace(prefix: str, name: str) -> str:
    """Return the network namespace of a switch; `/run/netns/` has it."""
    return f"{prefix}-s-{name}"


def machine_namespace(prefix: str, name: str) -> str:
    """Return the network namespace of a machine; also its name for systemd-nspawn and of its control group."""
    return f"{prefix}-m-{name}"


def forward_group(prefix: str, name: str) -> str:
    """Return the control group in which a forward's process runs."""
    return f"{prefix}-f-{name}"


def to_json(plan: NetworkPlan) -> str:
    """Return `plan` as JSON text."""
    return json.dumps(dataclasses.asdict(plan), indent=2, ensure_ascii=False)


def from_json(text: str) -> NetworkPlan:
    """Return the plan written by `to_json`. Raises `ValueError`, `KeyError` or `TypeError` for any other text."""
    fields = json.loads(text)
    fields["switches"] = tuple(Switch(**_tuples(item)) for item in fields["switches"])
    fields["machines"] = tuple(_machine(item) for item in fields["machines"])
    fields["forwards"] = tuple(Forward(**item) for item in fields["forwards"])
    return NetworkPlan(**fields)


def _machine(item: dict[str, Any]) -> Machine:
    nics = tuple(Nic(**_tuples(nic)) for nic in item["nics"])
    hosts = tuple(Host(**_tuples(host)) for host in item["hosts"])
    routes = tuple(Route(**route) for route in item["routes"])
    return Machine(**{**_tuples(item), "nics": nics, "hosts": hosts, "routes": routes})


def _tuples(item: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
