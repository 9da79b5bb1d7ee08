"""Text that only shows: whatever would steer the terminal is an escape."""

from __future__ import annotations

import re

_STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Control characters of both sets, line ends of other systems, changes of direction, half characters."""


def plain(text: str) -> str:
    """`text` with everything that would steer a terminal as an escape, as JSON and Python write it."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
