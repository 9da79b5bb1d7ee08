"""Where certificates are issued and revoked: one side's folder, a clock, and the audit log that is told first."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import vpn
from govcloud_cli.run import sites, workspace
from govcloud_cli.run.audit import writing
from govcloud_cli.run.pki import model
from govcloud_cli.run.vpn import authority, certificates, crl, register

UNFINISHED = datetime.timedelta(minutes=15)
"""After this long a certificate that was registered and not delivered is what a kill left; a token is faster."""

Note = Callable[[chain.Action, Mapping[str, Any]], object]
"""Writes one record; raises `errors.GovcloudError` if it could not be made durable, and then nothing is done."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Desk:
    """One side's office."""

    folder: workspace.SideFolder
    environ: Mapping[str, str]
    clock: Callable[[], datetime.datetime]
    note: Note

    def revoke(self, book: register.Register, found: tuple[register.Issued, ...], *, reason: str, note: str) -> None:
        """Revoke certificates, audited first. The register is locked; the list is made by `crl.ensure`."""
        if not found:
            return
        now = self.clock()
        told = [{"serial": one.serial, "person": one.person, "token": one.token_serial} for one in found]
        self.note(chain.Action.VPN_REVOKED, {"certificates": told, "reason": reason, "note": note})
        book.revoke([one.serial for one in found], reason=reason, note=note, now=now)

    def settle(self, book: register.Register, *, person: str | None = None) -> None:
        """Revoke what was begun and never delivered: long ago, or for `person`, who is issued to now."""
        now = self.clock()
        left = tuple(
            one
            for one in book.read()
            if one.state(now) == "unfinished" and (one.person == person or now - one.not_before > UNFINISHED)
        )
        self.revoke(book, left, reason="unfinished", note="issuing was interrupted")

    def prepare(self, *, anew: bool = False, rotate: bool = False) -> tuple[model.Change, ...]:
        """Have authority and list as they should be, as each deploy does; return what was written."""
        with register.opened(self.folder) as book:
            self.settle(book)
            return self.refresh(book, anew=anew, rotate=rotate)

    def refresh(self, book: register.Register, *, anew: bool = False, rotate: bool = False) -> tuple[model.Change, ...]:
        """As `prepare`, for who holds the register."""
        now = self.clock()
        changes = authority.ensure(self.folder, environ=self.environ, now=now, rotate=rotate)
        if changes:
            there = [one.id for one in authority.load(self.folder, now=now)]
            told = {"authorities": there, "reason": changes[0].reason}
            self.note(chain.Action.VPN_AUTHORITY_CHANGED, told)
        if crl.ensure(self.folder, book.read(), environ=self.environ, now=now, anew=anew):
            changes += (model.Change(name=f"{vpn.AUTHORITY}.crl", reason="it was old, or something was revoked"),)
        return changes


def of_site(
    site: sites.Site, side: platforms.Side, *, clock: Callable[[], datetime.datetime], environ: Mapping[str, str]
) -> Desk:
    """The office of a side, with its audit log. Raises `errors.GovcloudError` for a log that cannot be written."""
    opened, actor = writing.opened(site, side, now=clock()), writing.actor(site, environ)

    def note(action: chain.Action, details: Mapping[str, Any]) -> None:
        opened.append(actor=actor, action=action, now=clock(), details=details)

    return Desk(folder=site.space.side(side), environ=environ, clock=clock, note=note)


def holder(spec: inventory.Inventory, plan: vpn.VpnPlan, person: str, *, today: datetime.date) -> certificates.Holder:
    """The person as a certificate names them. Raises `errors.UsageError` for one who may not have any."""
    found = next((one for one in spec.people if one.id == person), None)
    where = f"people.yaml of environment {spec.environment}"
    if found is None:
        raise errors.UsageError(
            f"nobody is called '{person}'", where=where, remedy="add the person there, then `govcloud people sync`"
        )
    if found.has_left(today):
        raise errors.UsageError(
            f"{person} has left: the last day was {found.leaves_on}",
            where=where,
            remedy="who has come back gets another leavesOn, or none",
        )
    if found.organisation is None:
        raise errors.UsageError(f"{person} has no account", where=where, remedy="name the person's organisation there")
    if not any(member.person == person for member in plan.members):
        raise errors.UsageError(
            f"{person} works at {found.organisation}, which is in no VPN group",
            where="spec.vpn of platform.yaml",
            remedy="name the organisation, or one above it, in a group of spec.vpn",
        )
    return certificates.Holder(
        person=person,
        display_name=found.display_name,
        organisation=found.organisation,
        leaves_on=found.leaves_on,
    )
