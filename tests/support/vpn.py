"""An office that issues VPN certificates, in a folder of the test's, and software tokens (SoftHSM2) to issue to."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from govcloud_cli.commands import runs
from govcloud_cli.commands.vpn import offices
from govcloud_cli.governance import chain
from govcloud_cli.model import people, platforms
from govcloud_cli.plan import vpn as plan_vpn
from govcloud_cli.run import reach, sites, workspace
from govcloud_cli.run.vpn import certificates, desk, gateway, register, tokens
from tests.support import inventories, soft_tokens

START = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.UTC)
LI = certificates.Holder(person="li.wei", display_name="李薇", organisation="finance-bureau")
WANG = certificates.Holder(person="wang.fang", display_name="王芳", organisation="tax-bureau")
PIN = "246810"
PLAN = plan_vpn.VpnPlan(
    machine="gateway",
    address="10.30.0.22",
    address6="fd30::22",
    groups=(plan_vpn.Group(id="staff", pool="10.21.0.0/24", pool6="fd21::/112", routes=(), dns=()),),
    members=(plan_vpn.Member(person="li.wei", group="staff"),),
)
"""The lab's gateway, and whom it lets in."""


@dataclasses.dataclass
class Office:
    """A desk whose clock stands until it is set, and whose audit log is a list."""

    folder: workspace.SideFolder
    now: datetime.datetime = START
    notes: list[tuple[str, Mapping[str, Any]]] = dataclasses.field(default_factory=list)
    environ: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def desk(self) -> desk.Desk:
        """The desk itself."""

        def note(action: chain.Action, details: Mapping[str, Any]) -> None:
            self.notes.append((action.value, details))

        return desk.Desk(folder=self.folder, environ=self.environ, clock=lambda: self.now, note=note)

    @property
    def issued(self) -> tuple[register.Issued, ...]:
        """What the register holds."""
        return register.read(register.path_of(self.folder))

    @property
    def actions(self) -> list[str]:
        """What was recorded."""
        return [action for action, _ in self.notes]


def office(tmp_path: pathlib.Path) -> Office:
    """An office with an empty folder."""
    path = tmp_path / ".govcloud" / "lab" / "external"
    return Office(folder=workspace.SideFolder(path=path, side=platforms.Side.EXTERNAL))


def request(key: ec.EllipticCurvePrivateKey | None = None, subject: x509.Name | None = None) -> bytes:
    """A certificate request as a token office would send one."""
    made = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject or x509.Name([]))
    return builder.sign(made, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclasses.dataclass(frozen=True)
class SoftTokens:
    """Software tokens in a folder of the test's."""

    module: str
    configuration: pathlib.Path

    @property
    def reader(self) -> tokens.Reader:
        """Who reads them."""
        return tokens.Reader(module=self.module, timeout=60)

    def add(self, label: str, pin: str = PIN) -> tokens.Token:
        """A new token."""
        soft_tokens.add(self.configuration, label, pin)
        return self.reader.choose(label)


def tokens_in(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> SoftTokens:
    """No tokens yet, at our own `SOFTHSM2_CONF`."""
    made = SoftTokens(module=soft_tokens.module(), configuration=soft_tokens.configure(folder))
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.configuration))
    return made


def no_gateway(made: Office) -> gateway.Gateway:
    """A gateway that was never deployed."""
    return gateway.Gateway(machine="gateway", folder=made.folder, way=reach.Reach(namespace=None))


def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> offices.Place:
    """The lab with a gateway and two people, as the verbs see it; its clock stands at `START`."""
    told = [
        {"id": "li.wei", "displayName": "李薇", "organisation": "finance-bureau"},
        {"id": "wang.fang", "displayName": "王芳", "organisation": "tax-bureau", "leavesOn": "2026-11-20"},
        {"id": "zhao", "displayName": "赵", "organisation": "elsewhere"},
        {"id": "guest", "displayName": "客"},
    ]
    known = tuple(people.Person.model_validate_json(json.dumps(one)) for one in told)
    spec = dataclasses.replace(inventories.lab(), people=known)
    space = workspace.Workspace(path=tmp_path / ".govcloud" / "lab")
    site = sites.Site(spec=spec, space=space, sides=(platforms.Side.EXTERNAL,))
    side = next(one for one in inventories.plan(inventories.lab()).sides if one.side is platforms.Side.EXTERNAL)
    found = offices.Place(site=site, side=dataclasses.replace(side, network=None, vpn=PLAN), plan=PLAN)
    workspace.make_folder(found.folder.ssh)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(offices, "find", lambda _: found)
    monkeypatch.setattr(runs, "now", lambda: START)
    return found
