"""Ends people's access from outside: certificates revoked, the list published, live tunnels cut, all of it audited."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Sequence

from govcloud_cli.governance import chain
from govcloud_cli.run import workspace
from govcloud_cli.run.vpn import desk, gateway, register


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cut:
    """What was ended."""

    revoked: tuple[register.Issued, ...]
    disconnected: tuple[str, ...]
    """People who had a tunnel."""


def cut(office: desk.Desk, way: gateway.Gateway, people: Sequence[str], *, reason: str = "left", note: str = "") -> Cut:
    """End every certificate and tunnel of `people`. `reason`: one of `register.REASONS`.

    May be called again, and has to be if it raised: what is revoked stays so, list and tunnels are seen to each time.
    Raises `errors.GovcloudError` if the gateway did not take it; then the certificates are revoked here all the same.
    """
    gone = frozenset(people)
    return _end(office, way, lambda one: one.person in gone, sorted(gone), reason=reason, note=note)


def cut_serial(office: desk.Desk, way: gateway.Gateway, serial: str, *, reason: str, note: str = "") -> Cut:
    """End one certificate, and its holder's tunnel. Raises as `cut`; an unknown serial ends nothing."""
    found = [one.person for one in register.read(register.path_of(office.folder)) if one.serial == serial]
    return _end(office, way, lambda one: one.serial == serial, found, reason=reason, note=note)


def holders(folder: workspace.SideFolder, *, now: datetime.datetime) -> frozenset[str]:
    """People whose certificate the gateway would let in: whoever of them has left is to be cut off."""
    return frozenset(one.person for one in register.read(register.path_of(folder)) if one.counts(now))


def publish(
    office: desk.Desk, way: gateway.Gateway, people: Sequence[str] = (), *, forget: Sequence[str] = ()
) -> tuple[str, ...]:
    """Have the gateway use the newest list and end the tunnels of `people`; return who had one. Audited.

    `forget`: whom it is not to let in again until its role says so.
    """
    ended = way.publish(disconnect=people, forget=forget)
    told = {"gateway": way.machine, "disconnected": list(ended), "asked": list(people)}
    office.note(chain.Action.VPN_PUBLISHED, told)
    return ended


def _end(
    office: desk.Desk,
    way: gateway.Gateway,
    wanted: Callable[[register.Issued], bool],
    people: Sequence[str],
    *,
    reason: str,
    note: str,
) -> Cut:
    with register.opened(office.folder) as book:
        now = office.clock()
        found = tuple(one for one in book.read() if wanted(one) and one.counts(now))
        office.revoke(book, found, reason=reason, note=note)
        office.settle(book)
        office.refresh(book, anew=bool(found))
    return Cut(revoked=found, disconnected=publish(office, way, people))
