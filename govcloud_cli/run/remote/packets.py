"""Send the packets of `verify` from a client machine and say what came of each."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from typing import Any

_NTP_REQUEST = b"\x23" + 47 * b"\0"
_BLOCKED = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL, errno.ETIMEDOUT}


def main(argument: dict[str, Any]) -> dict[str, str]:
    """`{timeout: seconds, probes: [{id, address, port, protocol}]}` to `{id: open|refused|blocked|error: …}`."""
    return asyncio.run(_all(argument))


async def _all(argument: dict[str, Any]) -> dict[str, str]:
    seen = await asyncio.gather(*(_one(probe, argument["timeout"]) for probe in argument["probes"]))
    return {probe["id"]: outcome for probe, outcome in zip(argument["probes"], seen)}  # noqa: B905 - runs on 3.9 too


async def _one(probe: dict[str, Any], patience: float) -> str:
    attempt = _tcp(probe) if probe["protocol"] == "tcp" else _udp(probe)
    try:
        await asyncio.wait_for(attempt, patience)
    except asyncio.TimeoutError:  # noqa: UP041 - its own class before 3.11
        return "blocked"
    except ConnectionRefusedError:
        return "refused"
    except OSError as error:
        return "blocked" if error.errno in _BLOCKED else "error: " + str(error)
    return "open"


async def _tcp(probe: dict[str, Any]) -> None:
    _, writer = await asyncio.open_connection(probe["address"], probe["port"])
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _udp(probe: dict[str, Any]) -> None:
    """A request in the Network Time Protocol (RFC 5905), the one UDP service there is; any answer counts."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in probe["address"] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, (probe["address"], probe["port"]))
        await loop.sock_sendall(sock, _NTP_REQUEST)
        await loop.sock_recv(sock, 512)
