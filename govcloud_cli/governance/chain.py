"""The records of the audit log: what one says, how it is chained and signed.

`chain` = SHA-256 over the chain value before and SHA-256 over what the record says; `signature` = Ed25519 (RFC 8032)
over the head, which is environment, side, number, time, chain value and the key's fingerprint. Each input of hash or
signature begins with another prefix, so that none can stand for another (RFC 6962, section 2.1, says why).
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography import exceptions
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

_RECORD, _LINK, _START, _HEAD = (f"govcloud/audit/{name}/v1\0".encode() for name in ("record", "link", "start", "head"))


class Action(enum.StrEnum):
    """What is recorded. A new action is a line here; readers take any word, so an older one reads a newer log."""

    DEPLOY_BEGAN = "deploy-began"
    DEPLOY_ENDED = "deploy-ended"
    TENANT_APPLIED = "tenant-applied"
    TENANT_REMOVED = "tenant-removed"
    DRIFT_FOUND = "drift-found"
    DRIFT_REPAIRED = "drift-repaired"
    REQUEST_SUBMITTED = "request-submitted"
    REQUEST_APPROVED = "request-approved"
    REQUEST_AUTO_APPROVED = "request-auto-approved"
    REQUEST_REJECTED = "request-rejected"
    REQUEST_CANCELLED = "request-cancelled"
    TENANT_FROZEN = "tenant-frozen"
    TENANT_THAWED = "tenant-thawed"
    TENANT_EXPIRED = "tenant-expired"
    DECOMMISSION_BEGAN = "decommission-began"
    DECOMMISSION_ENDED = "decommission-ended"
    PEOPLE_SYNC_BEGAN = "people-sync-began"
    PEOPLE_SYNC_ENDED = "people-sync-ended"
    PEOPLE_LEAVING = "people-leaving"
    PERSON_LEFT = "person-left"
    PERSON_MOVING = "person-moving"
    PERSON_MOVED = "person-moved"
    PERSON_RETURNING = "person-returning"
    PERSON_RETURNED = "person-returned"
    PEOPLE_JOINING = "people-joining"
    PEOPLE_JOINED = "people-joined"
    PERSON_ENROLLING = "person-enrolling"
    PERSON_ENROLLED = "person-enrolled"
    PASSWORDS_ROTATED = "passwords-rotated"
    BREAK_GLASS_OPENED = "break-glass-opened"
    BREAK_GLASS_SEALED = "break-glass-sealed"
    LOG_MENDED = "log-mended"
    LAB_DESTROYED = "lab-destroyed"
    VPN_AUTHORITY_CHANGED = "vpn-authority-changed"
    VPN_ISSUED = "vpn-issued"
    VPN_REVOKED = "vpn-revoked"
    VPN_PUBLISHED = "vpn-published"
    ACCESS_COLLECTED = "access-collected"


class Source(enum.StrEnum):
    """Who says that a person is who they are."""

    OS = "os"
    GIT = "git"
    CI = "ci"
    OIDC = "oidc"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Actor:
    """Who did it."""

    person: str
    source: str
    """One of `Source`; any word in a log that a newer GovCloud wrote."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """What a record says."""

    number: int
    """From 1, without gaps."""
    time: str
    """RFC 3339 in UTC with milliseconds, so that text sorts as time does."""
    actor: Actor
    action: str
    environment: str
    side: str
    tenant: str | None
    details: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Head:
    """The end of a log, signed: whoever keeps one can tell later that nothing up to it was changed or cut."""

    environment: str
    side: str
    number: int
    """Of the last record; 0 before the first."""
    time: str
    chain: str
    key: str
    """`PublicKey.fingerprint` of the key that signed it."""
    signature: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """An entry in its place in the log."""

    entry: Entry
    previous: str
    """The chain value of the record before; `start` for the first."""
    chain: str
    signature: str

    def head(self, fingerprint: str) -> Head:
        """The head that this record is, if the key of `fingerprint` signed it."""
        entry = self.entry
        return Head(
            environment=entry.environment,
            side=entry.side,
            number=entry.number,
            time=entry.time,
            chain=self.chain,
            key=fingerprint,
            signature=self.signature,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublicKey:
    """The public half of a log's key."""

    key: ed25519.Ed25519PublicKey
    fingerprint: str
    """SHA-256 of the key as DER, hexadecimal: `openssl pkey -pubin -in key.pub -outform DER | sha256sum`."""


def public(key: ed25519.Ed25519PublicKey) -> PublicKey:
    """`key` with its fingerprint."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(key=key, fingerprint=hashlib.sha256(der).hexdigest())


def timestamp(moment: datetime.datetime) -> str:
    """`moment` as records write it. Raises `ValueError` for one without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("the time of an audit record has a time zone")
    return moment.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime.datetime:
    """What `timestamp` wrote."""
    return datetime.datetime.fromisoformat(text)


def start(environment: str, side: str, fingerprint: str) -> str:
    """The chain value before the first record: no two logs have it in common."""
    named = {"environment": environment, "key": fingerprint, "side": side}
    return hashlib.sha256(_START + canonical(named)).hexdigest()


def link(previous: str, entry: Entry) -> str:
    """The chain value of `entry` after `previous`."""
    leaf = hashlib.sha256(_RECORD + canonical(said(entry))).digest()
    return hashlib.sha256(_LINK + bytes.fromhex(previous) + leaf).hexdigest()


def seal(entry: Entry, *, previous: str, key: ed25519.Ed25519PrivateKey) -> Record:
    """`entry` chained to `previous` and signed."""
    chain = link(previous, entry)
    unsigned = Record(entry=entry, previous=previous, chain=chain, signature="")
    return dataclasses.replace(unsigned, signature=sign(unsigned.head(public(key.public_key()).fingerprint), key))


def sign(head: Head, key: ed25519.Ed25519PrivateKey) -> str:
    """The signature over `head`, whose own is not looked at."""
    return key.sign(_HEAD + _signed(head)).hex()


def is_signed(head: Head, key: PublicKey) -> bool:
    """Whether `key` signed exactly this head, the fingerprint in it included."""
    try:
        key.key.verify(bytes.fromhex(head.signature), _HEAD + _signed(head))
    except (exceptions.InvalidSignature, ValueError):
        return False
    return True


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write `document`: sorted keys, no spaces; ASCII, so that no name steers a terminal."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def said(entry: Entry) -> dict[str, Any]:
    """What `entry` says, by the names that its line has."""
    return {
        **{field.name: getattr(entry, field.name) for field in dataclasses.fields(entry)},
        "actor": vars(entry.actor),
    }


def _signed(head: Head) -> bytes:
    return canonical({name: value for name, value in vars(head).items() if name != "signature"})
