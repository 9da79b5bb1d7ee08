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
    except gate.Refused as refused:
        sys.stderr.write(f"revocation list not accepted, so nobody gets in: {refused}\n")
        # Without any list ocserv cannot start; with the last one it keeps those who are in.
        return 0 if accepted.exists() else 1
    return 0


def accept(settings: gate.Settings, now: datetime.datetime) -> None:
    """Put the published list where ocserv reads it; raises `gate.Refused` if it is not fit."""
    try:
        published = pathlib.Path(settings.revocations).read_bytes()
    except OSError as error:
        raise gate.Refused(f"it cannot be read ({error.strerror})") from error
    begins, ends = _validity(settings, published)
    if not begins <= now < ends:
        raise gate.Refused(f"valid from {begins.isoformat()} to {ends.isoformat()} only")
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
    """From when to when the list is valid; raises `gate.Refused` unless the people's authority signed it."""
    command = ["openssl", "crl", "-CAfile", settings.authority, "-noout", "-lastupdate", "-nextupdate"]
    try:
        asked = subprocess.run(command, input=published, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise gate.Refused("it cannot be checked") from error
    # openssl's exit code tells nothing of the signature.
    if asked.returncode != 0 or asked.stderr.decode("utf-8", "replace").strip() != "verify OK":
        raise gate.Refused("it is broken, or of another authority")
    told = dict(line.split("=", 1) for line in asked.stdout.decode("ascii").splitlines() if "=" in line)
    try:
        return _time(told["lastUpdate"]), _time(told["nextUpdate"])
    except (KeyError, ValueError):
        raise gate.Refused("it does not say until when it is valid") from None


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
