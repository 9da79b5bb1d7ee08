"""Names of network interfaces inside a machine."""

from __future__ import annotations

MANAGEMENT = "mgmt0"
_LONGEST = 15
"""The kernel's IFNAMSIZ, less the closing NUL."""


def interface_name(zone: str) -> str:
    """The interface of a machine in the zone of that id; a cross-check keeps two zones from sharing one."""
    return zone[:_LONGEST]
