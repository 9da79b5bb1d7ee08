"""What a deploy would do about people, asked of the realm and changing nothing."""

from __future__ import annotations

import dataclasses
import datetime

from govcloud_cli import errors
from govcloud_cli.governance import people_changes, people_comparing
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans
from govcloud_cli.plan import rotations as planned_rotations
from govcloud_cli.run import applied, rotations, sites
from govcloud_cli.run.people import places, rotating
from govcloud_cli.run.people import side as people_side

PATIENCE = 10.0
"""Seconds for a realm that does not answer: whoever looks goes on without it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Foreseen:
    """One side's people."""

    side: platforms.Side
    changes: people_changes.Changes = dataclasses.field(default_factory=people_changes.Changes)
    withdrawn: tuple[str, ...] = ()
    """Tenants whose secrets change because their file lets fewer groups read them."""
    unread: str = ""
    """Why nobody can say what would be done."""


def foresee(site: sites.Site, plan: plans.Plan, *, today: datetime.date) -> dict[platforms.Side, Foreseen]:
    """What would be done on each side with an identity service. Before the realm is made nobody is in it."""
    return {
        place.side: dataclasses.replace(_side(place, today), withdrawn=_withdrawn(place))
        for place in places.within(site, plan)
    }


def turned(side: plans.SidePlan, site: sites.Site, changes: people_changes.Changes) -> plans.SidePlan:
    """`side` with the generations that its leavers' secrets get before the steps run."""
    record = rotations.load(site.space.side(side.side))
    for leave in changes.leaves:
        record = record.bumped(leave.person, leave.rotate)
    return planned_rotations.turned(side, record.generations)


def _withdrawn(place: places.Place) -> tuple[str, ...]:
    known = {*rotations.load(place.folder).owed, *people_comparing.withdrawn(place.applied, place.tenants)}
    return tuple(sorted(known & {one.metadata.id for one in place.tenants}))


def _side(place: places.Place, today: datetime.date) -> Foreseen:
    coming = [group.name for group in place.identity.groups]
    if not applied.load(place.folder).entries.get(rotating.IDENTITY):
        known = place.site.spec.people
        found = people_comparing.changes(known, (), offered=coming, everyone=place.tenants, today=today)
        return Foreseen(side=place.side, changes=found)
    try:
        with place.opened(patience=PATIENCE) as api:
            seen = people_side.look_at(place, api, today=today, coming=coming)
    except errors.GovcloudError as error:
        return Foreseen(side=place.side, unread=": ".join(filter(None, (error.message, error.cause))))
    return Foreseen(side=place.side, changes=seen.changes)
