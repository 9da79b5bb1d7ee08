"""What a document must be for the engine to read it rightly.

The engine takes strings as C has them: it ends one at a NUL, so that `registry.internal/x\\0@evil` would be judged as
`registry.internal/x`. It also turns over what no API server would take: half characters, endless nesting. All this is
found here, in one pass of the JSON encoder, before anything is judged.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

LARGEST: Final = 4 * 1024 * 1024
"""Characters of JSON; the API server takes no request above 3 MiB."""
LONGEST_LIST: Final = 4_000
"""Elements; the engine takes the square of it to filter a list, and ends an evaluation after 10,000 steps."""
_LARGE: Final = 2_000
DEEPEST: Final = 100
_SUSPECT: Final = re.compile(r"\\u0000|\\ud[89a-f]")
_SMALL: Final = 64 * 1024
_ENCODER: Final = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":"))


class DocumentError(ValueError):
    """The document cannot be judged; says why, without what it holds."""


def check(document: Any) -> bool:
    """See that the engine reads `document` as it is.

    Returns:
        Whether it is so large that many rules at once would take more steps than the engine allows.

    Raises:
        DocumentError: it would not.
    """
    try:
        text = _ENCODER.encode(document)
    except (TypeError, ValueError, RecursionError) as failure:
        raise DocumentError("is no plain JSON, or is nested too deep") from failure
    if len(text) > LARGEST:
        raise DocumentError(f"is larger than {LARGEST // 1024 // 1024} MiB, which no API server takes")
    commas, brackets = text.count(","), text.count("[") + text.count("{")
    if len(text) > _SMALL or commas > _LARGE or brackets > DEEPEST or _SUSPECT.search(text):
        _walk(document)
    return commas > _LARGE


def _walk(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST):
        following: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _check_text(item)
            elif isinstance(item, dict):
                for key in item:
                    _check_text(str(key))
                following += item.values()
            elif isinstance(item, list):
                if len(item) > LONGEST_LIST:
                    raise DocumentError(f"has a list of more than {LONGEST_LIST} elements")
                following += item
        if not following:
            return
        level = following
    raise DocumentError(f"is nested deeper than {DEEPEST} levels")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise DocumentError("has a NUL character in a text")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as failure:
            raise DocumentError("has half a character (a lone surrogate) in a text") from failure
