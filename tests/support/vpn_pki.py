"""A certificate authority for tests of the gateway: people's certificates, wrong ones too, and lists of revoked ones.

Expired and not yet valid ones are made so, nobody waits for them.
"""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import pathlib
import time
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import oid

_DAY = datetime.timedelta(days=1)
PublicKey = ec.EllipticCurvePublicKey


def now() -> datetime.datetime:
    """The time, in whole seconds."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key in the clear."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def pem(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """What certificates look like in files."""
    return certificate.public_bytes(serialization.Encoding.PEM)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Authority:
    """An authority that signs itself."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, name: str) -> Authority:
        """Make one of `name`."""
        key = new_key()
        subject = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(subject, subject, key.public_key(), begins=now() - _DAY, ends=now() + 300 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key=key, certificate=certificate)

    def person(
        self,
        person: str | None,
        public_key: PublicKey,
        *,
        begins: datetime.datetime | None = None,
        ends: datetime.datetime | None = None,
        name: str | None = None,
    ) -> x509.Certificate:
        """A person's certificate; without `person` it has no identity field, and `name` is the common name."""
        names = [x509.NameAttribute(oid.NameOID.COMMON_NAME, name or person or "nobody")]
        if person is not None:
            names.append(x509.NameAttribute(oid.NameOID.USER_ID, person))
        begins, ends = begins or now() - _DAY, ends or now() + _DAY
        builder = _builder(x509.Name(names), self.certificate.subject, public_key, begins=begins, ends=ends)
        return builder.add_extension(x509.ExtendedKeyUsage([oid.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False).sign(
            self.key, hashes.SHA256()
        )

    def server(self, key: ec.EllipticCurvePrivateKey, name: str, *addresses: str) -> x509.Certificate:
        """A server's certificate."""
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        subject = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, name)])
        builder = _builder(
            subject, self.certificate.subject, key.public_key(), begins=now() - _DAY, ends=now() + 30 * _DAY
        )
        return (
            builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def revocations(
        self,
        revoked: Iterable[x509.Certificate] = (),
        *,
        begins: datetime.datetime | None = None,
        ends: datetime.datetime | None = None,
        number: int | None = None,
    ) -> x509.CertificateRevocationList:
        """The list of certificates that count no more; its number, unless given, is greater than those before."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(begins or now() - datetime.timedelta(hours=1))
            .next_update(ends or now() + _DAY)
            .add_extension(x509.CRLNumber(number or time.time_ns()), critical=False)
        )
        for certificate in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(now())
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, *, begins: datetime.datetime, ends: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def write(folder: pathlib.Path, name: str, *parts: bytes) -> pathlib.Path:
    """Write one file; replaces it at once."""
    new = folder / f".{name}.new"
    new.write_bytes(b"".join(parts))
    new.chmod(0o600)
    return new.replace(folder / name)
