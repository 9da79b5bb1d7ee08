"""How Keycloak writes a value: plain in JSON, as text in an attribute, or as a list of one text in a component."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_DURATION: Final = re.compile(r"(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?")
_JOINED: Final = {"##": "##", "comma": ", "}


def seconds(text: str) -> int | None:
    """Return the seconds of a duration such as `1h30m` (whole seconds, as Go writes them), None if it is none."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def duration(whole: int) -> str:
    """Return `whole` seconds as Go prints them: `1h30m0s`, `10m0s`, `45s`."""
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"


def written(kind: str, form: str, value: Any, choices: Mapping[str, Any]) -> Any:
    """Return the value as the representation has it.

    `form` is empty for plain JSON; `text` and `config` write everything as a text, the latter in a list; `lists` is a
    map whose values are lists; `##` and `comma` join a set into one text; `ms-config` counts in milliseconds.
    """
    plain = value
    if kind == "duration":
        plain = seconds(value) or 0
        if form == "ms-config":
            plain *= 1000
    elif kind == "choice":
        plain = choices[value]
    elif kind == "map" and form == "lists":
        return {name: text.split("##") for name, text in value.items()}
    if form in ("##", "comma", "comma-config"):
        plain = _JOINED[form.removesuffix("-config")].join(plain)
    if form in ("text", "config", "ms-config"):
        plain = str(plain).lower() if isinstance(plain, bool) else str(plain)
    return [plain] if form.endswith("config") else plain


def read(kind: str, form: str, value: Any, choices: Mapping[str, Any]) -> Any:
    """Undo `written`. A value that cannot be read is told as it is: it differs from any that was asked for."""
    plain = value
    if form.endswith("config"):
        plain = plain[0] if isinstance(plain, list) and plain else None
    if plain is None:
        return None
    if kind == "set":
        joint = _JOINED.get(form.removesuffix("-config"))
        return sorted(part for part in plain.split(joint) if part) if joint else sorted(plain)
    if kind == "map":
        texts = {name: "##".join(text) if isinstance(text, list) else text for name, text in plain.items()}
        return {name: text for name, text in texts.items() if isinstance(text, str)}
    if kind == "choice":
        return next((word for word, code in choices.items() if str(code) == str(plain)), str(plain))
    if kind == "flag":
        return plain if isinstance(plain, bool) else str(plain) == "true"
    if kind in ("number", "duration"):
        number = int(plain) if str(plain).lstrip("-").isdigit() else None
        if number is None or kind == "number":
            return plain if number is None else number
        return duration(number // 1000 if form == "ms-config" else number)
    return str(plain)
