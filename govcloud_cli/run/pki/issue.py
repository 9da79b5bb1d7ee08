"""Makes keys and certificates: values in, values out, nothing written."""

from __future__ import annotations

import base64
import datetime
import secrets

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from govcloud_cli.run.pki import model

REQUESTED_OIDS = frozenset({ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.EXTENDED_KEY_USAGE})
"""The extensions that come from the request, and so tell whether a certificate still fits it."""

_PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh ECDSA key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def new_encryption_key() -> str:
    """32 random bytes in base64, for Kubernetes' `secretbox` provider.

    secretbox (XSalsa20-Poly1305) authenticates what it encrypts; aescbc does not, and aesgcm needs rotation
    every 200,000 writes. CIS accepts secretbox.
    """
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii") + "\n"


def subject(request: model.CertificateRequest) -> x509.Name:
    """The subject that `request` asks for."""
    organisations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in request.organisations]
    return x509.Name([*organisations, x509.NameAttribute(NameOID.COMMON_NAME, request.common_name)])


def requested_extensions(request: model.CertificateRequest) -> tuple[x509.ExtensionType, ...]:
    """The extensions that `request` asks for, in a fixed order."""
    purposes = x509.ExtendedKeyUsage([_PURPOSES[usage] for usage in sorted(set(request.usages))])
    if not (request.dns_names or request.addresses):
        return (purposes,)
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in sorted(set(request.dns_names))]
    addresses = sorted(set(request.addresses), key=lambda address: (address.version, int(address)))
    return (purposes, x509.SubjectAlternativeName([*names, *(x509.IPAddress(address) for address in addresses)]))


def authority(name: model.Authority, *, key: ec.EllipticCurvePrivateKey, now: datetime.datetime) -> x509.Certificate:
    """A self-signed certificate that may sign leaves and nothing else.

    No name constraints: names and addresses come from the inventory, and each change would need a new authority.
    """
    # The random part tells two authorities of one purpose apart in logs: two sides, or before and after a renewal.
    text = f"govcloud {name} {secrets.token_hex(4)}"
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        _builder(issuer, issuer=issuer, key=key, now=now, lifetime=model.AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(sign_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )


def leaf(
    request: model.CertificateRequest,
    *,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    """The certificate that `request` asks for."""
    builder = _builder(subject(request), issuer=issuer.subject, key=key, now=now, lifetime=model.LEAF_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(sign_certificates=False), critical=True)
    for extension in requested_extensions(request):
        builder = builder.add_extension(extension, critical=False)
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
    ).sign(issuer_key, hashes.SHA256())


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """`certificate` as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """`key` as unencrypted PKCS#8 PEM: the services that read it start without a person."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half of `key` as PEM."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _builder(
    name: x509.Name,
    *,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
    lifetime: datetime.timedelta,
) -> x509.CertificateBuilder:
    start = now - model.CLOCK_SKEW
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    """That of an authority, over certificates and revocation lists, or a leaf's."""
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
