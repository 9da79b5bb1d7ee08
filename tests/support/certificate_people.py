"""Whom a certificate names."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID


def of(certificate: x509.Certificate) -> list[str]:
    """Every UID; the gateway takes a certificate that has one."""
    return [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.USER_ID)]
