"""Reading documents that anybody may have written: whatever is not there, or is something else, reads as empty."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

Json = Any
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def at(document: Json, *keys: str) -> Json:
    """The value below `keys`; None where the way ends."""
    value = document
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def mapping(document: Json, *keys: str) -> Mapping[str, Json]:
    """The mapping below `keys`."""
    value = at(document, *keys)
    return value if isinstance(value, Mapping) else {}


def items(document: Json, *keys: str) -> Sequence[Json]:
    """The list below `keys`."""
    value = at(document, *keys)
    return value if isinstance(value, list) else ()


def text(document: Json, *keys: str) -> str:
    """The string below `keys`."""
    value = at(document, *keys)
    return value if isinstance(value, str) else ""


def number(document: Json, *keys: str) -> int | None:
    """The integer below `keys`; None if there is none."""
    value = at(document, *keys)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def texts(document: Json, *keys: str) -> list[str]:
    """The strings of the list below `keys`."""
    return [value for value in items(document, *keys) if isinstance(value, str)]


def numbers(document: Json, *keys: str) -> frozenset[int]:
    """The integers of the list below `keys`."""
    found = items(document, *keys)
    return frozenset(value for value in found if isinstance(value, int) and not isinstance(value, bool))


def network(value: Json) -> IpNetwork | None:
    """The prefix that a text is; None for anything else."""
    return _network(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=4096)
def _network(value: str) -> IpNetwork | None:
    try:
        return ipaddress.ip_network(value, strict=False) if "/" in value else None
    except ValueError:
        return None


def address(value: Json) -> IpAddress | None:
    """The address that a text is; None for anything else."""
    try:
        return ipaddress.ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None


def overlap(one: IpNetwork, other: IpNetwork) -> bool:
    """Whether two prefixes share an address."""
    return one.version == other.version and one.overlaps(other)


def within(one: IpNetwork, other: IpNetwork) -> bool:
    """Whether all of `one` is in `other`."""
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.subnet_of(other)
    return False
