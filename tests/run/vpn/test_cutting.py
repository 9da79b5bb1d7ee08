"""Ending access, with a program in place of `ssh` that runs the gateway's script here, and one in place of `occtl`."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.run import machines, reach
from govcloud_cli.run.vpn import authority, crl, cutting, gateway, issuing
from tests.support import gateways, vpn


@pytest.fixture
def office(tmp_path: pathlib.Path) -> vpn.Office:
    made = vpn.office(tmp_path)
    issuing.by_request(made.desk, vpn.LI, vpn.request())
    issuing.by_request(made.desk, vpn.WANG, vpn.request())
    made.notes.clear()
    made.folder.ssh.mkdir()
    (made.folder.ssh / "config").write_text("")
    return made


@pytest.fixture
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> gateways.Machine:
    return gateways.Machine(tmp_path / "gateway", monkeypatch)


def way(office: vpn.Office) -> gateway.Gateway:
    return gateway.Gateway(machine="gateway", folder=office.folder, way=reach.Reach(namespace=None))


def test_a_leaver_is_revoked_published_and_cut_off_in_this_order(office: vpn.Office, machine: gateways.Machine) -> None:
    machine.connect([gateways.LI_CONNECTED])
    cut = cutting.cut(office.desk, way(office), ["li.wei"])
    assert [one.person for one in cut.revoked] == ["li.wei"]
    assert cut.disconnected == ("li.wei",)
    assert office.actions == ["vpn-revoked", "vpn-published"]
    assert [one.state(office.now) for one in office.issued] == ["revoked", "valid"]
    published = machine.place / "vpn-ca.crl"
    assert published.read_bytes() == crl.path_of(office.folder).read_bytes()
    assert published.stat().st_mode & 0o777 == 0o640
    assert (machine.place / "vpn-ca.crt").read_bytes() == authority.bundle(office.folder).read_bytes()
    reload = machine.calls.index("systemctl reload ocserv.service")
    assert reload < machine.calls.index("occtl disconnect user li.wei"), "he must not come in again between the two"


def test_again_it_revokes_nothing_more_and_still_publishes(office: vpn.Office, machine: gateways.Machine) -> None:
    cutting.cut(office.desk, way(office), ["li.wei"])
    before = len(machine.calls)
    again = cutting.cut(office.desk, way(office), ["li.wei"])
    assert (again.revoked, again.disconnected) == ((), ())
    assert machine.calls[before:].count("systemctl reload ocserv.service") == 1


def test_one_who_never_had_a_certificate_is_cut_off_too(office: vpn.Office, machine: gateways.Machine) -> None:
    assert cutting.cut(office.desk, way(office), ["zhao"]).revoked == ()
    assert "occtl disconnect user zhao" in machine.calls


def test_one_serial_ends_that_certificate_and_its_holders_tunnel(office: vpn.Office, machine: gateways.Machine) -> None:
    machine.connect([gateways.LI_CONNECTED])
    serial = office.issued[0].serial
    cut = cutting.cut_serial(office.desk, way(office), serial, reason="lost", note="taxi")
    assert [one.serial for one in cut.revoked] == [serial]
    assert cut.disconnected == ("li.wei",)


@pytest.mark.parametrize("fault", ["reload-fails", "stays"])
def test_a_gateway_that_does_not_do_it_is_an_error_and_the_revocation_holds(
    office: vpn.Office, machine: gateways.Machine, fault: str
) -> None:
    machine.connect([gateways.LI_CONNECTED])
    (machine.place / fault).touch()
    with pytest.raises(errors.GovcloudError, match="did not do what it was asked"):
        cutting.cut(office.desk, way(office), ["li.wei"])
    assert office.actions == ["vpn-revoked"]
    assert office.issued[0].revoked_at is not None
    (machine.place / fault).unlink()
    assert cutting.cut(office.desk, way(office), ["li.wei"]).disconnected == ("li.wei",)


def test_who_publishes_at_the_same_time_does_not_bring_an_older_list_back(
    office: vpn.Office, machine: gateways.Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = machines.run_script
    late: list[str] = []

    def slowly(*asked: Any, **options: Any) -> Any:
        if not late:
            late.append("what is asked now was read before somebody else revoked and published")
            cutting.cut(office.desk, way(office), ["wang.fang"])
        return whole(*asked, **options)

    monkeypatch.setattr(machines, "run_script", slowly)
    cutting.cut(office.desk, way(office), ["li.wei"])
    assert [one.state(office.now) for one in office.issued] == ["revoked", "revoked"]
    assert (machine.place / "vpn-ca.crl").read_bytes() == crl.path_of(office.folder).read_bytes()


def test_who_is_to_be_shut_out_is_so_though_the_gateway_does_not_reload(
    office: vpn.Office, machine: gateways.Machine
) -> None:
    file = pathlib.Path(gateway.PEOPLE_PATH) / "li.wei"
    file.touch()
    (machine.place / "reload-fails").touch()
    with pytest.raises(errors.GovcloudError, match="did not do what it was asked"):
        way(office).publish(forget=["li.wei"])
    assert not file.exists()


def test_sessions_are_told_with_who_where_and_how_much(office: vpn.Office, machine: gateways.Machine) -> None:
    assert way(office).sessions() == ()
    machine.connect([gateways.LI_CONNECTED])
    (found,) = way(office).sessions()
    assert (found.person, found.address, found.lease, found.bytes_in) == ("li.wei", "203.0.113.9", "10.21.0.5", 120)
    assert found.since == "2026-11-22T07:59:00Z"


def test_what_a_gateway_tells_strangely_is_empty_and_no_error() -> None:
    found = gateway.session({"Username": None, "RX": "many", "Connected at": "x"})
    assert (found.bytes_in, found.since) == (0, "")


def test_a_sync_asks_who_has_a_certificate_that_counts(office: vpn.Office, machine: gateways.Machine) -> None:
    assert cutting.holders(office.folder, now=vpn.START) == {"li.wei", "wang.fang"}
    cutting.cut(office.desk, way(office), ["li.wei"])
    assert cutting.holders(office.folder, now=vpn.START) == {"wang.fang"}
