"""What the gateway's programs share: their settings, who may come in, the revocation list, and the audit log.

Python's standard library only: it runs on the gateway. Each refuses by raising `RefusedError`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import ipaddress
import json
import os
import pathlib
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

SETTINGS = pathlib.Path("/etc/ocserv/gate.json")
# As the inventory's people: what does not look so is no person and never becomes part of a path.
_PERSON = re.compile(r"[a-z][a-z0-9._-]{1,39}", re.ASCII)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS failures (network TEXT NOT NULL, person TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS granted (person TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL);
"""
_LONGEST_TEXT = 200


class RefusedError(Exception):
    """Somebody does not get in; the message is the reason that the audit keeps."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """`gate.json`, as the role writes it; every path absolute."""

    issuer: str
    """`https://<host>[:port]/realms/<realm>`."""
    client: str
    ca_file: str
    """Who signs the identity service's certificate."""
    secret_file: str
    people: str
    """Folder with one file per person who may come in."""
    revocations: str
    """The revocation list as it was published."""
    accepted: str
    """The one that ocserv reads; beside it what is known of it, as JSON."""
    authority: str
    """Who signs people's certificates and the list of those that count no more."""
    attempts: str
    """Database of failed attempts, and of log-ins."""
    attempts_allowed: int
    ban_seconds: int
    login_seconds: int
    """For how long after a log-in its tunnel may come."""
    log: str


def settings(file: pathlib.Path = SETTINGS) -> Settings:
    """Read the settings; OSError, ValueError or TypeError if they are not what the role writes."""
    return Settings(**json.loads(file.read_text("utf-8")))


def member(one: Settings, person: str) -> dict[str, list[str]]:
    """What the person's file says, by key; raises `RefusedError` if there is no such person."""
    if not _PERSON.fullmatch(person):
        raise RefusedError("no person of this name may come in")
    try:
        text = (pathlib.Path(one.people) / person).read_text("utf-8")
    except OSError as error:
        raise RefusedError("no person of this name may come in") from error
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith("#"):
            found.setdefault(key.strip(), []).append(value.strip())
    return found


def belongs(member_file: dict[str, list[str]], lease: str) -> bool:
    """Tell whether a lease is out of the pools of a person's own group."""
    pools = member_file.get("ipv4-network", []) + member_file.get("ipv6-network", [])
    address = ipaddress.ip_address(lease)
    return any(address in ipaddress.ip_network(pool) for pool in pools)


@contextlib.contextmanager
def attempts(one: Settings) -> Iterator[sqlite3.Connection]:
    """The database of failures and log-ins; raises `RefusedError` without it: what is not counted is free to try."""
    try:
        database = sqlite3.connect(one.attempts, timeout=2.0, isolation_level=None)
        try:
            database.executescript(_SCHEMA)
            yield database
        finally:
            database.close()
    except sqlite3.Error as error:
        raise RefusedError("the gateway's own records cannot be used") from error


def require_current_revocations(one: Settings, now: datetime.datetime) -> None:
    """Raise `RefusedError` unless ocserv has the published revocation list, of its authorities and of today.

    ocserv 1.1.6 itself takes one that is past its time, or of another authority, for good.
    """
    try:
        published, authority = (pathlib.Path(path).read_bytes() for path in (one.revocations, one.authority))
    except OSError as error:
        raise RefusedError("the revocation list is missing, or its authority") from error
    try:
        known = json.loads(pathlib.Path(f"{one.accepted}.json").read_text("utf-8"))
        begins, ends = (datetime.datetime.fromisoformat(known[key]) for key in ("thisUpdate", "nextUpdate"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RefusedError("the gateway has no valid revocation list") from error
    if known.get("digest") != hashlib.sha256(published).hexdigest():
        raise RefusedError("the published revocation list is not valid, or not yet taken over")
    # An authority that came since is trusted from ocserv's next reload on, also where that found no list of it.
    if known.get("authority") != hashlib.sha256(authority).hexdigest():
        raise RefusedError("the revocation list of other authorities is in use: the new one is not yet taken over")
    if not begins <= now < ends:
        raise RefusedError(f"the revocation list is past its time ({known['nextUpdate']})")


def record(one: Settings, event: str, **values: Any) -> None:
    """Append one line to the audit log; OSError if it cannot be kept. `None` values are left out."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    kept = {key: printable(value) for key, value in values.items() if value is not None}
    line = json.dumps({"time": now, "event": event, **kept}, ensure_ascii=True, separators=(",", ":")) + "\n"
    # One write with O_APPEND: lines of programs that run at the same time do not mix.
    descriptor = os.open(one.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    try:
        os.write(descriptor, line.encode("ascii"))
    finally:
        os.close(descriptor)


def printable(value: Any) -> Any:
    """Keep what strangers say short and in one line."""
    if not isinstance(value, str):
        return value
    return "".join(letter if letter.isprintable() else "?" for letter in value[:_LONGEST_TEXT])


def address_of(text: str) -> str:
    """The address in its plain form, IPv4 out of IPv6 included; what is none becomes empty."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
