"""The certificates that `verify` comes in with, or tries to: good for minutes, their keys never written here.

They are on no token: a `verify` at night has no token office, and the gateway cannot tell where a key is. The one that
opens something, and the one that is to be found revoked, are registered and end revoked; the others open nothing.
"""

from __future__ import annotations

import dataclasses
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import oid

from govcloud_cli.run.pki import issue, model
from govcloud_cli.run.vpn import certificates, register

LIFETIME = datetime.timedelta(minutes=10)
_UNIT = "govcloud verify"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = dataclasses.field(repr=False)

    @property
    def pem(self) -> str:
        """Both in one file, as openconnect takes them."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return (self.certificate.public_bytes(serialization.Encoding.PEM) + key).decode("ascii")

    def issued(self, person: str, issuer: str) -> register.Issued:
        """As the register has it."""
        return register.Issued(
            serial=f"{self.certificate.serial_number:x}",
            person=person,
            name=person,
            organisation=_UNIT,
            not_before=self.certificate.not_valid_before_utc,
            not_after=self.certificate.not_valid_after_utc,
            fingerprint=certificates.fingerprint(self.certificate),
            key=certificates.key_digest(self.key.public_key()),
            issuer=issuer,
            object_id="",
            token=_UNIT,
            token_serial="",
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Signer:
    """Whoever signs, and when it is."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = dataclasses.field(repr=False)
    now: datetime.datetime

    def person(self, person: str | None, *, ended: bool = False) -> Made:
        """A person's certificate; without `person` it names nobody, and `ended` makes one that is past its time."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.NameAttribute(oid.NameOID.COMMON_NAME, _UNIT)]
        if person is not None:
            names.append(x509.NameAttribute(oid.NameOID.USER_ID, person))
        ends = self.now - datetime.timedelta(seconds=60) if ended else self.now + LIFETIME
        begins = min(self.now - model.CLOCK_SKEW, ends - LIFETIME)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(names))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(issue.key_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([oid.ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Made(certificate=made, key=key)

    def stranger(self) -> Signer:
        """An authority of the same name with another key: what somebody else would make."""
        key = ec.generate_private_key(ec.SECP256R1())
        return dataclasses.replace(self, key=key)
