"""Addresses, prefixes and ports as inventories spell them."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, LiteralString

import pydantic
import pydantic_core


def _plainly(form: str, error: LiteralString) -> pydantic.BeforeValidator:
    """Refuse what `ipaddress` would also take: numbers, netmasks, zone indices, a prefix without its length."""

    def check(value: object) -> object:
        if isinstance(value, _PARSED) or (isinstance(value, str) and re.fullmatch(form, value, flags=re.ASCII)):
            return value
        raise pydantic_core.PydanticCustomError(error, "not in the form {form}", {"form": form})

    return pydantic.BeforeValidator(check)


_PARSED = (ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network)
_lenient = pydantic.Field(strict=False)


def _prefix(value: object) -> object:
    """A prefix of either family; parsed here, so that a bad one is one fault and not one per family."""
    form = r"[0-9A-Fa-f:.]+/[0-9]{1,3}"
    if isinstance(value, _PARSED):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(form, value, flags=re.ASCII):
            return ipaddress.ip_network(value)
    except ValueError:
        pass
    raise pydantic_core.PydanticCustomError("ip_any_network", "not in the form {form}", {"form": form})


Port = Annotated[int, pydantic.Field(ge=1, le=65535)]
Cidr4 = Annotated[ipaddress.IPv4Network, _lenient, _plainly(r"[0-9.]+/[0-9]{1,2}", "ip_v4_network")]
Cidr6 = Annotated[ipaddress.IPv6Network, _lenient, _plainly(r"[0-9A-Fa-f:.]+/[0-9]{1,3}", "ip_v6_network")]
Cidr = Annotated[
    Annotated[ipaddress.IPv4Network, _lenient] | Annotated[ipaddress.IPv6Network, _lenient],
    pydantic.BeforeValidator(_prefix),
]
Address4 = Annotated[ipaddress.IPv4Address, _lenient, _plainly(r"[0-9.]+", "ip_v4_address")]
Address6 = Annotated[ipaddress.IPv6Address, _lenient, _plainly(r"[0-9A-Fa-f:.]+", "ip_v6_address")]
