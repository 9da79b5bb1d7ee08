#!/usr/bin/python3 -Es
"""Takes over a published revocation list for ocserv, if it is whole, of the right authority and of today.

ocserv 1.1.6 ends, with all its sessions, when the file is missing or broken at a reload; takes one of any authority,
which then revokes nobody; and never looks at its date. So it never sees the published file, only one that was checked.
Nor one older than what it had, though it be in date: that would let in who was revoked since.
While the published file is not the accepted one, or past its time, nobody gets in (`gate.require_current_revocations`),
and who is in stays in. Exit code 0: ocserv has a list it can start with.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import gate

_SECONDS = 20


def main() -> int:
    """Accept the published list, or say why not and keep the last one."""
    settings = gate.settings()
    accepted = pathlib.Path(settings.accepted)
    try:
        accept(settings, datetime.datetime.now(datetime.UTC))
    except gate.RefusedError as refused:
        sys.stderr.write(f"revocation list not accepted, so nobody gets in: {refused}\n")
        # Without any list ocserv cannot start; with the last one it keeps those who are in.
        return 0 if accepted.exists() else 1
    return 0


def accept(settings: gate.Settings, now: datetime.datetime) -> None:
    """Put the published list where ocserv reads it; raises `gate.RefusedError` if it is not fit."""
    try:
        published = pathlib.Path(settings.revocations).read_bytes()
    except OSError as error:
        raise gate.RefusedError(f"it cannot be read ({error.strerror})") from error
    authority = pathlib.Path(settings.authority).read_bytes()
    lists = _lists(authority, published)
    begins, ends = max(one.begins for one in lists.values()), min(one.ends for one in lists.values())
    if not begins <= now < ends:
        raise gate.RefusedError(f"valid from {begins.isoformat()} to {ends.isoformat()} only")
    _require_no_older(settings, {name: one.number for name, one in lists.items()})
    accepted = pathlib.Path(settings.accepted)
    _write(accepted, published)
    # ocserv passes over a file whose time is not later than its own last look, in whole seconds.
    later = time.time() + 2
    os.utime(accepted, (later, later))
    known = {
        "digest": hashlib.sha256(published).hexdigest(),
        "authority": hashlib.sha256(authority).hexdigest(),
        "thisUpdate": begins.isoformat(),
        "nextUpdate": ends.isoformat(),
    }
    # After the list itself: what is said of it holds as soon as it is said.
    _write(pathlib.Path(f"{accepted}.json"), json.dumps(known).encode())


@dataclasses.dataclass(frozen=True, kw_only=True)
class _List:
    number: int
    begins: datetime.datetime
    ends: datetime.datetime


def _lists(authority: bytes, published: bytes) -> dict[str, _List]:
    """The lists by their authority's digest; raises `gate.RefusedError` unless each authority signed just one.

    There are two authorities, in one file, while one of them takes over from the other.
    """
    authorities = _blocks(authority, "CERTIFICATE")
    found: dict[str, _List] = {}
    for one in _blocks(published, "X509 CRL"):
        signers = {hashlib.sha256(each.strip()).hexdigest() for each in authorities if _is_signed(one, each)}
        if not signers:
            raise gate.RefusedError("it is broken, or of another authority")
        if signers & set(found):
            raise gate.RefusedError("there is not one for each authority, but several")
        found |= dict.fromkeys(signers, _told(one))
    if not authorities or len(found) != len(authorities):
        raise gate.RefusedError("there is not one for each authority, or it is broken")
    return found


def _require_no_older(settings: gate.Settings, numbers: dict[str, int]) -> None:
    """Hold lists against the numbers taken over so far, and keep theirs (RFC 5280, 5.2.3: they only grow).

    Kept beside the attempts: what lies beside the accepted list ends with the service.
    """
    file = pathlib.Path(settings.attempts).with_name("revocations.json")
    try:
        text = file.read_text("utf-8") if file.exists() else "{}"
        known = {name: int(number) for name, number in json.loads(text).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise gate.RefusedError(f"the record of the lists before, {file}, cannot be read") from error
    if any(number < known.get(name, number) for name, number in numbers.items()):
        raise gate.RefusedError("it is older than one that was taken over: publish a new one (govcloud vpn crl)")
    _write(file, json.dumps(known | numbers).encode())


def _blocks(content: bytes, kind: str) -> list[bytes]:
    """The parts of a PEM file (RFC 7468)."""
    marks = rf"-----BEGIN {kind}-----.+?-----END {kind}-----\n?"
    return re.findall(marks.encode(), content, flags=re.DOTALL)


def _is_signed(one: bytes, authority: bytes) -> bool:
    with tempfile.NamedTemporaryFile() as file:
        file.write(authority)
        file.flush()
        asked = _openssl(one, "-CAfile", file.name)
    # openssl's exit code tells nothing of the signature.
    return asked.returncode == 0 and asked.stderr.decode("utf-8", "replace").strip() == "verify OK"


def _told(one: bytes) -> _List:
    said = _openssl(one, "-crlnumber", "-lastupdate", "-nextupdate").stdout.decode("ascii")
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    try:
        begins, ends = _time(told["lastUpdate"]), _time(told["nextUpdate"])
        return _List(number=int(told["crlNumber"], 16), begins=begins, ends=ends)
    except (KeyError, ValueError):
        raise gate.RefusedError("it does not say its number, or until when it is valid") from None


def _openssl(one: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["openssl", "crl", "-noout", *arguments]
    try:
        return subprocess.run(command, input=one, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise gate.RefusedError("it cannot be checked") from error


def _time(text: str) -> datetime.datetime:
    """Read openssl's way of writing a time, e.g. `Nov 22 21:30:00 2026 GMT`."""
    return datetime.datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=datetime.UTC)


def _write(target: pathlib.Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        # ocserv's workers read it, and it is public.
        os.fchmod(descriptor, 0o644)
    pathlib.Path(name).replace(target)


if __name__ == "__main__":
    sys.exit(main())
