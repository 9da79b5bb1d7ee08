"""Issuing by request: no token is needed, so these are quick; tokens are in `test_issuing_engine.py`."""

from __future__ import annotations

import datetime
import pathlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.run.vpn import authority, certificates, crl, desk, expiry, issuing, register
from tests.support import certificate_people, vpn

DAY = datetime.timedelta(days=1)


@pytest.fixture
def office(tmp_path: pathlib.Path) -> vpn.Office:
    return vpn.office(tmp_path)


def issue(
    office: vpn.Office,
    holder: certificates.Holder = vpn.LI,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    replace: bool = False,
) -> issuing.Result:
    return issuing.by_request(office.desk, holder, vpn.request(key), replace=replace)


def lists(office: vpn.Office) -> tuple[x509.CertificateRevocationList, ...]:
    return crl.read(crl.path_of(office.folder))


def revoked(office: vpn.Office) -> set[str]:
    return {f"{one.serial_number:x}" for found in lists(office) for one in found}


def number(found: x509.CertificateRevocationList) -> int:
    return found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_the_subject_comes_from_the_inventory_whatever_the_request_says(office: vpn.Office) -> None:
    hostile = x509.Name([x509.NameAttribute(NameOID.USER_ID, "wang.fang")])
    result = issuing.by_request(office.desk, vpn.LI, vpn.request(subject=hostile))
    found = x509.load_pem_x509_certificate(result.certificate)
    assert certificate_people.of(found) == ["li.wei"]
    assert result.issued.state(office.now) == "valid"
    assert result.issued.fingerprint == certificates.fingerprint(found)


def test_everything_is_recorded_before_it_happens(office: vpn.Office) -> None:
    issue(office)
    assert office.actions == ["vpn-authority-changed", "vpn-issued"]
    told = office.notes[1][1]
    assert (told["person"], told["serial"]) == ("li.wei", office.issued[0].serial)


def test_what_cannot_be_recorded_is_not_issued(office: vpn.Office) -> None:
    def refuse(action: chain.Action, _details: object) -> None:
        if action is chain.Action.VPN_ISSUED:
            raise errors.GovcloudError("the audit record could not be written")

    office.desk.prepare()
    broken = desk.Desk(folder=office.folder, environ={}, clock=lambda: office.now, note=refuse)
    with pytest.raises(errors.GovcloudError, match="audit record"):
        issuing.by_request(broken, vpn.LI, vpn.request())
    assert office.issued == ()


def test_a_key_belongs_to_one_person_and_a_stolen_one_to_nobody(office: vpn.Office) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issue(office, key=key)
    with pytest.raises(errors.UsageError, match="somebody else's"):
        issue(office, vpn.WANG, key=key)
    with register.opened(office.folder) as book:
        office.desk.revoke(book, office.issued, reason="stolen", note="")
    with pytest.raises(errors.UsageError, match="reported lost or stolen"):
        issue(office, key=key)


def test_two_are_enough_and_replace_ends_the_others(office: vpn.Office) -> None:
    first, second = issue(office).issued, issue(office).issued
    with pytest.raises(errors.UsageError, match="has 2 valid certificates already"):
        issue(office)
    assert revoked(office) == set()
    result = issue(office, replace=True)
    assert {one.serial for one in result.revoked} == {first.serial, second.serial} == revoked(office)
    assert {one.extensions.get_extension_for_class(x509.CRLReason).value.reason for one in lists(office)[0]} == {
        x509.ReasonFlags.superseded
    }


