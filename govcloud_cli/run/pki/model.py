"""The values of the PKI: what is requested, what changed, what there is afterwards."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from govcloud_cli import errors

Authority = Literal["kubernetes", "etcd", "front-proxy", "services"]
Usage = Literal["server", "client"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

AUTHORITIES: tuple[Authority, ...] = ("kubernetes", "etcd", "front-proxy", "services")

LEAF_LIFETIME = datetime.timedelta(days=397)
AUTHORITY_LIFETIME = datetime.timedelta(days=3650)
RENEWAL_MARGIN = datetime.timedelta(days=30)
CLOCK_SKEW = datetime.timedelta(minutes=5)
"""Certificates start this long before `now`, for machines whose clocks are a little behind."""

SERVICE_ACCOUNT = "service-account"
ENCRYPTION = "encryption"

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_RESERVED = frozenset({SERVICE_ACCOUNT, ENCRYPTION, *(f"{name}-ca" for name in AUTHORITIES)})
_TEXT_MAXIMUM = 64
"""RFC 5280's upper bound of a common name and of an organisation name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CertificateRequest:
    """One certificate that has to be there. Its files are `<name>.crt` and `<name>.key`."""

    name: str
    """File name without suffix: lower-case letters, digits and hyphens, at most 63."""
    common_name: str
    """Kubernetes reads it as the user's name."""
    organisations: tuple[str, ...] = ()
    """Kubernetes reads them as the user's groups."""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    usages: tuple[Usage, ...]
    ca: Authority


@dataclasses.dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that was, or would be, written."""

    name: str
    """File name without suffix, e.g. `kubernetes-ca`, `kube-apiserver`, `encryption`."""
    reason: str
    """Why, as half a sentence: `there is none yet`, `it expires on 2027-01-01`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PkiState:
    """What the folder holds after `ensure`."""

    folder: pathlib.Path
    changes: tuple[Change, ...]
    """What this call wrote, in the order written; empty when everything was there."""
    digests: Mapping[str, str]
    """Name to SHA-256 of its content, hexadecimal. Free of secrets; a plan's digest takes it in."""

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of `changes`."""
        return tuple(change.name for change in self.changes)


def check(requests: Sequence[CertificateRequest]) -> None:
    """Refuse requests that cannot be issued; raises `errors.UsageError` naming every fault at once."""
    faults = [fault for request in requests for fault in _faults(request)]
    names = [request.name for request in requests]
    faults += [f"{name}: requested twice" for name in sorted({name for name in names if names.count(name) > 1})]
    if faults:
        raise errors.UsageError("the certificate requests are refused", cause="\n".join(faults))


def _faults(request: CertificateRequest) -> list[str]:
    faults = []
    if not _NAME.fullmatch(request.name) or request.name in _RESERVED:
        reserved = ", ".join(sorted(_RESERVED))
        faults.append(f"the name must be 1-63 of a-z, 0-9 and inner hyphens, and none of {reserved}")
    if not all(0 < len(text) <= _TEXT_MAXIMUM for text in (request.common_name, *request.organisations)):
        faults.append(f"common name and organisations must have 1-{_TEXT_MAXIMUM} characters")
    if not request.usages:
        faults.append("it needs at least one usage: server, client")
    if "server" in request.usages and not (request.dns_names or request.addresses):
        faults.append("a server needs at least one DNS name or address")
    if any(not name.isascii() or not name for name in request.dns_names):
        faults.append("DNS names must be ASCII (punycode) and not empty")
    return [f"{request.name!r}: {fault}" for fault in faults]
