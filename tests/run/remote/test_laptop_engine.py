"""The lab's software token, by real SoftHSM2, OpenSC and GnuTLS."""

from __future__ import annotations

import base64
import pathlib
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from govcloud_cli.run.remote import laptop
from tests.support import vpn

pytestmark = pytest.mark.engine

OURS = {"person": "li.wei", "pin": "246810"}


def test_a_key_is_made_there_and_its_certificate_is_put_beside_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vpn.tokens_in(tmp_path / "unused", monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    request = x509.load_pem_x509_csr(laptop.main({"operation": "request", **OURS})["request"].encode())
    assert request.is_signature_valid
    office = vpn.office(tmp_path / "office")
    from govcloud_cli.run.vpn import issuing

    pem = request.public_bytes(serialization.Encoding.PEM)
    result = issuing.by_request(office.desk, vpn.LI, pem, label="li.wei", object_id="01")
    assert (result.issued.token, result.issued.object_id) == ("li.wei", "01")
    der = x509.load_pem_x509_certificate(result.certificate).public_bytes(serialization.Encoding.DER)
    laptop.main({"operation": "install", "certificate": base64.b64encode(der).decode(), **OURS})
    told = laptop.main({"operation": "write", "person": "li.wei", "files": {"connect.sh": "#!/bin/sh\n", "a": "b"}})
    assert told == {"folder": str(tmp_path / "li.wei")}
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "li.wei" / "softhsm2.conf"))
    command = ["pkcs11-tool", f"--module={laptop._MODULE}", "--token-label=li.wei", "--login", "--pin=env:PIN", "-O"]
    monkeypatch.setenv("PIN", OURS["pin"])
    seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "sensitive, always sensitive, never extractable, local" in seen
    assert "Certificate Object" in seen
    assert not (tmp_path / "li.wei" / "token.new").exists()
    assert sorted(path.name for path in (tmp_path / "li.wei").iterdir()) == [
        "a",
        "connect.sh",
        "softhsm2.conf",
        "token",
    ]
