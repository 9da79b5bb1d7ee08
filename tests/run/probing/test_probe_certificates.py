"""The certificates of verify: which of them the authority signed, for whom and for how long."""

from __future__ import annotations

import datetime

import pytest
from cryptography import exceptions
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from govcloud_cli.run.probing import probe_certificates
from govcloud_cli.run.vpn import certificates
from tests.support import certificate_people, vpn_pki

NOW = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
PERSON = "govcloud-probe-staff"


@pytest.fixture
def signer() -> probe_certificates.Signer:
    authority = vpn_pki.Authority.new("vpn-ca")
    return probe_certificates.Signer(certificate=authority.certificate, key=authority.key, now=NOW)


def signed(made: probe_certificates.Made, by: probe_certificates.Signer) -> bool:
    key = by.certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    one = made.certificate
    assert one.signature_hash_algorithm is not None
    try:
        key.verify(one.signature, one.tbs_certificate_bytes, ec.ECDSA(one.signature_hash_algorithm))
    except exceptions.InvalidSignature:
        return False
    return True


def test_a_good_one_is_the_persons_and_ends_after_minutes(signer: probe_certificates.Signer) -> None:
    made = signer.person(PERSON)
    assert signed(made, signer)
    assert certificate_people.of(made.certificate) == [PERSON]
    assert made.certificate.not_valid_before_utc < NOW < made.certificate.not_valid_after_utc
    assert made.certificate.not_valid_after_utc - NOW == probe_certificates.LIFETIME


def test_one_that_is_past_its_time_is_otherwise_good(signer: probe_certificates.Signer) -> None:
    made = signer.person(PERSON, ended=True)
    assert signed(made, signer)
    assert made.certificate.not_valid_before_utc < made.certificate.not_valid_after_utc < NOW


def test_one_without_a_person_names_nobody(signer: probe_certificates.Signer) -> None:
    assert certificate_people.of(signer.person(None).certificate) == []


def test_a_strangers_differs_in_nothing_but_who_signed(signer: probe_certificates.Signer) -> None:
    made = signer.stranger().person(PERSON)
    assert not signed(made, signer)
    assert made.certificate.issuer == signer.certificate.subject


def test_the_register_has_it_as_it_is_and_nothing_shows_the_key(signer: probe_certificates.Signer) -> None:
    made = signer.person(PERSON)
    issued = made.issued(PERSON, "abcd")
    assert (issued.serial, issued.person) == (f"{made.certificate.serial_number:x}", PERSON)
    assert issued.counts(NOW)
    assert not issued.counts(NOW + probe_certificates.LIFETIME)
    loaded = serialization.load_pem_private_key(made.pem.encode(), password=None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    assert certificates.key_digest(loaded.public_key()) == issued.key
    assert "PRIVATE" not in repr(made)
    assert "key=" not in repr(made)
