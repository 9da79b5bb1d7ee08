"""What the texts of a report are made of: lines of styled parts, and words of the input that do no harm in them."""

from __future__ import annotations

import re

from govcloud_cli.commands import steering

Parts = tuple[tuple[str, str], ...]
"""A line: text and its style, several times."""

# What a line of a job's log may hold to give the runner orders (`##[…]`, `##vso[…]`), wherever in the line it stands.
_ORDERS = re.compile(r"#(?=#\[|#vso\[)")


def plain(text: str) -> str:
    """Untrusted words as they may stand within a line of ours: no line ends, no orders to a CI runner."""
    return _ORDERS.sub(r"\\u0023", steering.plain(text).replace("\n", "\\n").replace("\t", "\\t"))
