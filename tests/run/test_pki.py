"""The platform's PKI: what it issues, when it renews, and that a run killed anywhere is completed by the next."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import json
import pathlib
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from govcloud_cli import errors
from govcloud_cli.run import pki

NOW = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.UTC)
CONTROL_PLANE = pki.kubernetes_requests(
    names=("external-k8s",),
    addresses=(ipaddress.ip_address("10.20.0.10"), ipaddress.ip_address("fd00:20::10")),
    service_cidrs=(ipaddress.IPv4Network("10.96.0.0/16"),),
)
SERVICE = pki.CertificateRequest(
    name="database", common_name="database", dns_names=("db.gov.internal",), usages=("server",), ca="services"
)
DAY = datetime.timedelta(days=1)


def certificate(folder: pathlib.Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_second_run_changes_nothing(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "pki"
    first = pki.ensure(folder, requests=CONTROL_PLANE, now=NOW)
    before = contents(folder)
    second = pki.ensure(folder, requests=CONTROL_PLANE, now=NOW + DAY)
    assert set(first.changed) == {
        "encryption",
        "service-account",
        "kubernetes-ca",
        "etcd-ca",
        *(request.name for request in CONTROL_PLANE),
    }
    assert second.changes == (), "everything was there"
    assert contents(folder) == before
    assert second.digests == first.digests


def test_preview_says_what_ensure_does_and_writes_nothing(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "pki"
    expected = pki.preview(folder, requests=CONTROL_PLANE, now=NOW)
    assert not folder.exists()
    assert pki.ensure(folder, requests=CONTROL_PLANE, now=NOW).changes == expected


def test_nobody_else_may_read_the_folder_even_if_it_was_opened_up_before(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "pki"
    pki.ensure(folder, requests=CONTROL_PLANE, now=NOW)
    folder.chmod(0o755)
    (folder / "engine.key").chmod(0o644)
    pki.ensure(folder, requests=CONTROL_PLANE, now=NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_leaf_says_who_it_is_for_what_and_by_whom(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    server, issuer = certificate(tmp_path, "kube-apiserver"), certificate(tmp_path, "kubernetes-ca")
    server.verify_directly_issued_by(issuer)
    assert isinstance(server.public_key(), ec.EllipticCurvePublicKey)
    assert server.not_valid_after_utc - server.not_valid_before_utc == 397 * DAY
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", "::1", "10.20.0.10", "fd00:20::10", "10.96.0.1"}
    assert "external-k8s" in names.get_values_for_type(x509.DNSName)
    purposes = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]
    identifier = server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert identifier == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    usage = server.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_cert_sign


def test_an_authority_signs_leaves_only_and_lasts_ten_years(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    issuer = certificate(tmp_path, "etcd-ca")
    constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)
    assert issuer.not_valid_after_utc - issuer.not_valid_before_utc == 3650 * DAY
    assert issuer.subject != certificate(tmp_path, "kubernetes-ca").subject


def test_etcd_trusts_an_authority_of_its_own(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    with pytest.raises(ValueError, match="Issuer"):
        certificate(tmp_path, "engine").verify_directly_issued_by(certificate(tmp_path, "etcd-ca"))


def test_the_two_people_are_in_their_groups(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    groups = {
        name: certificate(tmp_path, name).subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        for name in ("engine", "platform-engineers")
    }
    assert groups == {"engine": "system:masters", "platform-engineers": "govcloud:platform-engineers"}


@pytest.mark.parametrize(
    ("age", "renewed"), [(397 * DAY - 31 * DAY, False), (397 * DAY - 30 * DAY, True), (5000 * DAY, True)]
)
def test_a_leaf_is_renewed_in_its_last_thirty_days(
    tmp_path: pathlib.Path, age: datetime.timedelta, renewed: bool
) -> None:
    pki.ensure(tmp_path, requests=[SERVICE], now=NOW)
    state = pki.ensure(tmp_path, requests=[SERVICE], now=NOW + age)
    assert ("database" in state.changed) is renewed
    assert certificate(tmp_path, "database").not_valid_after_utc > NOW + age


def test_an_authority_is_renewed_before_a_leaf_could_outlive_it(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=[SERVICE], now=NOW)
    state = pki.ensure(tmp_path, requests=[SERVICE], now=NOW + 3650 * DAY - 400 * DAY)
    assert state.changed == ("services-ca", "database")


@pytest.mark.parametrize(
    ("request_now", "reason"),
    [
        (dataclasses.replace(SERVICE, common_name="other"), "subject"),
        (dataclasses.replace(SERVICE, organisations=("finance",)), "subject"),
        (dataclasses.replace(SERVICE, dns_names=("db2.gov.internal",)), "names"),
        (dataclasses.replace(SERVICE, addresses=(ipaddress.ip_address("10.0.0.1"),)), "names"),
        (dataclasses.replace(SERVICE, usages=("server", "client")), "usages"),
    ],
)
def test_a_leaf_that_differs_from_its_request_is_issued_again(
    tmp_path: pathlib.Path, request_now: pki.CertificateRequest, reason: str
) -> None:
    pki.ensure(tmp_path, requests=[SERVICE], now=NOW)
    state = pki.ensure(tmp_path, requests=[request_now], now=NOW)
    assert state.changed == ("database",)
    assert reason in state.changes[0].reason
    assert pki.preview(tmp_path, requests=[request_now], now=NOW) == ()


def test_the_order_of_names_and_usages_makes_no_difference(tmp_path: pathlib.Path) -> None:
    one = dataclasses.replace(SERVICE, dns_names=("b", "a"), usages=("server", "client"))
    other = dataclasses.replace(SERVICE, dns_names=("a", "b", "a"), usages=("client", "server"))
    pki.ensure(tmp_path, requests=[one], now=NOW)
    assert pki.preview(tmp_path, requests=[other], now=NOW) == ()


def test_a_leaf_of_another_authority_is_issued_again(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path / "mine", requests=[SERVICE], now=NOW)
    pki.ensure(tmp_path / "other", requests=[SERVICE], now=NOW)
    for suffix in ("crt", "key"):
        foreign = (tmp_path / "other" / f"database.{suffix}").read_bytes()
        (tmp_path / "mine" / f"database.{suffix}").write_bytes(foreign)
    changes = pki.preview(tmp_path / "mine", requests=[SERVICE], now=NOW)
    assert [(change.name, change.reason) for change in changes] == [
        ("database", "its issuer is not the current services-ca")
    ]


@pytest.mark.parametrize("damage", [b"", b"not PEM at all"])
@pytest.mark.parametrize("name", ["database.crt", "database.key"])
def test_a_damaged_half_is_issued_again(tmp_path: pathlib.Path, name: str, damage: bytes) -> None:
    pki.ensure(tmp_path, requests=[SERVICE], now=NOW)
    (tmp_path / name).write_bytes(damage)
    assert pki.ensure(tmp_path, requests=[SERVICE], now=NOW).changed == ("database",)


def test_a_run_killed_at_any_write_is_completed_by_the_next(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = pathlib.Path.replace
    for step in range(30):
        folder = tmp_path / str(step)
        left = step

        def dying(path: pathlib.Path, target: pathlib.Path) -> pathlib.Path:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return replace(path, target)

        monkeypatch.setattr(pathlib.Path, "replace", dying)
        try:
            pki.ensure(folder, requests=CONTROL_PLANE, now=NOW)
        except KeyboardInterrupt:
            monkeypatch.setattr(pathlib.Path, "replace", replace)
            pki.ensure(folder, requests=CONTROL_PLANE, now=NOW)
        else:
            assert step == 2 * (2 + len(CONTROL_PLANE)) + 3, "every write of a run was interrupted once"
            return
        finally:
            monkeypatch.setattr(pathlib.Path, "replace", replace)
        assert pki.preview(folder, requests=CONTROL_PLANE, now=NOW) == ()
        assert not [path for path in folder.iterdir() if path.name.startswith(".")], "nothing half-written is left"
    pytest.fail("the run has more writes than this test interrupts")


@pytest.mark.parametrize("damage", [None, "", "c2hvcnQ=\n", "&&&\n"])
def test_a_lost_encryption_key_is_refused_and_never_replaced(tmp_path: pathlib.Path, damage: str | None) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    path = tmp_path / "encryption.key"
    path.unlink() if damage is None else path.write_text(damage)
    before = contents(tmp_path)
    with pytest.raises(errors.GovcloudError, match="encryption key") as refused:
        pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    assert "backup" in str(refused.value.remedy)
    assert contents(tmp_path) == before


def test_an_encryption_key_put_in_front_by_hand_is_kept(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    path = tmp_path / "encryption.key"
    path.write_text("A" * 43 + "=\n" + path.read_text())
    assert pki.preview(tmp_path, requests=CONTROL_PLANE, now=NOW) == ()


def test_services_alone_need_no_kubernetes_keys(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=[SERVICE], now=NOW)
    assert set(contents(tmp_path)) == {"services-ca.crt", "services-ca.key", "database.crt", "database.key"}


def test_digests_change_with_what_changed_and_only_there(tmp_path: pathlib.Path) -> None:
    first = pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW).digests
    (tmp_path / "engine.crt").unlink()
    second = pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW).digests
    assert {name for name in first if first[name] != second[name]} == {"engine"}


def test_every_bad_request_is_named_at_once_and_nothing_is_written(tmp_path: pathlib.Path) -> None:
    bad = [
        dataclasses.replace(SERVICE, name="../escape"),
        dataclasses.replace(SERVICE, name="etcd-ca"),
        dataclasses.replace(SERVICE, name="nameless", dns_names=()),
        dataclasses.replace(SERVICE, name="useless", usages=()),
        dataclasses.replace(SERVICE, name="chinese", dns_names=("数据库",)),
        dataclasses.replace(SERVICE, name="long", common_name="x" * 65),
        SERVICE,
        SERVICE,
    ]
    with pytest.raises(errors.UsageError) as refused:
        pki.ensure(tmp_path / "pki", requests=bad, now=NOW)
    cause = str(refused.value.cause)
    for name in ("../escape", "etcd-ca", "nameless", "useless", "chinese", "long", "database: requested twice"):
        assert name in cause
    assert not (tmp_path / "pki").exists()


def test_a_time_without_zone_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.UsageError, match="time zone"):
        pki.ensure(tmp_path, requests=[SERVICE], now=NOW.replace(tzinfo=None))


def test_a_folder_that_cannot_be_made_is_told_with_its_path(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.GovcloudError) as failed:
        pki.ensure(tmp_path / "file" / "pki", requests=[SERVICE], now=NOW)
    assert str(tmp_path / "file") in str(failed.value.where)


def test_a_kubeconfig_names_files_and_holds_no_key(tmp_path: pathlib.Path) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    text = pki.kubeconfig(tmp_path, server="https://[fd00:20::10]:6443", certificate="engine")
    document = json.loads(text)
    assert document["clusters"][0]["cluster"]["server"] == "https://[fd00:20::10]:6443"
    key = pathlib.Path(document["users"][0]["user"]["client-key"])
    assert key == tmp_path / "engine.key"
    assert "PRIVATE" not in text
    assert isinstance(serialization.load_pem_private_key(key.read_bytes(), password=None), ec.EllipticCurvePrivateKey)


@pytest.mark.parametrize(("server", "name"), [("http://10.0.0.1:6443", "engine"), ("https://10.0.0.1:6443", "nobody")])
def test_a_kubeconfig_without_tls_or_certificate_is_refused(tmp_path: pathlib.Path, server: str, name: str) -> None:
    pki.ensure(tmp_path, requests=CONTROL_PLANE, now=NOW)
    with pytest.raises(errors.UsageError):
        pki.kubeconfig(tmp_path, server=server, certificate=name)


def test_files_are_new_files_even_where_a_link_waits_for_them(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "pki"
    folder.mkdir()
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (folder / ".database.key.new").symlink_to(outside)
    pki.ensure(folder, requests=[SERVICE], now=NOW)
    assert outside.read_text() == "mine"
