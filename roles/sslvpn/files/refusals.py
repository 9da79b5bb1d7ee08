#!/usr/bin/python3 -Es
"""Keeps, in the audit log, what ocserv says of those whom it refused by itself: certificates, bindings, cookies, bans.

It reads the journal of ocserv's unit, which is one of its own. The place it has read to is kept, so that nothing is
lost over a restart. What the second factor refused is not here: `check.py` records that itself.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import time

import gate

_CURSOR = pathlib.Path("/var/lib/govcloud-vpn-log/cursor")
_FIELDS = "MESSAGE,_PID,__REALTIME_TIMESTAMP"
# A client tries more than once within one log-in, and one who is banned as often as he likes.
_REPEATED_SECONDS = 10.0
_SECONDS = 2.0
_REMEMBERED = 10_000
_ADDRESS = r"\[?(?P<address>[0-9a-fA-F.:]*[0-9a-fA-F])\]?"
_WORKER = rf"worker(?:\[(?P<worker>[^\]]*)\])?: (?:{_ADDRESS}(?:\:\d+)? )?(?:[\w-]+\.c:\d+: )?"
_ACCEPTED = re.compile(rf"{_WORKER}accepted connection")
# What ocserv 1.1.6 says, and the reason that is kept. The person is who somebody claims to be.
_PATTERNS = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (rf"{_WORKER}client certificate verification failed: (?P<more>.*)", "certificate refused: {more}"),
        (rf"{_WORKER}the certificate's DN does not contain OID", "certificate without a person"),
        (rf"{_WORKER}certificate's username exceed", "certificate without a person"),
        (rf"{_WORKER}no certificate (?:was found|provided)", "no certificate"),
        (r"GnuTLS error \(at [\w-]+\.c:\d+\): Certificate is required", "no certificate"),
        (
            r"sec-mod: user '(?P<person>.*)' \(session: .*\) presented a certificate which is for user '(?P<more>.*)'",
            "certificate of another person: {more}",
        ),
        (rf"{_WORKER}failed cookie authentication attempt", "cookie refused"),
        (rf"main: *added IP '{_ADDRESS}' .*to ban list", "banned: too many failed attempts"),
        (rf"main: *rejected connection from banned IP: {_ADDRESS}", "banned"),
    )
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refusal:
    """Somebody whom ocserv did not let in."""

    person: str | None
    address: str | None
    reason: str


class Reader:
    """Reads ocserv's log line by line."""

    def __init__(self) -> None:
        self._places: collections.OrderedDict[str, str] = collections.OrderedDict()
        self._told: collections.OrderedDict[Refusal, float] = collections.OrderedDict()

    def read(self, message: str, *, process: str = "", at: float = 0.0) -> Refusal | None:
        """What a line says of a refusal; None if it is about something else, or was told a moment ago.

        `process` is who said it, `at` when, in seconds.
        """
        accepted = _ACCEPTED.match(message)
        if accepted:
            _remember(self._places, process, gate.address_of(accepted["address"] or ""))
            return None
        refusal = self._refusal(message, process)
        if refusal is None:
            return None
        before = self._told.get(refusal)
        if before is not None and 0 <= at - before < _REPEATED_SECONDS:
            return None
        _remember(self._told, refusal, at)
        return refusal

    def _refusal(self, message: str, process: str) -> Refusal | None:
        for pattern, reason in _PATTERNS:
            found = pattern.match(message)
            if found:
                said = found.groupdict()
                address = gate.address_of(said.get("address") or "") or self._places.get(process)
                person = said.get("person") or said.get("worker") or None
                more = (said.get("more") or "").strip()
                return Refusal(person=person, address=address or None, reason=reason.format(more=more))
        return None


def main() -> int:
    """Look at what is new in the journal, again and again."""
    settings, reader = gate.settings(), Reader()
    while True:
        for line in _news().splitlines():
            entry = json.loads(line)
            at = int(entry.get("__REALTIME_TIMESTAMP", 0)) / 1e6
            refusal = reader.read(text(entry.get("MESSAGE")), process=str(entry.get("_PID", "")), at=at)
            if refusal is not None:
                gate.record(settings, "refused", **dataclasses.asdict(refusal))
            _keep(str(entry["__CURSOR"]))
        time.sleep(_SECONDS)


def text(message: object) -> str:
    """A message as journalctl tells it: what is no UTF-8, or has control characters, as a list of its bytes.

    Who is refused chooses his name, and with it the form: no form keeps him out of the audit.
    """
    if isinstance(message, list):
        try:
            return bytes(message).decode("utf-8", "replace")
        except (TypeError, ValueError):
            return ""
    return message if isinstance(message, str) else ""


def _news() -> bytes:
    """Every entry after the last one that was read. `journalctl --follow` holds lines back when it writes to a pipe."""
    command = ["journalctl", "--namespace=ocserv", "--quiet", "--output=json", f"--output-fields={_FIELDS}"]
    command += [f"--after-cursor={_CURSOR.read_text('ascii')}"] if _CURSOR.exists() else []
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def _remember(known: collections.OrderedDict, key: object, value: object) -> None:  # type: ignore[type-arg]
    known.pop(key, None)
    known[key] = value
    if len(known) > _REMEMBERED:
        known.popitem(last=False)


def _keep(cursor: str) -> None:
    new = _CURSOR.with_suffix(".new")
    new.write_text(cursor, "ascii")
    new.replace(_CURSOR)


if __name__ == "__main__":
    sys.exit(main())
