"""One line per access event, whoever told it. Pure.

What a source tells is somebody's text: a user name at the log-in is anybody's choice. A line is canonical ASCII JSON of
known fields with known types, so nothing in it can end a line or stand for another field.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from govcloud_cli.governance import chain, chain_details

TEXTS = ("person", "address", "reason", "lease", "lease6", "session", "client", "type", "what", "about", "realm")
NUMBERS = ("bytesIn", "bytesOut", "seconds")
MALFORMED = "malformed"

_MOST = 200
_MOST_RAW = 500
_EVENT = re.compile(r"[a-z][a-z-]{0,39}")
_IDENTITY = {
    "LOGIN": "log-in",
    "LOGIN_ERROR": "refused",
    "LOGOUT": "log-out",
    "CODE_TO_TOKEN_ERROR": "refused",
    "REFRESH_TOKEN_ERROR": "refused",
    "CLIENT_LOGIN_ERROR": "refused",
}
_MASTER = "master"
"""Keycloak's realm of its administrators; of others it need not be said where."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """An event as it is kept."""

    source: str
    """`gateway` or `identity`."""
    event: str
    data: bytes
    """With its newline."""


def of_gateway(raw: bytes, *, collected: datetime.datetime) -> Line:
    """A line of the gateway's log (without its newline); one that is none is kept as text, and counts as malformed."""
    try:
        told = json.loads(raw.decode("utf-8"))
        return _line("gateway", told, told.get("event"), told.get("time"))
    except (ValueError, RecursionError, AttributeError, TypeError):
        return _malformed("gateway", raw, collected)


def of_identity(told: Any, *, collected: datetime.datetime) -> Line:
    """An event of Keycloak's events API (EventRepresentation, AdminEventRepresentation); any other is kept as text.

    `person`, `about` and `realm` are added by who asked. What was written is not kept: its size is anybody's
    choice, and it may hold what is nobody's business.
    """
    try:
        if "operationType" in told:
            return _of_administration(told)
        details = told.get("details") or {}
        kind = told["type"]
        moment = datetime.datetime.fromtimestamp(told["time"] / 1000, datetime.UTC)
        # Whose account it is; `username` is as it was typed, which for one account is many things (`LI.WEI`).
        whose = told.get("person") or details.get("username") or told.get("userId")
        # An administrator may act as somebody else.
        acting = details.get("impersonator")
        fields = {
            "person": acting or whose,
            "about": whose if acting else None,
            "address": told.get("ipAddress"),
            "reason": told.get("error"),
            "client": told.get("clientId"),
            "session": told.get("sessionId"),
            "type": kind,
            "realm": _MASTER if told.get("realm") == _MASTER else None,
        }
        present = {name: value for name, value in fields.items() if value is not None}
        event = _IDENTITY.get(kind) or kind.lower().replace("_", "-")
        return _line("identity", present, event, chain.timestamp(moment))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
        raw = json.dumps(told, sort_keys=True, default=str).encode()
        return _malformed("identity", raw, collected)


def _of_administration(told: Any) -> Line:
    who = told.get("authDetails") or {}
    moment = datetime.datetime.fromtimestamp(told["time"] / 1000, datetime.UTC)
    fields = {
        "person": told.get("person") or who.get("userId"),
        "address": who.get("ipAddress"),
        "reason": told.get("error"),
        "type": f"{told['operationType']} {told.get('resourceType', '')}".strip(),
        "what": told.get("resourcePath"),
        "about": told.get("about"),
        "realm": _MASTER if told.get("realm") == _MASTER else None,
    }
    present = {name: value for name, value in fields.items() if value is not None}
    return _line("identity", present, "refused" if told.get("error") else "administered", chain.timestamp(moment))


def identity_key(told: Any) -> str:
    """What tells one event from another when the same minute is asked for twice."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:24]


def parse(data: bytes) -> dict[str, Any]:
    """A line of a daily file, back."""
    found: dict[str, Any] = json.loads(data)
    return found


def _line(source: str, told: Mapping[str, Any], event: object, time: object) -> Line:
    if not isinstance(event, str) or not _EVENT.fullmatch(event) or not isinstance(time, str):
        raise ValueError("an event has a name and a time")
    moment = datetime.datetime.fromisoformat(time)
    fields: dict[str, Any] = {"source": source, "event": event, "time": chain.timestamp(moment)}
    for name in TEXTS:
        if name in told and told[name] is not None:
            fields[name] = chain_details.text(_text(told[name]), most=_MOST)
    for name in NUMBERS:
        if name in told and told[name] is not None:
            fields[name] = _number(told[name])
    return Line(source=source, event=event, data=chain.canonical(fields) + b"\n")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
        raise ValueError("a number of bytes or seconds")
    return value


def _malformed(source: str, raw: bytes, collected: datetime.datetime) -> Line:
    # As it was, byte for byte if it is no text; and cut, with a digest of the whole.
    try:
        kept = {"raw": chain_details.text(raw.decode("utf-8"), most=_MOST_RAW)}
    except UnicodeDecodeError:
        kept = {"base64": chain_details.text(base64.b64encode(raw).decode("ascii"), most=_MOST_RAW)}
    fields = {"source": source, "event": MALFORMED, "time": chain.timestamp(collected), **kept}
    return Line(source=source, event=MALFORMED, data=chain.canonical(fields) + b"\n")
