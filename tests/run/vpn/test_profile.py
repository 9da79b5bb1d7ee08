from __future__ import annotations

import dataclasses
import pathlib
import xml.etree.ElementTree as ET

import hypothesis
from hypothesis import strategies as st

from govcloud_cli.run import process
from govcloud_cli.run.vpn import profile, register
from tests.run.vpn.test_register import issued
from tests.support import vpn


def made(certificate: register.Issued) -> dict[str, str]:
    return profile.of(vpn.PLAN, certificate, server_ca="-----BEGIN CERTIFICATE-----\n").files


def test_the_key_is_named_by_token_serial_and_id() -> None:
    url = profile.pkcs11_url(issued("aa", object_id="01ff", token="staff 1", token_serial="7;7"))
    assert url == "pkcs11:token=staff%201;serial=7%3B7;id=%01%ff"
    text = made(issued("aa"))["openconnect.conf"]
    assert "certificate=pkcs11:token=staff-1;serial=77;id=%01;type=cert\n" in text
    assert "pin" not in text


def test_only_the_gateways_own_authority_is_trusted() -> None:
    assert "cafile=server-ca.crt\nno-system-trust\n" in made(issued("aa"))["openconnect.conf"]


@hypothesis.given(st.text(min_size=1, max_size=32))
def test_a_token_called_anything_stays_one_line_and_one_attribute(label: str) -> None:
    clean = label.encode("utf-8", "ignore").decode()
    text = made(issued("aa", token=clean))["openconnect.conf"]
    assert len(text.split("\n")) == 8
    assert text.isascii()
    assert text.count(";id=") == 2


def test_the_anyconnect_profile_is_xml_whatever_the_organisation_is_called() -> None:
    root = ET.fromstring(made(dataclasses.replace(issued("aa"), organisation="a<b>&c"))["anyconnect.xml"])
    space = "{http://schemas.xmlsoap.org/encoding/}"
    assert root.findtext(f".//{space}HostName") == "GovCloud a<b>&c"
    assert root.findtext(f".//{space}HostAddress") == "10.30.0.22:443"


def test_the_script_is_one(tmp_path: pathlib.Path) -> None:
    script = tmp_path / "connect.sh"
    script.write_text(made(issued("aa"))["connect.sh"], encoding="utf-8")
    process.run(["sh", "-n", str(script)])
