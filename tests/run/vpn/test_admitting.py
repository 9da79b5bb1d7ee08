from __future__ import annotations

import pathlib

import pytest

from govcloud_cli import errors
from govcloud_cli.run.vpn import admitting
from tests.support import gateways, vpn


def test_the_file_is_what_the_role_writes() -> None:
    text = admitting.text(vpn.PLAN, "li.wei")
    assert text.startswith("#\n# Ansible managed\n#\nipv4-network = 10.21.0.0/24\nipv6-network = fd21::/112\n")
    assert text.endswith("ipv6-subnet-prefix = 128\n")


def test_who_is_in_no_group_gets_no_file() -> None:
    with pytest.raises(errors.UsageError, match="zhao is in no VPN group"):
        admitting.text(vpn.PLAN, "zhao")


def test_a_gateway_that_is_not_there_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.GovcloudError, match="is not running"):
        admitting.admit(vpn.PLAN, vpn.no_gateway(vpn.office(tmp_path)), "li.wei")


def test_the_gateway_has_the_file_afterwards(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = vpn.place(tmp_path, monkeypatch)
    (place.folder.ssh / "config").write_text("")
    machine = gateways.Machine(tmp_path / "gateway", monkeypatch)
    admitting.admit(place.plan, place.gateway(), "li.wei")
    assert (machine.place / "people" / "li.wei").read_text() == admitting.text(vpn.PLAN, "li.wei")
