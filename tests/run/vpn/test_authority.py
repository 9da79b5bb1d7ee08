from __future__ import annotations

import datetime
import pathlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from govcloud_cli import errors
from govcloud_cli.run.pki import issue
from govcloud_cli.run.vpn import authority, certificates
from tests.support import vpn

DAY = datetime.timedelta(days=1)


@pytest.fixture
def office(tmp_path: pathlib.Path) -> vpn.Office:
    return vpn.office(tmp_path)


def ensure(office: vpn.Office, *, rotate: bool = False) -> list[str]:
    found = authority.ensure(office.folder, environ=office.environ, now=office.now, rotate=rotate)
    return [f"{one.name}: {one.reason}" for one in found]


def bundle(office: vpn.Office) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(authority.bundle(office.folder).read_bytes())


def test_the_first_authority_signs_certificates_and_lists_for_ten_years(office: vpn.Office) -> None:
    assert ensure(office) == ["vpn-ca: there is none yet"]
    assert ensure(office) == []
    (found,) = bundle(office)
    constraints = found.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage == issue.key_usage(sign_certificates=True)
    assert 3640 < (found.not_valid_after_utc - office.now).days <= 3650


def test_its_key_is_encrypted_and_its_passphrase_lies_elsewhere(office: vpn.Office) -> None:
    ensure(office)
    (one,) = authority.load(office.folder, now=office.now)
    with pytest.raises(TypeError):
        serialization.load_pem_private_key(one.key_file.read_bytes(), password=None)
    phrase = office.folder.secrets / "vpn-ca-passphrase"
    assert {oct(path.stat().st_mode & 0o777) for path in (one.key_file, phrase)} == {"0o600"}
    assert one.key(authority.passphrase(office.folder, {})).public_key() == one.certificate.public_key()
    with pytest.raises(errors.GovcloudError, match="cannot be opened"):
        one.key(b"x" * 64)


def test_a_passphrase_may_be_kept_elsewhere_and_is_refused_where_others_read_it(
    office: vpn.Office, tmp_path: pathlib.Path
) -> None:
    elsewhere = tmp_path / "stick"
    office.environ[authority.PASSPHRASE_VARIABLE] = str(elsewhere)
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        ensure(office)
    elsewhere.write_text("a passphrase of somebody's own\n")
    elsewhere.chmod(0o644)
    with pytest.raises(errors.GovcloudError) as caught:
        ensure(office)
    assert caught.value.cause == "others than its owner may read it"
    elsewhere.chmod(0o600)
    ensure(office)
    assert not (office.folder.secrets / "vpn-ca-passphrase").exists()
    elsewhere.write_text("short")
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        ensure(office)


def test_a_lost_passphrase_is_told_at_each_deploy_and_no_new_one_is_made(office: vpn.Office) -> None:
    ensure(office)
    (office.folder.secrets / "vpn-ca-passphrase").unlink()
    with pytest.raises(errors.GovcloudError, match="cannot be used"):
        ensure(office)
    assert not (office.folder.secrets / "vpn-ca-passphrase").exists()


def test_a_new_authority_is_made_before_a_certificate_could_outlive_the_old_one(office: vpn.Office) -> None:
    ensure(office)
    first = bundle(office)[0]
    office.now = first.not_valid_after_utc - certificates.LIFETIME - certificates.WARNING - DAY
    assert ensure(office) == []
    office.now += 2 * DAY
    assert ensure(office) == [f"vpn-ca: it expires on {first.not_valid_after_utc:%Y-%m-%d}"]
    new, old = bundle(office)
    assert old == first
    assert new.not_valid_before_utc > old.not_valid_before_utc
    office.now = old.not_valid_after_utc + DAY
    assert ensure(office) == ["vpn-ca: its bundle was not up to date"]
    assert bundle(office) == [new], "one that has ended is no longer trusted"


def test_a_kill_between_key_and_certificate_leaves_no_half_authority(office: vpn.Office) -> None:
    ensure(office)
    (one,) = authority.load(office.folder, now=office.now)
    one.key_file.with_name("feed.key").write_bytes(one.key_file.read_bytes())
    assert [found.id for found in authority.load(office.folder, now=office.now)] == [one.id]
    authority.bundle(office.folder).unlink()
    assert ensure(office) == ["vpn-ca: its bundle was not up to date"]
