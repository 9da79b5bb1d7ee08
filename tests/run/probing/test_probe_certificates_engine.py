"""What the cookie of a log-in is bound to, on a real ocserv."""

from __future__ import annotations

import datetime
import os
import pathlib
import re
from collections.abc import Iterator

import pytest

from govcloud_cli.run import process
from govcloud_cli.run.probing import probe_certificates
from govcloud_cli.run.vpn import authority
from tests.support import ocserv, vpn

pytestmark = pytest.mark.engine


@pytest.fixture
def gateway(tmp_path: pathlib.Path) -> Iterator[ocserv.Gateway]:
    office = vpn.office(tmp_path)
    office.now = datetime.datetime.now(datetime.UTC)
    office.desk.prepare()
    with ocserv.running(office) as running:
        for name in ("li.wei", "wang.fang"):
            file = tmp_path / f"{name}.pem"
            file.write_text(signer(office).person(name).pem)
            file.chmod(0o600)
        yield running


def signer(office: vpn.Office) -> probe_certificates.Signer:
    issuer = authority.load(office.folder, now=office.now)[0]
    key = issuer.key(authority.passphrase(office.folder, os.environ))
    return probe_certificates.Signer(certificate=issuer.certificate, key=key, now=office.now)


def openconnect(gateway: ocserv.Gateway, certificate: pathlib.Path | None, *more: str) -> list[str]:
    trusted = f"--cafile={gateway.folder / 'server-ca.crt'}"
    fixed = ["openconnect", "--non-inter", "--no-system-trust", "--no-dtls", trusted]
    own = [] if certificate is None else [f"--certificate={certificate}"]
    return gateway.inside("timeout", "5", *fixed, *own, *more, f"https://127.0.0.1:{ocserv.PORT}/")


def test_ocserv_itself_takes_a_fresh_cookie_with_any_good_certificate_and_with_none_it_does_not(
    gateway: ocserv.Gateway, tmp_path: pathlib.Path
) -> None:
    """Not what we want: what bounds it is in docs/vpn.md, and an ocserv that refuses it turns this red."""
    own, others = tmp_path / "li.wei.pem", tmp_path / "wang.fang.pem"
    done = process.run(openconnect(gateway, own, "--authenticate"), check=False)
    found = re.search(r"^COOKIE='?([^'\n]+)", done.stdout, re.MULTILINE)
    assert found is not None, done.stderr
    up = {}
    for name, certificate in (("none", None), ("another's", others)):
        argv = openconnect(gateway, certificate, "--cookie-on-stdin", "--script=/bin/true")
        told = process.run(argv, stdin=found.group(1) + "\n", check=False, timeout=30)
        up[name] = "Configured as" in told.stdout
    assert up == {"none": False, "another's": True}
