"""Makes people's certificates and revocation lists: values in, values out, nothing written."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Iterable

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from govcloud_cli import errors
from govcloud_cli.run.pki import issue, model

LIFETIME = datetime.timedelta(days=365)
WARNING = datetime.timedelta(days=30)
"""This long before its end a certificate, or an authority, is warned about."""
CRL_LIFETIME = datetime.timedelta(days=7)

_CURVES = ("secp256r1", "secp384r1")
_RSA_BITS = 3072
_NAME_MAXIMUM = 64
"""RFC 5280, appendix A.1: ub-common-name, counted in bytes of UTF-8 as strict readers do; a display name has more."""
_FORGET = datetime.timedelta(days=30)
"""RFC 5280, 3.3: an entry stays until it stood in a list of after the certificate's end; lists live 7 days."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Holder:
    """Whom a certificate is for; comes from the inventory and from nowhere else."""

    person: str
    display_name: str
    organisation: str
    leaves_on: datetime.date | None = None
    """The last day (UTC) on which it may be used."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A certificate that no longer counts."""

    serial: int
    revoked_at: datetime.datetime
    reason: x509.ReasonFlags
    not_after: datetime.datetime


def subject(holder: Holder) -> x509.Name:
    """OU, CN and UID; the gateway reads the UID alone (RFC 4519, 2.39: 0.9.2342.19200300.100.1.1)."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, holder.organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name(holder.display_name)),
            x509.NameAttribute(NameOID.USER_ID, holder.person),
        ]
    )


def common_name(display_name: str) -> str:
    """As much of a display name as a certificate may hold, in whole characters."""
    return display_name.encode()[:_NAME_MAXIMUM].decode("utf-8", "ignore")


def key_of_request(pem: bytes) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey:
    """The public key of a certificate request (PKCS#10, PEM) whose sender has proved to hold the private one.

    Nothing else of it is looked at: who it is for says the inventory. Raises `errors.UsageError` for what is none, is
    not signed by its own key (RFC 2986, 4.2), or has a key that is too weak.
    """
    try:
        request = x509.load_pem_x509_csr(pem)
        signed = request.is_signature_valid
        key = request.public_key()
        strong = not isinstance(request.signature_hash_algorithm, (hashes.SHA1, hashes.MD5))
    except (ValueError, exceptions.UnsupportedAlgorithm) as error:
        raise errors.UsageError("that is no certificate request (PKCS#10, PEM)", cause=str(error)[:200]) from None
    if not signed or not strong:
        raise errors.UsageError(
            "the request is not signed by its own key" if not signed else "the request is signed with a broken digest",
            cause="only whoever holds a key may get a certificate for it",
            remedy="make the request anew on the token that holds the key, with SHA-256",
        )
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS:
        return key
    raise errors.UsageError(
        "the request's key is of a kind that is not taken",
        remedy=f"use ECDSA on P-256 or P-384, or RSA of at least {_RSA_BITS} bits",
    )


def leaf(
    holder: Holder,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    *,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    """A certificate that lets `holder` log in as a client, and nothing else.

    It ends after a year, with the holder's last day, or with its issuer, whichever is first.
    """
    ends = [now + LIFETIME, issuer.not_valid_after_utc]
    if holder.leaves_on is not None:
        after = holder.leaves_on + datetime.timedelta(days=1)
        ends.append(datetime.datetime.combine(after, datetime.time(), tzinfo=datetime.UTC))
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder()
        .subject_name(subject(holder))
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(now - model.CLOCK_SKEW, issuer.not_valid_before_utc))
        .not_valid_after(min(ends))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(issue.key_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def remembered(entries: Iterable[Entry], *, now: datetime.datetime) -> tuple[Entry, ...]:
    """Those that a list of `now` has to hold."""
    return tuple(entry for entry in entries if entry.not_after + _FORGET >= now)


def revocation_list(
    entries: Iterable[Entry],
    *,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    number: int,
    now: datetime.datetime,
) -> x509.CertificateRevocationList:
    """The list of one authority (RFC 5280, 5). `number` is greater than that of every list before."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - model.CLOCK_SKEW)
        .next_update(now + CRL_LIFETIME)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for entry in sorted(remembered(entries, now=now), key=lambda one: one.serial):
        revoked = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.revoked_at)
        # RFC 5280, 5.3.1: unspecified should not be told.
        if entry.reason is not x509.ReasonFlags.unspecified:
            revoked = revoked.add_extension(x509.CRLReason(entry.reason), critical=False)
        builder = builder.add_revoked_certificate(revoked.build())
    return builder.sign(issuer_key, hashes.SHA256())


def key_digest(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    """SHA-256 (hex) of a public key as DER."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 (hex) of a certificate as DER."""
    return certificate.fingerprint(hashes.SHA256()).hex()