def test_access_that_ends_while_a_certificate_is_made_takes_it_along(
    office: vpn.Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = issuing._finish

    def cut_meanwhile(*arguments: object, **more: object) -> issuing.Result:
        with register.opened(office.folder) as book:
            office.desk.revoke(book, book.read(), reason="left", note="")
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(issuing, "_finish", cut_meanwhile)
    with pytest.raises(errors.GovcloudError, match="access was ended meanwhile"):
        issue(office)
    assert [one.state(office.now) for one in office.issued] == ["revoked"]


def test_what_a_kill_left_is_revoked_by_the_next_deploy_and_not_while_it_may_go_on(
    office: vpn.Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> issuing.Result:
        raise KeyboardInterrupt

    monkeypatch.setattr(issuing, "_finish", killed)
    with pytest.raises(KeyboardInterrupt):
        issue(office)
    office.desk.prepare()
    assert office.issued[0].state(office.now) == "unfinished"
    office.now += datetime.timedelta(minutes=20)
    office.desk.prepare()
    assert (office.issued[0].reason, revoked(office)) == ("unfinished", {office.issued[0].serial})


def test_a_list_is_renewed_each_day_and_its_number_only_grows(office: vpn.Office) -> None:
    names = [one.name for one in office.desk.prepare()]
    assert names == ["vpn-ca", "vpn-ca.crl"]
    assert office.desk.prepare() == ()
    first = number(lists(office)[0])
    office.now += DAY
    assert [one.name for one in office.desk.prepare()] == ["vpn-ca.crl"]
    second = number(lists(office)[0])
    office.desk.prepare(anew=True)
    third = number(lists(office)[0])
    office.now -= 3 * DAY
    office.desk.prepare()
    fourth = number(lists(office)[0])
    assert first < second < third < fourth, "also where the clock goes back"
    crl.path_of(office.folder).unlink()
    office.now += 4 * DAY
    office.desk.prepare()
    assert number(lists(office)[0]) > fourth, "also where the last list is lost"


def test_a_lost_register_forgives_nobody_until_the_certificate_has_ended(office: vpn.Office) -> None:
    issue(office)
    with register.opened(office.folder) as book:
        office.desk.revoke(book, office.issued, reason="stolen", note="")
    office.desk.prepare()
    before = revoked(office)
    assert len(before) == 1
    register.path_of(office.folder).unlink()
    for _ in range(2):
        office.now += 2 * DAY
        office.desk.prepare()
        assert revoked(office) == before
    (entry,) = lists(office)[0]
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise
    office.now += 400 * DAY
    office.desk.prepare()
    assert len(revoked(office)) == 0


def test_a_list_that_was_put_back_or_damaged_is_made_anew(office: vpn.Office) -> None:
    issue(office)
    before = crl.path_of(office.folder).read_bytes()
    with register.opened(office.folder) as book:
        office.desk.revoke(book, office.issued, reason="lost", note="")
    office.desk.prepare()
    assert len(revoked(office)) == 1
    for damage in (before, b"", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"):
        crl.path_of(office.folder).write_bytes(damage)
        office.desk.prepare()
        assert len(revoked(office)) == 1


def test_a_rotation_cuts_nobody_off_and_both_authorities_have_their_list(office: vpn.Office) -> None:
    old = issue(office).issued
    office.now += DAY
    office.desk.prepare(rotate=True)
    new = issue(office, vpn.WANG).issued
    assert old.issuer != new.issuer
    assert old.counts(office.now)
    there = authority.load(office.folder, now=office.now)
    assert [one.id for one in there] == [new.issuer, old.issuer]
    assert len(x509.load_pem_x509_certificates(authority.bundle(office.folder).read_bytes())) == 2
    with register.opened(office.folder) as book:
        office.desk.revoke(book, office.issued, reason="lost", note="")
    office.desk.prepare()
    assert [len(one) for one in lists(office)] == [1, 1]
    for one, found in zip(there, lists(office), strict=True):
        assert found.is_signature_valid(one.certificate.public_key())  # type: ignore[arg-type]


def test_what_ends_within_thirty_days_is_warned_about(office: vpn.Office) -> None:
    assert expiry.warnings(office.folder, now=office.now) == ()
    first = issue(office).issued
    assert expiry.warnings(office.folder, now=office.now) == ()
    office.now = first.not_after - 30 * DAY
    told = expiry.warnings(office.folder, now=office.now)
    assert [one.partition(":")[0] for one in told] == [
        "the VPN's revocation list ended on 2026-11-29 08",
        "li.wei's certificate ends on 2027-11-22",
    ]
    issue(office)
    assert expiry.warnings(office.folder, now=office.now) == (), "there is a renewal, and a fresh list"
    crl.path_of(office.folder).unlink()
    assert "nobody gets in" in expiry.warnings(office.folder, now=office.now)[0]
    office.now = authority.load(office.folder, now=office.now)[0].certificate.not_valid_after_utc - 29 * DAY
    assert any("authority" in one for one in expiry.warnings(office.folder, now=office.now))
