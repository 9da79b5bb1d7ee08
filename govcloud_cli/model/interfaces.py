"""Names of network interfaces inside a machine."""

from __future__ import annotations

from typing import Annotated

import pydantic

Device = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$")]
"""The name of a network interface as Linux and nftables take it, e.g. `ens192` or `bond0.20`."""

MANAGEMENT = "mgmt0"
_LONGEST = 15
"""The kernel's IFNAMSIZ, less the closing NUL."""


def interface_name(zone: str) -> str:
    """The interface of a machine in the zone of that id; a cross-check keeps two zones from sharing one."""
    return zone[:_LONGEST]
