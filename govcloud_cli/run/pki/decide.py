"""What has to be issued and why: pure decisions over what was found. `folder.ensure` carries them out."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
from collections.abc import Mapping, Sequence

from cryptography import exceptions, x509
from cryptography.hazmat.primitives.asymmetric import ec

from govcloud_cli import errors
from govcloud_cli.run.pki import issue, model

_ENCRYPTION_BYTES = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """A certificate and its key as found; None for what is missing or unreadable."""

    certificate: x509.Certificate | None = None
    key: ec.EllipticCurvePrivateKey | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """What a folder holds."""

    pairs: Mapping[str, Pair]
    """By file name without suffix, authorities among them."""
    service_account: ec.EllipticCurvePrivateKey | None
    service_account_public: bool
    """Whether the public half is there and belongs to `service_account`."""
    encryption: str | None
    """Content of `encryption.key`: one base64 key a line, the first of which encrypts."""


def changes(
    found: Found, requests: Sequence[model.CertificateRequest], *, now: datetime.datetime
) -> tuple[model.Change, ...]:
    """What has to be written, in the order to write it.

    Raises `errors.GovcloudError` when the encryption key is lost or damaged: a new one could not read what is stored.
    """
    decided = []
    if any(request.ca == "kubernetes" for request in requests):
        decided += _shared_keys(found)
    for authority in model.AUTHORITIES:
        members = [request for request in requests if request.ca == authority]
        if members:
            decided += _family(found, authority, members, now)
    return tuple(decided)


def _shared_keys(found: Found) -> list[model.Change]:
    # These come before the authority, so an authority without an encryption key can only mean a lost key.
    decided = []
    if found.encryption is None:
        if "kubernetes-ca" in found.pairs:
            raise _lost("is missing")
        decided.append(model.Change(name=model.ENCRYPTION, reason="there is none yet"))
    elif not _valid_encryption(found.encryption):
        raise _lost("is damaged")
    if found.service_account is None or not found.service_account_public:
        decided.append(model.Change(name=model.SERVICE_ACCOUNT, reason="there is none yet"))
    return decided


def _family(
    found: Found, authority: model.Authority, members: Sequence[model.CertificateRequest], now: datetime.datetime
) -> list[model.Change]:
    name = f"{authority}-ca"
    issuer = found.pairs.get(name, Pair())
    # Renewed a leaf's lifetime early, so no leaf ever outlives its issuer.
    reason = _pair_reason(issuer, now=now, margin=model.LEAF_LIFETIME + model.RENEWAL_MARGIN)
    if reason:
        renewed = f"its issuer {name} is new"
        return [model.Change(name=name, reason=reason), *(model.Change(name=m.name, reason=renewed) for m in members)]
    decided = []
    for member in members:
        reason = _leaf_reason(found.pairs.get(member.name, Pair()), request=member, issuer=issuer, now=now)
        if reason:
            decided.append(model.Change(name=member.name, reason=reason))
    return decided


def _leaf_reason(pair: Pair, *, request: model.CertificateRequest, issuer: Pair, now: datetime.datetime) -> str | None:
    reason = _pair_reason(pair, now=now, margin=model.RENEWAL_MARGIN)
    if reason or pair.certificate is None or issuer.certificate is None:
        return reason or "there is none yet"
    if not _issued_by(pair.certificate, issuer.certificate):
        return f"its issuer is not the current {request.ca}-ca"
    if issue.subject(request) != pair.certificate.subject:
        return "another subject is requested"
    wanted = {extension.oid: extension for extension in issue.requested_extensions(request)}
    present = {e.oid: e.value for e in pair.certificate.extensions if e.oid in issue.REQUESTED_OIDS}
    return None if wanted == present else "other names, addresses or usages are requested"


def _pair_reason(pair: Pair, *, now: datetime.datetime, margin: datetime.timedelta) -> str | None:
    if pair.certificate is None or pair.key is None:
        return "there is none yet" if pair == Pair() else "one of its two files is missing"
    if pair.certificate.public_key() != pair.key.public_key():
        return "key and certificate do not belong together"
    if pair.certificate.not_valid_after_utc - now <= margin:
        return f"it expires on {pair.certificate.not_valid_after_utc:%Y-%m-%d}"
    if pair.certificate.not_valid_before_utc > now:
        return f"it starts only on {pair.certificate.not_valid_before_utc:%Y-%m-%d}"
    return None


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, exceptions.InvalidSignature):
        return False
    return True


def _valid_encryption(text: str) -> bool:
    try:
        keys = [base64.b64decode(line, validate=True) for line in text.split()]
    except binascii.Error:
        return False
    return bool(keys) and all(len(key) == _ENCRYPTION_BYTES for key in keys)


def _lost(what: str) -> errors.GovcloudError:
    return errors.GovcloudError(
        f"the encryption key of this side's Kubernetes {what}",
        where=f"{model.ENCRYPTION}.key",
        remedy="restore the file from your backup: without it, no Secret stored in etcd can be read; "
        "only for a platform to be built anew, remove the whole pki folder",
    )
