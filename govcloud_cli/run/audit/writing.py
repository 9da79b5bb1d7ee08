"""A side's own log, opened to be written, and who is said to have acted."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING

from govcloud_cli.governance import chain
from govcloud_cli.run import identity
from govcloud_cli.run.audit import log, places

if TYPE_CHECKING:
    from govcloud_cli.model import platforms
    from govcloud_cli.run import sites


def opened(site: sites.Site, side: platforms.Side, *, now: datetime.datetime) -> log.Log:
    """A side's log. Raises `errors.GovcloudError` for one that was cut, replaced or cannot be written."""
    folder, environment = site.space.side(side), site.spec.environment
    return log.Log.open(folder, environment=environment, copy_to=places.second_place_of(site), now=now)


def actor(site: sites.Site, environ: Mapping[str, str]) -> chain.Actor:
    """Who runs this: a person of `people.yaml` if one is known, else the account."""
    person, source = identity.name(site.spec.people, environ)
    return chain.Actor(person=person, source=chain.Source(source.value).value)
