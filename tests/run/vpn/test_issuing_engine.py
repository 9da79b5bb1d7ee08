"""Issuing on real PKCS#11 tokens (SoftHSM2), judged by OpenSSL and by OpenSC's own tool."""

from __future__ import annotations

import datetime
import pathlib

import pytest
from cryptography import x509

from govcloud_cli import errors
from govcloud_cli.run import process
from govcloud_cli.run.vpn import authority, crl, cutting, issuing, tokens
from tests.support import certificate_people, vpn

pytestmark = pytest.mark.engine


@pytest.fixture
def soft(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> vpn.SoftTokens:
    return vpn.tokens_in(tmp_path / "soft", monkeypatch)


@pytest.fixture
def office(tmp_path: pathlib.Path) -> vpn.Office:
    made = vpn.office(tmp_path)
    made.now = datetime.datetime.now(datetime.UTC)
    return made


def objects(soft: vpn.SoftTokens, label: str, pin: str = vpn.PIN) -> str:
    argv = ["pkcs11-tool", "--module", soft.module, "--token-label", label, "--login", "--pin", "env:PIN", "-O"]
    return process.run(argv, environment={"PIN": pin}).stdout


def openssl_says(office: vpn.Office, certificate: bytes, tmp_path: pathlib.Path) -> str:
    """What OpenSSL says of a certificate beside authority and list."""
    path = tmp_path / "person.crt"
    path.write_bytes(certificate)
    bundle, lists = authority.bundle(office.folder), crl.path_of(office.folder)
    argv = ["openssl", "verify", "-x509_strict", "-crl_check", "-purpose", "sslclient", "-CAfile", str(bundle)]
    done = process.run([*argv, "-CRLfile", str(lists), str(path)], check=False)
    return done.stdout + done.stderr


def issue(office: vpn.Office, soft: vpn.SoftTokens, token: tokens.Token, **more: bool) -> issuing.Result:
    return issuing.on_token(office.desk, vpn.LI, reader=soft.reader, token=token, pin=vpn.PIN, **more)


def test_the_key_is_made_on_the_token_and_cannot_be_taken_out(office: vpn.Office, soft: vpn.SoftTokens) -> None:
    result = issue(office, soft, soft.add("staff-1"))
    seen = objects(soft, "staff-1")
    private = seen[seen.index("Private Key Object") :]
    assert "sensitive, always sensitive, never extractable, local" in private
    assert result.issued.object_id in private
    assert result.issued.object_id in seen[seen.index("Certificate Object") :]
    keys = [path for path in office.folder.path.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert [path.parent.name for path in keys] == ["vpn-ca"], "no key of a person is ever a file"
    assert b"ENCRYPTED PRIVATE KEY" in keys[0].read_bytes()


def test_openssl_takes_the_certificate_until_it_is_revoked(
    office: vpn.Office, soft: vpn.SoftTokens, tmp_path: pathlib.Path
) -> None:
    result = issue(office, soft, soft.add("staff-1"))
    assert ": OK" in openssl_says(office, result.certificate, tmp_path)
    certificate = x509.load_pem_x509_certificate(result.certificate)
    assert certificate_people.of(certificate) == ["li.wei"]

    with pytest.raises(errors.GovcloudError, match="is not running"):
        cutting.cut(office.desk, vpn.no_gateway(office), ["li.wei"])
    assert "certificate revoked" in openssl_says(office, result.certificate, tmp_path)


def test_a_wrong_pin_is_told_and_leaves_nothing(office: vpn.Office, soft: vpn.SoftTokens) -> None:
    token = soft.add("staff-1")
    with pytest.raises(errors.GovcloudError, match="the PIN is wrong") as caught:
        issuing.on_token(office.desk, vpn.LI, reader=soft.reader, token=token, pin="000000")
    assert caught.value.cause == "more than one try is left"
    assert "000000" not in str(vars(caught.value))
    assert office.issued == ()
    assert soft.reader.choose("staff-1").low
    assert objects(soft, "staff-1") == ""


def test_a_renewal_stands_beside_the_old_one_and_replace_ends_it(office: vpn.Office, soft: vpn.SoftTokens) -> None:
    token = soft.add("staff-1")
    first = issue(office, soft, token).issued
    second = issue(office, soft, token).issued
    assert [one.state(office.now) for one in office.issued] == ["valid", "valid"]
    with pytest.raises(errors.UsageError, match="has 2 valid certificates already"):
        issue(office, soft, token)
    third = issue(office, soft, token, replace=True)
    assert {one.serial for one in third.revoked} == {first.serial, second.serial}
    assert [one.state(office.now) for one in office.issued] == ["revoked", "revoked", "valid"]
    seen = objects(soft, "staff-1")
    assert third.issued.object_id in seen
    assert first.object_id not in seen


def test_somebody_elses_token_is_refused(office: vpn.Office, soft: vpn.SoftTokens) -> None:
    token = soft.add("staff-1")
    issue(office, soft, token)
    with pytest.raises(errors.UsageError, match=r"the token is li.wei's"):
        issuing.on_token(office.desk, vpn.WANG, reader=soft.reader, token=token, pin=vpn.PIN)


def test_a_second_token_needs_replace(office: vpn.Office, soft: vpn.SoftTokens) -> None:
    issue(office, soft, soft.add("staff-1"))
    other = soft.add("staff-2")
    with pytest.raises(errors.UsageError, match="on another token"):
        issue(office, soft, other)
    assert len(issue(office, soft, other, replace=True).revoked) == 1


def test_the_token_is_chosen_by_name_and_never_guessed(soft: vpn.SoftTokens) -> None:
    with pytest.raises(errors.UsageError, match="there is no token"):
        soft.reader.choose(None)
    soft.add("staff-1")
    assert soft.reader.choose(None).label == "staff-1"
    soft.add("staff-2")
    with pytest.raises(errors.UsageError, match="several tokens"):
        soft.reader.choose(None)
    with pytest.raises(errors.UsageError, match="no token 'staff-3'") as caught:
        soft.reader.choose("staff-3")
    assert "'staff-1'" in str(caught.value.cause)


def test_a_token_that_does_not_take_the_certificate_leaves_a_revoked_one(
    office: vpn.Office, soft: vpn.SoftTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = soft.add("staff-1")

    def full(*_: object, **__: object) -> None:
        raise tokens.refusal("full", module=soft.module, token=token)

    monkeypatch.setattr(tokens.Reader, "install", full)
    with pytest.raises(errors.GovcloudError, match="the token is full"):
        issue(office, soft, token)
    assert [(one.state(office.now), one.reason) for one in office.issued] == [("revoked", "unfinished")]
    assert objects(soft, "staff-1") == ""


def test_what_a_kill_left_on_token_and_register_is_cleared_by_the_next_one(
    office: vpn.Office, soft: vpn.SoftTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = soft.add("staff-1")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tokens.Reader, "install", killed)
        with pytest.raises(KeyboardInterrupt):
            issue(office, soft, token)
    orphan = office.issued[0].object_id
    assert orphan in objects(soft, "staff-1")
    again = issue(office, soft, token).issued
    assert [one.state(office.now) for one in office.issued] == ["revoked", "valid"]
    seen = objects(soft, "staff-1")
    assert again.object_id in seen
    assert orphan not in seen


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("int C_GetFunctionList(void *p) { return *(volatile int *)0; }", "the PKCS#11 module crashed"),
        ("int C_GetFunctionList(void *p) { for (;;) pause(); }", "does not answer"),
        ("int nothing;", "cannot be loaded"),
    ],
    ids=["crashes", "hangs", "is none"],
)
def test_a_vendors_module_that_fails_does_not_take_us_with_it(
    tmp_path: pathlib.Path, source: str, message: str
) -> None:
    (tmp_path / "module.c").write_text(f"#include <unistd.h>\n{source}\n")
    module = tmp_path / "module.so"
    process.run(["cc", "-shared", "-fPIC", "-w", "-o", str(module), str(tmp_path / "module.c")])
    with pytest.raises(errors.GovcloudError, match=message):
        tokens.Reader(module=str(module), timeout=3).choose(None)
