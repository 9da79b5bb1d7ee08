"""Slips of the keyboard that a parser tells nothing about: punctuation of a Chinese input method, tabs."""

from __future__ import annotations

import re
import unicodedata

_ASCII = {"：": ":", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "【": "[", "】": "]", "、": ",", "－": "-"}
_ASCII |= {wide: unicodedata.normalize("NFKC", wide) for wide in "｛｝［］＃＂＇\u3000"}
# The first of a line, outside its comment, which may hold any script.
_WIDE = re.compile(f"[{re.escape(''.join(_ASCII))}]")
_COMMENT = re.compile(r"(^|\s)#.*")


def remedy(text: str, line: int) -> str:
    """What to retype where YAML ends at `line` (1-based) of `text`; empty where no such slip is near.

    A missing colon is seen by the parser only on the line below.
    """
    lines = text.split("\n")
    for number in (line, line - 1):
        if not 0 < number <= len(lines):
            continue
        words = _COMMENT.sub("", lines[number - 1])
        if "\t" in words[: len(words) - len(words.lstrip())]:
            return f"line {number} begins with a tab (制表符): indent with spaces (空格)"
        wide = _WIDE.search(words)
        if wide is not None:
            shown = "a wide space" if wide[0] == "\u3000" else wide[0]
            return (
                f"line {number} has {shown} (中文标点): retype it as {_quoted(_ASCII[wide[0]])}, in half width (半角)"
            )
    return ""


def half_width(text: str) -> str:
    """`text` in half width and without the quotes of a Chinese input method, e.g. `2` for `２`."""
    return unicodedata.normalize("NFKC", text).strip("“”‘’\"'")


def _quoted(sign: str) -> str:
    return "a space" if sign == " " else f"`{sign}`"
