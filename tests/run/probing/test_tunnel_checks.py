"""When a refusal is a ban, and that a gateway which cannot be asked proves nothing."""

from __future__ import annotations

import pathlib
import types
from typing import Any

import pytest
from cryptography import x509

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import probes
from govcloud_cli.run import reach, workspace
from govcloud_cli.run.people import places
from govcloud_cli.run.probing import tunnel_checks
from govcloud_cli.run.vpn import desk, register
from tests.support import gateways, inventories, vpn

HERE = reach.Reach(namespace=None)
PERSON = "govcloud-probe-staff"
SPRAYING = "tunnel/internet-client/staff/password-spraying"


def external() -> Any:
    return next(side for side in inventories.plan(inventories.lab()).sides if side.side is platforms.Side.EXTERNAL)


def own() -> list[probes.Probe]:
    return [probe for probe in external().probes if probe.kind is probes.Kind.TUNNEL]


@pytest.mark.parametrize(
    ("seen", "reasons", "outcome"),
    [
        ("forbidden", ["wrong", "banned: 9 failed attempts from this address"], "forbidden"),
        ("forbidden", ["wrong"], "error: refused, but not banned"),
        ("allowed", ["banned: by mistake"], "allowed"),
    ],
)
def test_a_refusal_is_a_ban_only_if_the_gateway_calls_it_one(seen: str, reasons: list[str], outcome: str) -> None:
    assert tunnel_checks.judged(own(), "staff", {SPRAYING: seen}, reasons)[SPRAYING] == outcome


def test_what_cannot_be_made_is_told_of_every_probe(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    def dead(_: places.Place) -> Any:
        raise errors.GovcloudError("the identity service does not answer", cause="refused")

    monkeypatch.setattr(places.Place, "opened", dead)
    monkeypatch.setattr(desk, "of_site", lambda *_, **__: types.SimpleNamespace(folder=tmp_path))
    site: Any = None
    ((asked, make),) = tunnel_checks.jobs(site, external(), HERE)
    assert set(make().values()) == {"error: the identity service does not answer: refused"}
    assert {probe.id for probe in asked} == set(make())


def test_a_side_without_a_gateway_is_asked_nothing() -> None:
    site: Any = None
    (internal,) = [side for side in inventories.plan(inventories.lab()).sides if side.side is platforms.Side.INTERNAL]
    assert list(tunnel_checks.jobs(site, internal, HERE)) == []


@pytest.mark.parametrize("fails", [False, True])
def test_whatever_happens_no_certificate_counts_afterwards(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    office, machine = vpn.office(tmp_path), gateways.Machine(tmp_path / "gateway", monkeypatch)
    office.desk.prepare()
    (workspace.make_folder(office.folder.ssh) / "config").touch()
    machine.connect([{**gateways.LI_CONNECTED, "Username": PERSON}])

    def counting() -> list[str]:
        return [one.person for one in register.read(register.path_of(office.folder)) if one.counts(office.now)]

    def listed() -> int:
        """How many certificates the gateway refuses."""
        return len(x509.load_pem_x509_crl((machine.place / "vpn-ca.crl").read_bytes()))

    try:
        with tunnel_checks._registered(office.desk, vpn.no_gateway(office), [PERSON]):
            assert (counting(), listed()) == ([PERSON], 1), "one of the two is revoked from the start"
            if fails:
                raise RuntimeError("a probe")
    except RuntimeError:
        assert fails
    assert (counting(), listed()) == ([], 2)
    assert f"occtl disconnect user {PERSON}" in machine.calls
