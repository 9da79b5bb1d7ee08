"""What was issued to whom: `vpn/issued.jsonl` in the side's folder, events that are added and never changed.

A certificate is registered before it reaches its token, so none works that is not here; one that was never delivered is
revoked by whoever comes next. A write that a kill interrupted leaves a torn last line, which did not happen.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import filelock

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.run import workspace
from govcloud_cli.run.audit import files
from govcloud_cli.run.vpn import certificates

Reason = Literal["lost", "stolen", "left", "moved", "replaced", "unfinished", "other"]
REASONS: Mapping[str, str] = {
    "lost": "key_compromise",
    "stolen": "key_compromise",
    "left": "affiliation_changed",
    "moved": "affiliation_changed",
    "replaced": "superseded",
    "unfinished": "cessation_of_operation",
    "other": "unspecified",
}
"""Why a certificate stops to count -> the reason in the revocation list (RFC 5280, 5.3.1)."""

_PATIENCE = 30.0
"""Seconds to wait for another office that issues; a token may take its time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate and what became of it."""

    serial: str
    """Hexadecimal, lower case."""
    person: str
    name: str
    organisation: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    fingerprint: str
    key: str
    """SHA-256 (hex) of the public key."""
    issuer: str
    """`authority.Authority.id`."""
    object_id: str
    """CKA_ID on the token, hexadecimal; empty for a request that came from elsewhere."""
    token: str
    """The token's label."""
    token_serial: str
    delivered: bool = False
    revoked_at: datetime.datetime | None = None
    reason: str = ""
    note: str = ""

    def state(self, now: datetime.datetime) -> Literal["valid", "ending", "expired", "revoked", "unfinished"]:
        """`ending`: within 30 days."""
        if self.revoked_at is not None:
            return "revoked"
        if self.not_after <= now:
            return "expired"
        if not self.delivered:
            return "unfinished"
        return "ending" if self.not_after - now <= certificates.WARNING else "valid"

    def counts(self, now: datetime.datetime) -> bool:
        """Whether the gateway would let it in."""
        return self.revoked_at is None and self.not_after > now


@dataclasses.dataclass(frozen=True, kw_only=True)
class Register:
    """The register, open: its lock is held."""

    path: pathlib.Path

    def read(self) -> tuple[Issued, ...]:
        """Every certificate, in the order of issue."""
        return read(self.path)

    def issue(self, issued: Issued, *, now: datetime.datetime) -> None:
        """Add a certificate. Returns when it is on disk."""
        told = {
            field.name: getattr(issued, field.name) for field in dataclasses.fields(Issued) if field.name not in _LATER
        }
        times = {name: chain.timestamp(told[name]) for name in ("not_before", "not_after")}
        self._append({"event": "issued", "time": chain.timestamp(now), **told, **times})

    def deliver(self, serial: str, *, now: datetime.datetime) -> None:
        """Say that a certificate has reached its token, or its requester."""
        self._append({"event": "delivered", "time": chain.timestamp(now), "serial": serial})

    def revoke(self, serials: Sequence[str], *, reason: str, note: str = "", now: datetime.datetime) -> None:
        """Say that certificates no longer count; all of them, or after a kill none."""
        if serials:
            told = {"serials": list(serials), "reason": reason, "note": note}
            self._append({"event": "revoked", "time": chain.timestamp(now), **told})

    def _append(self, event: Mapping[str, Any]) -> None:
        files.append(self.path, chain.canonical(event) + b"\n")


_LATER = frozenset({"delivered", "revoked_at", "reason", "note"})


def path_of(folder: workspace.SideFolder) -> pathlib.Path:
    """Where a side's register lies."""
    return folder.path / "vpn" / "issued.jsonl"


@contextlib.contextmanager
def opened(folder: workspace.SideFolder) -> Iterator[Register]:
    """The register, for whoever changes it, its authorities or its lists; nobody else does meanwhile.

    Raises `errors.LockedError` if somebody does, `errors.GovcloudError` for a register that is damaged or unwritable.
    """
    path = path_of(folder)
    workspace.make_folder(path.parent)
    lock = filelock.FileLock(path.parent / "lock", mode=0o600)
    try:
        lock.acquire(timeout=_PATIENCE, poll_interval=0.05)
    except filelock.Timeout:
        raise errors.LockedError(
            "somebody else is issuing or revoking VPN certificates",
            where=str(lock.lock_file),
            remedy="wait for them to end; a dead holder's lock is free by itself",
        ) from None
    try:
        with _told(path):
            _mend(path)
            yield Register(path=path)
    finally:
        lock.release()


def read(path: pathlib.Path) -> tuple[Issued, ...]:
    """Every certificate of a register, in the order of issue; none if there is no register yet.

    Raises `errors.GovcloudError`, naming the line, for what nobody but us can have written so.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    found: dict[str, Issued] = {}
    # What follows the last line's end was not written to its own.
    for number, line in enumerate(lines[:-1], start=1):
        try:
            _take(found, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise errors.GovcloudError(
                f"line {number} of the register of VPN certificates is no event of one",
                where=f"{path}:{number}",
                remedy="restore the register from a backup: without it nobody knows whom to revoke",
            ) from None
    return tuple(found.values())


def _take(found: dict[str, Issued], event: dict[str, Any]) -> None:
    kind, time = event.pop("event"), chain.moment(event.pop("time"))
    if kind == "issued":
        begins, ends = (chain.moment(event.pop(name)) for name in ("not_before", "not_after"))
        if event["serial"] in found or not all(isinstance(value, str) for value in event.values()):
            raise ValueError("a serial number is issued once")
        found[event["serial"]] = Issued(not_before=begins, not_after=ends, **event)
    elif kind == "delivered":
        found[event["serial"]] = dataclasses.replace(found[event["serial"]], delivered=True)
    elif kind == "revoked":
        for serial in event["serials"]:
            old = found[serial]
            if old.revoked_at is None:
                reason, note = str(event["reason"]), str(event["note"])
                found[serial] = dataclasses.replace(old, revoked_at=time, reason=reason, note=note)
    else:
        raise ValueError("an event of another kind")


def _mend(path: pathlib.Path) -> None:
    """Cut what a kill left of an event that did not happen."""
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        files.cut(path, whole)


@contextlib.contextmanager
def _told(path: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise errors.GovcloudError(
            "the register of VPN certificates cannot be read or written",
            where=str(error.filename or path),
            cause=error.strerror,
            remedy="mend the folder's owner, mode or disk and run again",
        ) from error
