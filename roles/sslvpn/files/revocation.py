#!/usr/bin/python3 -Es
"""Takes over a published revocation list for ocserv, if it is whole, of the right authority and of today.

ocserv 1.1.6 ends, with all its sessions, when the file is missing or broken at a reload; takes one of any authority,
which then revokes nobody; and never looks at its date. So it never sees the published file, only one that was checked.
While the published file is not the accepted one, or past its time, nobody gets in (`gate.require_current_revocations`),
and who is in stays in. Exit code 0: ocserv has a list it can start with.
"""

from __future__ import annotations

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
    begins, ends = _validity(settings, published)
    if not begins <= now < ends:
        raise gate.RefusedError(f"valid from {begins.isoformat()} to {ends.isoformat()} only")
    accepted = pathlib.Path(settings.accepted)
    _write(accepted, published)
    # ocserv passes over a file whose time is not later than its own last look, in whole seconds.
    later = time.time() + 2
    os.utime(accepted, (later, later))
    known = {
        "digest": hashlib.sha256(published).hexdigest(),
        "thisUpdate": begins.isoformat(),
        "nextUpdate": ends.isoformat(),
    }
    # After the list itself: what is said of it holds as soon as it is said.
    _write(pathlib.Path(f"{accepted}.json"), json.dumps(known).encode())


def _validity(settings: gate.Settings, published: bytes) -> tuple[datetime.datetime, datetime.datetime]:
    """From when to when the lists are valid, one for each authority; raises `gate.RefusedError` unless that signed it.

    There are two authorities, in one file, while one of them takes over from the other.
    """
    authorities = _blocks(pathlib.Path(settings.authority).read_bytes(), "CERTIFICATE")
    lists = _blocks(published, "X509 CRL")
    times = []
    known = set()
    for one in lists:
        signers = {number for number, authority in enumerate(authorities) if _is_signed(one, authority)}
        if not signers:
            raise gate.RefusedError("it is broken, or of another authority")
        known |= signers
        times.append(_times(one))
    if not authorities or len(known) != len(authorities):
        raise gate.RefusedError("there is not one for each authority, or it is broken")
    return max(begins for begins, _ in times), min(ends for _, ends in times)


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


def _times(one: bytes) -> tuple[datetime.datetime, datetime.datetime]:
    told = dict(
        line.split("=", 1)
        for line in _openssl(one, "-lastupdate", "-nextupdate").stdout.decode("ascii").splitlines()
        if "=" in line
    )
    try:
        return _time(told["lastUpdate"]), _time(told["nextUpdate"])
    except (KeyError, ValueError):
        raise gate.RefusedError("it does not say until when it is valid") from None


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
