from __future__ import annotations

import datetime
import functools
import pathlib
from collections.abc import Callable

import hypothesis
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import strategies as st

from govcloud_cli import errors
from govcloud_cli.run.pki import issue
from govcloud_cli.run.vpn import authority, certificates
from tests.support import certificate_people, vpn

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters=[chr(code) for code in (*range(32), 127)]), min_size=1, max_size=80
)


@functools.cache
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def issuer() -> x509.Certificate:
    return authority._self_signed(key(), now=vpn.START)


def made(holder: certificates.Holder = vpn.LI, now: datetime.datetime = vpn.START) -> x509.Certificate:
    return certificates.leaf(holder, key().public_key(), issuer=issuer(), issuer_key=key(), now=now)


def test_a_certificate_lets_its_holder_log_in_as_a_client_and_nothing_else() -> None:
    found = made()
    found.verify_directly_issued_by(issuer())
    extensions = {type(one.value): one.value for one in found.extensions}
    assert extensions[x509.BasicConstraints] == x509.BasicConstraints(ca=False, path_length=None)
    assert list(extensions[x509.ExtendedKeyUsage]) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert extensions[x509.KeyUsage] == issue.key_usage(sign_certificates=False)
    assert found.subject.rfc4514_string() == "UID=li.wei,CN=李薇,OU=finance-bureau"


def test_it_lasts_a_year_or_to_the_last_day_or_to_its_issuers_end() -> None:
    assert made().not_valid_after_utc == vpn.START + datetime.timedelta(days=365)
    leaving = certificates.Holder(**{**vars(vpn.LI), "leaves_on": datetime.date(2026, 12, 31)})
    assert made(leaving).not_valid_after_utc == datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
    late = issuer().not_valid_after_utc - datetime.timedelta(days=1)
    assert made(now=late).not_valid_after_utc == issuer().not_valid_after_utc


@hypothesis.given(NAMES)
@hypothesis.example("李薇,UID=wang.fang")
@hypothesis.example("x\u202eUID=root+UID=y\\00")
@hypothesis.example("欧阳" * 40)
def test_a_display_name_in_any_script_never_becomes_another_field(name: str) -> None:
    found = made(certificates.Holder(person="li.wei", display_name=name, organisation="finance-bureau"))
    assert certificate_people.of(found) == ["li.wei"]
    assert [one.value for one in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [
        certificates.common_name(name)
    ]
    assert name.startswith(certificates.common_name(name))
    assert len(list(found.subject)) == 3
    again = x509.load_der_x509_certificate(found.public_bytes(serialization.Encoding.DER))
    assert again.subject == found.subject


def tampered() -> bytes:
    """A request whose key is another than the one that signed it."""
    der = x509.load_pem_x509_csr(vpn.request(key())).public_bytes(serialization.Encoding.DER)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    changed = der.replace(key().public_key().public_bytes(*form), other.public_bytes(*form))
    assert changed != der
    return x509.load_der_x509_csr(changed).public_bytes(serialization.Encoding.PEM)


def request(made_key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, digest: hashes.HashAlgorithm | None) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(made_key, digest).public_bytes(serialization.Encoding.PEM)  # type: ignore[arg-type]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "no certificate request"),
    "a certificate": (lambda: made().public_bytes(serialization.Encoding.PEM), "no certificate request"),
    "another's key": (tampered, "not signed by its own key"),
    "a weak curve": (lambda: vpn.request(ec.generate_private_key(ec.SECP224R1())), "of a kind that is not taken"),
    "short RSA": (lambda: request(rsa.generate_private_key(65537, 2048), hashes.SHA256()), "of a kind"),
    "Ed25519": (lambda: request(ed25519.Ed25519PrivateKey.generate(), None), "of a kind"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_proves_nothing_is_refused(name: str) -> None:
    pem, message = REFUSED[name]
    with pytest.raises(errors.UsageError, match=message):
        certificates.key_of_request(pem())


def test_the_key_of_a_request_is_taken_and_its_subject_is_not_looked_at() -> None:
    hostile = x509.Name([x509.NameAttribute(NameOID.USER_ID, "wang.fang")])
    assert certificates.key_of_request(vpn.request(key(), hostile)) == key().public_key()


def test_a_list_forgets_a_certificate_only_long_after_its_end(tmp_path: pathlib.Path) -> None:
    def entry(serial: int, days: int) -> certificates.Entry:
        end = vpn.START + datetime.timedelta(days=days)
        return certificates.Entry(
            serial=serial, revoked_at=vpn.START, reason=x509.ReasonFlags.key_compromise, not_after=end
        )

    entries = [entry(1, 100), entry(2, -29), entry(3, -31)]
    made_list = certificates.revocation_list(entries, issuer=issuer(), issuer_key=key(), number=7, now=vpn.START)
    assert [one.serial_number for one in made_list] == [1, 2]
    assert made_list.next_update_utc == vpn.START + datetime.timedelta(days=7)
    assert made_list.is_signature_valid(key().public_key())
