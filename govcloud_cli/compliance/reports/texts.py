"""Untrusted words (resource names, messages, paths) as a report may carry them."""

from __future__ import annotations

import json
import re
from typing import Any

MOST = 2000
"""Characters of one message: whoever writes a manifest decides how long its names are."""
MOST_OF_A_KEY = 1000

# C0 and C1 controls, half characters and U+FFFE/U+FFFF are no XML and no UTF-8; line and paragraph separators break
# lines; bidirectional controls and invisible letters make a name look like another one.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_SPACE = re.compile(r"[\t\n\r\x0b\x0c ]+")


def line(text: str, most: int = MOST) -> str:
    """One line of at most `most` characters that any format can hold; never empty."""
    clean = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", text[: 2 * most]).strip())
    if len(clean) > most:
        clean = clean[: most - 1].rstrip() + "…"
    # A cut after what was already too long leaves no mark otherwise.
    elif len(text) > 2 * most:
        clean = clean[: most - 1] + "…"
    return clean or "?"


def key(text: str) -> str:
    """A resource's key, for showing; what tells two resources apart is `identity.fingerprint`."""
    return line(text, MOST_OF_A_KEY)


def dump(document: dict[str, Any]) -> str:
    """JSON as people can read it too, one line end at its end. What it holds went through `line` before."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
