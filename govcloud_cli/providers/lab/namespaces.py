"""Network namespaces by name (`/run/netns`), and `ip` in them."""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import json
import os
import pathlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.run import process

FOLDER: Final = pathlib.Path("/run/netns")
OUTER_NETWORK: Final = "GOVCLOUD_OUTER_NETWORK"
"""Environment variable: the file of the host's own network namespace, where we were started in another one."""
OURS: Final = "203"
"""The protocol that our routes bear, so that they are told from those of the machine's own programs."""
_CLONE_NEWNET: Final = 0x40000000
_adding = threading.Lock()


def path(name: str) -> pathlib.Path:
    """Return the file that stands for the namespace."""
    return FOLDER / name


def exists(name: str) -> bool:
    """Tell whether the namespace is there and usable (a killed `ip netns add` leaves an empty file)."""
    try:
        return path(name).stat().st_dev != FOLDER.stat().st_dev
    except FileNotFoundError:
        return False


def ensure(name: str, sysctls: Mapping[str, str]) -> None:
    """Make the namespace if it is not there, without forwarding unless `sysctls` says so, and with `lo` up."""
    with _adding:
        if not exists(name):
            path(name).unlink(missing_ok=True)
            process.run(("ip", "netns", "add", name))
    # A new namespace takes over the host's IPv4 settings, forwarding included.
    settings = {
        "net.ipv4.ip_forward": "0",
        "net.ipv6.conf.all.forwarding": "0",
        "net.ipv6.conf.all.accept_dad": "0",
        "net.ipv6.conf.default.accept_dad": "0",
        "net.ipv6.conf.all.accept_ra": "0",
        "net.ipv6.conf.default.accept_ra": "0",
        **sysctls,
    }
    process.run(("ip", "netns", "exec", name, "sysctl", "-qw", *(f"{key}={value}" for key, value in settings.items())))
    batch(name, ("link set lo up",))


def remove(name: str) -> None:
    """Remove the namespace, and with it its interfaces; it may be gone already."""
    if exists(name):
        process.run(("ip", "netns", "delete", name), check=False)
    path(name).unlink(missing_ok=True)


def batch(name: str, commands: Iterable[str]) -> None:
    """Run `ip` commands (without the word `ip`) in the namespace, in order. Raises at the first that fails."""
    text = "".join(f"{command}\n" for command in commands)
    if text:
        process.run(("ip", "-n", name, "-batch", "-"), stdin=text)


def links(name: str) -> dict[str, dict[str, Any]]:
    """Return the namespace's interfaces by name, with addresses and details, as `ip -json` tells them."""
    shown = process.run(("ip", "-n", name, "-details", "-json", "address", "show")).stdout
    return {link["ifname"]: link for link in json.loads(shown or "[]") if "ifname" in link}


def inode(name: str) -> int:
    """Return the number that identifies the namespace in `/proc/PID/ns/net`; 0 if it is not there."""
    try:
        return path(name).stat().st_ino if exists(name) else 0
    except FileNotFoundError:
        return 0


def inode_of_process(pid: int) -> int:
    """Return the number of the namespace in which `pid` runs; 0 if it is gone."""
    try:
        return (pathlib.Path("/proc") / str(pid) / "ns" / "net").stat().st_ino
    except OSError:
        return 0


def connected(name: str, address: str, *, port: int, seconds: float) -> socket.socket:
    """Return a TCP connection from within the namespace. Raises `OSError` if none comes about in time."""
    return _inside(path(name), lambda: socket.create_connection((address, port), timeout=seconds), seconds=seconds)


def listening(address: str, port: int) -> socket.socket:
    """Return a listening TCP socket on the host's own network. Raises `OSError` if it cannot be had.

    We may have been started in a network of our own; `OUTER_NETWORK` then tells where the host's is.
    """
    outer = os.environ.get(OUTER_NETWORK)
    if outer is None:
        return socket.create_server((address, port), backlog=128)
    return _inside(pathlib.Path(outer), lambda: socket.create_server((address, port), backlog=128), seconds=10.0)


def _inside(place: pathlib.Path, make: Callable[[], socket.socket], *, seconds: float) -> socket.socket:
    """What `make` returns in the network of `place`: a thread enters it and ends there; the socket stays in it."""
    made: list[socket.socket] = []
    failed: list[OSError] = []

    def work() -> None:
        try:
            _enter(place)
            made.append(make())
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds + 1)
    if made:
        return made[0]
    raise failed[0] if failed else TimeoutError(f"no socket in {place} within {seconds:g} s")


def _enter(place: pathlib.Path) -> None:
    descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(descriptor, _CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(place))
    finally:
        os.close(descriptor)


def names(prefix: str) -> tuple[str, ...]:
    """Return the namespaces whose names begin with `prefix`."""
    with contextlib.suppress(FileNotFoundError):
        return tuple(sorted(file.name for file in FOLDER.iterdir() if file.name.startswith(prefix)))
    return ()


def missing(name: str) -> errors.GovcloudError:
    """Return the error for a switch that ought to be there."""
    return errors.GovcloudError(
        f"the network namespace `{name}` does not exist", remedy="deploy with refresh, so that its switch is made again"
    )


def routes(name: str) -> set[tuple[str, str]]:
    """Return our routes besides the default ones, each a prefix and the neighbour it leads to."""
    found = set()
    for version in (4, 6):
        shown = process.run(("ip", "-n", name, "-j", f"-{version}", "route", "show", "proto", OURS)).stdout
        for one in json.loads(shown or "[]"):
            # `ip` leaves out the length of a single address.
            found.add((str(ipaddress.ip_network(one["dst"])), str(one.get("gateway", ""))))
    return found


def set_default_route(name: str, version: int, gateway: str | None) -> None:
    """Send what has no other route of IP `version` to `gateway`, or nowhere."""
    ip = ("ip", "-n", name, f"-{version}", "route")
    if gateway is None:
        process.run((*ip, "flush", "default"), check=False)
    else:
        process.run((*ip, "replace", "default", "via", gateway))
