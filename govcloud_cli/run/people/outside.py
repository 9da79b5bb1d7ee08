"""What people have beside their account: certificates and tunnels of the SSL-VPN, and how these end."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from govcloud_cli.governance import people_changes
from govcloud_cli.plan import vpn
from govcloud_cli.run import ledger
from govcloud_cli.run.people import places, syncing
from govcloud_cli.run.vpn import cutting, desk, gateway


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outside:
    """One side's gateway, as far as people lose what they had there."""

    place: places.Place
    planned: vpn.VpnPlan
    clock: ledger.Clock
    environ: Mapping[str, str]
    deployed: bool
    """Whether the gateway knows by now who belongs to which group; else a mover waits for a deploy to come in again."""

    def leave(self, leaves: Sequence[people_changes.Leave]) -> None:
        """Revoke leavers' certificates and cut their tunnels."""
        office, way = self._office()
        cutting.cut(office, way, [one.person for one in leaves], reason="left")

    def move(self, moves: Sequence[people_changes.Move]) -> None:
        """Cut the tunnels of who goes to another group; who is in none any more loses the certificate too."""
        members = {member.person: member.group for member in self.planned.members}
        out = [one.person for one in moves if one.person not in members]
        other = [one.person for one in moves if one.person in members and self._changes_group(one, members)]
        if out or other:
            office, way = self._office()
            if out:
                cutting.cut(office, way, out, reason="moved")
            if other:
                cutting.publish(office, way, other, forget=() if self.deployed else other)

    def _changes_group(self, move: people_changes.Move, members: Mapping[str, str]) -> bool:
        spec = self.place.site.spec
        before = {vpn.group_of(spec, name) for name in people_changes.organisations(move.removed)}
        return before != {members[move.person]}

    def _office(self) -> tuple[desk.Desk, gateway.Gateway]:
        office = desk.of_site(self.place.site, self.place.side, clock=self.clock, environ=self.environ)
        return office, gateway.of(self.planned, self.place.plan, self.place.folder)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cuts:
    """Everything that ends outside of the identity service."""

    leaves: tuple[syncing.Cut, ...] = ()
    moves: tuple[syncing.MoveCut, ...] = ()


def of(place: places.Place, *, clock: ledger.Clock, environ: Mapping[str, str], deployed: bool = False) -> Cuts:
    """What a side's leavers and movers have; nothing where it has no gateway."""
    planned = place.plan.vpn
    if planned is None:
        return Cuts()
    found = Outside(place=place, planned=planned, clock=clock, environ=environ, deployed=deployed)
    return Cuts(leaves=(found.leave,), moves=(found.move,))
