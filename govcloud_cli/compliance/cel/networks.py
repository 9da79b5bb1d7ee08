"""`ip` and `cidr` (k8s.io/apiserver/pkg/cel/library, `IP` and `CIDR`), as strict as Go's net/netip.

No zone, no leading zeros, no IPv4 written as IPv6.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from typing import Any, Final

from govcloud_cli.compliance.cel import declarations, values

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_BITS: Final = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)
_LONGEST: Final = 64
_LINK_LOCAL_GROUP: Final = 0xFF02


@functools.lru_cache(maxsize=4096)
def _address(text: str) -> _Address:
    if len(text) > _LONGEST or "%" in text or not text.isascii():
        raise ValueError("not an IP address")
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        raise ValueError("an IPv4 address written as IPv6 is not allowed")
    return address


@functools.lru_cache(maxsize=4096)
def _prefix(text: str) -> tuple[_Address, int]:
    written, slash, bits = text.rpartition("/")
    if not slash or not _BITS.fullmatch(bits):
        raise ValueError("not a CIDR")
    address = _address(written)
    if int(bits) > address.max_prefixlen:
        raise ValueError("prefix length out of range")
    return address, int(bits)


def ip(text: str) -> Any:
    """An address of its written form.

    Raises:
        ValueError: it is none.
    """
    return values.make(values.IP, str(_address(text)))


def cidr(text: str) -> Any:
    """A range of its written form; the address keeps its host bits.

    Raises:
        ValueError: it is none.
    """
    address, bits = _prefix(text)
    return values.make(values.CIDR, f"{address}/{bits}")


def is_ip(text: str) -> bool:
    """Whether `ip` takes it."""
    try:
        _address(text)
    except ValueError:
        return False
    return True


def is_cidr(text: str) -> bool:
    """Whether `cidr` takes it."""
    try:
        _prefix(text)
    except ValueError:
        return False
    return True


def is_canonical(text: str) -> bool:
    """Whether it is written as RFC 5952 has it.

    Raises:
        ValueError: it is no address.
    """
    return str(_address(text)) == text


def _is_loopback(value: Any) -> bool:
    return _address(value.text).is_loopback


def _is_unspecified(value: Any) -> bool:
    return _address(value.text).is_unspecified


def _is_link_local_unicast(value: Any) -> bool:
    return _address(value.text).is_link_local


def _is_link_local_multicast(value: Any) -> bool:
    address = _address(value.text)
    if isinstance(address, ipaddress.IPv4Address):
        return address.packed[:3] == b"\xe0\x00\x00"
    return int.from_bytes(address.packed[:2]) & 0xFF0F == _LINK_LOCAL_GROUP


def _is_global_unicast(value: Any) -> bool:
    address = _address(value.text)
    never = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not never and str(address) != "255.255.255.255"


def _within(inner: _Address, outer: _Address, bits: int) -> bool:
    shift = outer.max_prefixlen - bits
    return inner.version == outer.version and int(inner) >> shift == int(outer) >> shift


def _contains_ip(network: Any, address: Any) -> bool:
    outer, bits = _prefix(network.text)
    return _within(_address(address if isinstance(address, str) else address.text), outer, bits)


def _contains_cidr(network: Any, other: Any) -> bool:
    outer, bits = _prefix(network.text)
    inner, inner_bits = _prefix(other if isinstance(other, str) else other.text)
    return bits <= inner_bits and _within(inner, outer, bits)


def _masked(network: Any) -> Any:
    address, bits = _prefix(network.text)
    return values.make(values.CIDR, str(ipaddress.ip_network((address, bits), strict=False)))


def _text(value: Any) -> str:
    return str(value.text)


_IP: Final = values.IP
_CIDR: Final = values.CIDR
OVERLOADS: Final = (
    declarations.function("ip", ("string",), _IP, ip),
    declarations.function("isIP", ("string",), "bool", is_ip),
    declarations.function("ip.isCanonical", ("string",), "bool", is_canonical),
    declarations.method("family", (_IP,), "int", lambda value: _address(value.text).version),
    declarations.method("isUnspecified", (_IP,), "bool", _is_unspecified),
    declarations.method("isLoopback", (_IP,), "bool", _is_loopback),
    declarations.method("isLinkLocalMulticast", (_IP,), "bool", _is_link_local_multicast),
    declarations.method("isLinkLocalUnicast", (_IP,), "bool", _is_link_local_unicast),
    declarations.method("isGlobalUnicast", (_IP,), "bool", _is_global_unicast),
    declarations.function("string", (_IP,), "string", _text),
    declarations.function("cidr", ("string",), _CIDR, cidr),
    declarations.function("isCIDR", ("string",), "bool", is_cidr),
    declarations.function("string", (_CIDR,), "string", _text),
    declarations.method("containsIP", (_CIDR, "string"), "bool", _contains_ip),
    declarations.method("containsIP", (_CIDR, _IP), "bool", _contains_ip),
    declarations.method("containsCIDR", (_CIDR, "string"), "bool", _contains_cidr),
    declarations.method("containsCIDR", (_CIDR, _CIDR), "bool", _contains_cidr),
    declarations.method("ip", (_CIDR,), _IP, lambda network: ip(network.text.rpartition("/")[0])),
    declarations.method("prefixLength", (_CIDR,), "int", lambda network: _prefix(network.text)[1]),
    declarations.method("masked", (_CIDR,), _CIDR, _masked),
)
