"""The token office's verbs as people type them, with a gateway in a folder."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib

import pytest

from govcloud_cli.commands.vpn import offices
from govcloud_cli.governance import chain
from govcloud_cli.run import sites
from govcloud_cli.run.audit import places, reading
from govcloud_cli.run.people import places as identity_places
from tests.support import gateways, inventories, people_service, vpn
from tests.support.command_line import Result, run


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> offices.Place:
    return vpn.place(tmp_path, monkeypatch)


@pytest.fixture
def machine(tmp_path: pathlib.Path, place: offices.Place, monkeypatch: pytest.MonkeyPatch) -> gateways.Machine:
    (place.folder.ssh / "config").write_text("")
    return gateways.Machine(tmp_path / "gateway", monkeypatch)


@pytest.fixture
def request_file(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "li.csr"
    path.write_bytes(vpn.request())
    return str(path)


def issue(request_file: str, *more: str) -> Result:
    return run("vpn", "issue", "--person", "li.wei", "--csr", request_file, *more)


def recorded(place: offices.Place) -> list[str]:
    where = places.of_site(place.site, place.side.side)
    found = reading.of_side(where, environment="lab", side="external")
    assert found is not None
    return [record.entry.action for record, right in found.records() if right]


def test_a_certificate_is_issued_listed_and_revoked_on_record(
    place: offices.Place, machine: gateways.Machine, request_file: str, tmp_path: pathlib.Path
) -> None:
    out = tmp_path / "li.crt"
    result = issue(request_file, "--out", str(out))
    assert result.code == 0, result.stderr
    assert "issued to li.wei (李薇)" in result.stdout
    assert out.read_text().startswith("-----BEGIN CERTIFICATE-----")
    listed = run("vpn", "list")
    assert "li.wei" in listed.stdout
    assert "valid 有效" in listed.stdout
    machine.connect([gateways.LI_CONNECTED])
    connected = run("vpn", "sessions").stdout
    assert "li.wei" in connected
    # As `--json` calls them.
    assert all(f"{name} " in connected.splitlines()[0] for name in ("person", "address", "lease", "since"))
    ended = run("vpn", "revoke", "--person", "li.wei", "--reason", "lost", "--note", "left in a taxi")
    assert ended.code == 0, ended.stderr
    assert "tunnels cut: li.wei" in ended.stdout
    assert run("vpn", "list").stdout == "No such certificates (没有符合条件的证书).\n"
    assert "revoked 已吊销 (lost)" in run("vpn", "list", "--all").stdout
    assert "Nobody is connected" in run("vpn", "sessions").stdout
    actions = [chain.Action.VPN_AUTHORITY_CHANGED, chain.Action.VPN_ISSUED, chain.Action.VPN_REVOKED]
    assert recorded(place) == [*actions, chain.Action.VPN_PUBLISHED]


@pytest.mark.parametrize(
    ("person", "message"),
    [
        ("nobody", "nobody is called 'nobody'"),
        ("wang.fang", "wang.fang has left: the last day was 2026-11-20"),
        ("guest", "guest has no account"),
        ("zhao", "which is in no VPN group"),
    ],
)
def test_who_may_not_come_in_gets_no_certificate(
    place: offices.Place, request_file: str, person: str, message: str
) -> None:
    result = run("vpn", "issue", "--person", person, "--csr", request_file)
    assert result.code == 2
    assert message in result.stderr
    assert not (place.folder.path / "vpn").exists()


@pytest.mark.parametrize(
    ("account", "credentials", "told"),
    [
        (None, (), "li.wei has no account yet"),
        ({}, (), "li.wei has no password and no one-time code yet"),
        ({}, ("password",), "li.wei has no one-time code yet"),
        ({"federationLink": "staff"}, (), "li.wei has no one-time code yet"),
        ({"federationLink": "staff"}, ("otp",), ""),
        ({}, ("password", "otp"), ""),
    ],
)
@pytest.mark.usefixtures("place")
def test_who_cannot_log_in_yet_gets_the_certificate_and_is_told_what_else_it_takes(  # noqa: PLR0917 - fixtures and a case
    machine: gateways.Machine,
    request_file: str,
    monkeypatch: pytest.MonkeyPatch,
    account: dict[str, str] | None,
    credentials: tuple[str, ...],
    told: str,
) -> None:
    # A gateway, so that nothing else is warned of.
    assert machine.place.exists()
    service = people_service.Service([])
    if account is not None:
        service.users[service.add("li.wei")] |= {**account, "credentials": [{"type": one} for one in credentials]}
    monkeypatch.setattr(identity_places.Place, "opened", lambda _, **__: contextlib.nullcontext(service))
    result = issue(request_file)
    assert result.code == 0, result.stderr
    warned = "govcloud people enrol li.wei" in result.stderr
    assert (told in result.stderr, warned) == (True, bool(told))
    assert ("govcloud people sync, then" in result.stderr) == (account is None)


def test_a_certificate_that_cannot_be_written_says_what_becomes_of_it(
    place: offices.Place, machine: gateways.Machine, request_file: str, tmp_path: pathlib.Path
) -> None:
    result = issue(request_file, "--out", str(tmp_path / ("x" * 300)))
    assert result.code == 1
    assert "cannot be written" in result.stderr
    assert "--replace" in result.stderr


@pytest.mark.usefixtures("place")
def test_words_that_contradict_each_other_are_refused(request_file: str) -> None:
    cases = {
        ("issue", "--person", "li.wei", "--out", "x"): "--out goes with --csr",
        ("issue", "--person", "li.wei", "--csr", request_file, "--module", "m.so"): "no --module",
        ("issue", "--person", "li.wei", "--csr", request_file, "--out", "not-there/li.crt"): "not-there is no folder",
        ("revoke", "--reason", "lost"): "either --person or --serial",
        ("revoke", "--reason", "lost", "--person", "li.wei", "--serial", "aa"): "either --person or --serial",
        ("revoke", "--reason", "lost", "--person", "li.wei"): "never had a certificate",
        ("revoke", "--reason", "lost", "--serial", "zz"): "no serial number 'zz'",
        ("revoke", "--reason", "unfinished", "--person", "li.wei"): "",
        ("profile", "--person", "li.wei"): "--token LABEL",
        ("profile", "--person", "li.wei", "--machine", "internet-client"): "--machine internet-client",
        ("rotate",): "there is no authority yet",
    }
    for words, message in cases.items():
        result = run("vpn", *words)
        assert result.code == 2, words
        assert message in result.stderr, words


def test_a_serial_number_may_be_told_by_its_first_digits(
    place: offices.Place, machine: gateways.Machine, request_file: str
) -> None:
    assert place.folder.path.exists()
    serial = issue(request_file, "--json").document["certificate"]["serial"]
    result = run("vpn", "revoke", "--serial", serial[:6].upper(), "--reason", "replaced", "--json")
    assert [one["serial"] for one in result.document["revoked"]] == [serial]
    assert "systemctl reload ocserv.service" in machine.calls


def test_a_profile_is_written_for_the_newest_certificate(
    place: offices.Place, request_file: str, tmp_path: pathlib.Path
) -> None:
    issue(request_file, "--token", "staff-1")
    assert "not made yet" in run("vpn", "profile", "--person", "li.wei").stderr
    (place.folder.pki / "services-ca.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    result = run("vpn", "profile", "--person", "li.wei", "--out", str(tmp_path / "li"))
    assert result.code == 0, result.stderr
    names = {path.name for path in (tmp_path / "li").iterdir()}
    assert names == {"anyconnect.xml", "connect.sh", "openconnect.conf", "server-ca.crt"}
    assert "token=staff-1" in run("vpn", "profile", "--person", "li.wei").stdout


@pytest.mark.usefixtures("place")
def test_the_list_is_published_and_an_authority_rotated(machine: gateways.Machine, request_file: str) -> None:
    issue(request_file)
    assert "published to gateway; valid until 2026-11-29" in run("vpn", "crl").stdout
    result = run("vpn", "rotate")
    assert result.code == 0, result.stderr
    assert "beside 1 older" in result.stdout
    assert (machine.place / "vpn-ca.crt").read_text().count("BEGIN CERTIFICATE") == 2
    assert (machine.place / "vpn-ca.crl").read_text().count("BEGIN X509 CRL") == 2


@pytest.mark.usefixtures("place")
def test_a_gateway_that_is_not_there_is_told_and_the_revocation_holds(request_file: str) -> None:
    issue(request_file)
    result = run("vpn", "revoke", "--person", "li.wei", "--reason", "left")
    assert result.code == 1
    assert "the gateway gateway is not running" in result.stderr
    assert "revoked" in run("vpn", "list", "--all").stdout


@pytest.mark.usefixtures("place")
def test_a_name_in_a_request_or_register_does_not_steer_the_terminal(request_file: str) -> None:
    issue(request_file, "--token", "\x1b[2Jstaff")
    listed = run("vpn", "list").stdout
    assert "\x1b" not in listed
    assert "\\u001b[2Jstaff" in listed.replace("\n", "")


def test_an_environment_without_a_gateway_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = inventories.lab_plan()
    without = dataclasses.replace(whole, sides=tuple(dataclasses.replace(side, vpn=None) for side in whole.sides))
    monkeypatch.setattr(sites, "plan", lambda *_, **__: without)
    result = run("vpn", "list")
    assert result.code == 2
    assert "has no SSL-VPN" in result.stderr
