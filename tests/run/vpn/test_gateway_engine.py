"""Certificates on a software token beside a real ocserv and openconnect, with the files that `profile` writes."""

from __future__ import annotations

import datetime
import json
import pathlib
import time
from collections.abc import Iterator

import pytest

from govcloud_cli.run.remote import vpn_gateway
from govcloud_cli.run.vpn import gateway as run_gateway
from govcloud_cli.run.vpn import issuing, profile, register
from tests.support import ocserv, vpn

pytestmark = pytest.mark.engine


@pytest.fixture
def soft(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> vpn.SoftTokens:
    return vpn.tokens_in(tmp_path / "soft", monkeypatch)


@pytest.fixture
def office(tmp_path: pathlib.Path) -> vpn.Office:
    made = vpn.office(tmp_path)
    made.now = datetime.datetime.now(datetime.UTC)
    made.desk.prepare()
    return made


@pytest.fixture
def gateway(office: vpn.Office) -> Iterator[ocserv.Gateway]:
    with ocserv.running(office) as running:
        yield running


def client(gateway: ocserv.Gateway, issued: register.Issued, name: str) -> pathlib.Path:
    """The folder of a client's files."""
    folder = gateway.folder / name
    folder.mkdir()
    server_ca = (gateway.folder / "server-ca.crt").read_text()
    for file, text in profile.of(vpn.PLAN, issued, server_ca=server_ca).files.items():
        (folder / file).write_text(text)
    return folder


def test_a_token_opens_the_tunnel_until_it_is_revoked_and_a_rotation_cuts_nobody_off(
    office: vpn.Office, soft: vpn.SoftTokens, gateway: ocserv.Gateway
) -> None:
    first = issuing.on_token(office.desk, vpn.LI, reader=soft.reader, token=soft.add("staff-1"), pin=vpn.PIN).issued
    old = client(gateway, first, "old")
    assert "COOKIE=" in gateway.log_in(old).stdout
    assert "COOKIE=" not in gateway.log_in(old, pin="000000").stdout

    with gateway.connected(old):
        (told,) = json.loads(gateway.occtl("--json", "show", "users"))
        session = run_gateway.session(told)
        assert (session.person, session.address, session.lease[:8]) == ("li.wei", "127.0.0.1", "10.21.0.")
        assert abs((datetime.datetime.fromisoformat(session.since) - office.now).total_seconds()) < 120

        office.now += datetime.timedelta(seconds=1)
        office.desk.prepare(rotate=True)
        gateway.publish()
        assert "li.wei" in gateway.occtl("--json", "show", "users"), "the tunnel stays"

        order = {"socket": str(gateway.folder / "occtl"), "disconnect": ["li.wei", "nobody"], "sessions": True}
        answer = vpn_gateway.main(order)
        assert (answer["disconnected"], answer["sessions"]) == (["li.wei"], []), "until it is cut"
    second = issuing.on_token(office.desk, vpn.WANG, reader=soft.reader, token=soft.add("staff-2"), pin=vpn.PIN).issued
    assert second.issuer != first.issuer
    new = client(gateway, second, "new")
    assert "COOKIE=" in gateway.log_in(new).stdout, "the new authority is trusted"
    assert "COOKIE=" in gateway.log_in(old).stdout, "and the old one still"

    for issued, revoked, other in ((first, old, new), (second, new, None)):
        time.sleep(2)
        with register.opened(office.folder) as book:
            office.desk.revoke(book, (issued,), reason="lost", note="")
            office.desk.refresh(book)
        gateway.publish()
        assert "COOKIE=" not in gateway.log_in(revoked).stdout, "each authority's list counts"
        assert other is None or "COOKIE=" in gateway.log_in(other).stdout
