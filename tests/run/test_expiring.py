from __future__ import annotations

import datetime
import pathlib

from govcloud_cli.model import platforms
from govcloud_cli.run import expiring, pki, workspace
from govcloud_cli.run.pki import model
from govcloud_cli.run.vpn import authority, crl
from tests.support import vpn

START = vpn.START
SERVER = model.CertificateRequest(
    name="sslvpn-gateway", common_name="gateway", dns_names=("gateway",), usages=("server",), ca="services"
)


def folder_of(tmp_path: pathlib.Path) -> workspace.SideFolder:
    folder = workspace.SideFolder(path=tmp_path / "external", side=platforms.Side.EXTERNAL)
    pki.ensure(folder.pki, requests=(SERVER,), now=START)
    return folder


def test_a_side_that_was_never_deployed_has_nothing_that_ends(tmp_path: pathlib.Path) -> None:
    folder = workspace.SideFolder(path=tmp_path / "external", side=platforms.Side.EXTERNAL)
    assert expiring.warnings(folder, now=START) == ()


def test_a_servers_certificate_is_warned_about_thirty_days_ahead_until_a_deploy_renewed_it(
    tmp_path: pathlib.Path,
) -> None:
    folder = folder_of(tmp_path)
    end = START + model.LEAF_LIFETIME
    assert expiring.warnings(folder, now=end - datetime.timedelta(days=31)) == ()
    soon = end - datetime.timedelta(days=29)
    (told,) = expiring.warnings(folder, now=soon)
    assert told == f"the certificate sslvpn-gateway ends on {end:%Y-%m-%d}: run `govcloud deploy`"
    (told,) = expiring.warnings(folder, now=end + datetime.timedelta(days=1))
    assert " ended on " in told
    assert "sslvpn-gateway" in pki.ensure(folder.pki, requests=(SERVER,), now=soon).changed
    assert expiring.warnings(folder, now=soon) == ()


def test_one_that_cannot_be_read_is_told(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path)
    (folder.pki / "sslvpn-gateway.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    assert expiring.warnings(folder, now=START) == (
        "the certificate sslvpn-gateway cannot be read: run `govcloud deploy`",
    )


def test_the_vpns_authority_and_list_are_told_once_and_in_their_own_words(tmp_path: pathlib.Path) -> None:
    folder = folder_of(tmp_path)
    authority.ensure(folder, environ={}, now=START)
    crl.ensure(folder, (), environ={}, now=START)
    (told,) = expiring.warnings(folder, now=START + datetime.timedelta(days=6))
    assert "revocation list ends on" in told
