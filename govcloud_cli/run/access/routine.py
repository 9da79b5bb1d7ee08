"""Collects what a side has to tell: by `audit collect`, and at the end of what changes the platform anyway."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.model import platforms
from govcloud_cli.plan import administration, identity_places, plans
from govcloud_cli.run import progress, reach, sites
from govcloud_cli.run.access import collecting, days
from govcloud_cli.run.audit import places, reading, writing


def sources(site: sites.Site, side: plans.SidePlan) -> tuple[collecting.Source, ...]:
    """The gateways and identity services of a side."""
    folder, way = site.space.side(side.side), reach.of(side)
    found: list[collecting.Source] = []
    for machine in site.spec.platform.spec.machines:
        if site.spec.side_of(machine) is not side.side:
            continue
        if platforms.Service.SSLVPN in machine.services:
            found.append(collecting.Gateway(machine=machine.id, folder=folder, way=way))
        if platforms.Service.IDENTITY in machine.services:
            url = f"https://{administration.reached_at(machine)}:{identity_places.ADMIN_PORT}"
            found.append(collecting.Identity(url=url, folder=folder, way=way))
    return tuple(found)


def collect(
    site: sites.Site, side: plans.SidePlan, *, clock: Callable[[], datetime.datetime], environ: Mapping[str, str]
) -> collecting.Collected | None:
    """Take what a side's sources have; None if it has none. Raises `errors.GovcloudError` if it cannot be kept."""
    asked = sources(site, side)
    if not asked:
        return None
    opened, actor = writing.opened(site, side.side, now=clock()), writing.actor(site, environ)

    def record(details: dict[str, Any]) -> chain.Record:
        return opened.append(actor=actor, action=chain.Action.ACCESS_COLLECTED, now=clock(), details=details)

    def recorded(details: dict[str, Any]) -> bool:
        return days.is_recorded(details, held(site, side.side))

    return collecting.collect(site.space.side(side.side), asked, record=record, recorded=recorded, clock=clock)


def follow(
    site: sites.Site,
    plan: plans.Plan,
    journal: progress.Journal,
    *,
    clock: Callable[[], datetime.datetime],
    environ: Mapping[str, str],
) -> None:
    """Collect as a run's last step. What cannot be had is told and fails nothing: the next collection has it."""
    for side in plan.sides:
        if not sources(site, side):
            continue
        with journal.step(f"{side.side.value}/access") as step:
            try:
                found = collect(site, side, clock=clock, environ=environ)
            except errors.GovcloudError as error:
                step.note = f"not collected: {error.message}"
                continue
            told = [f"{found.events if found else 0} access events taken into the audit"]
            told += [*found.gaps, *found.failures] if found else []
            step.note = "; ".join(told)


def held_by(found: reading.Reading) -> tuple[days.Held, ...]:
    """The records of a log that hold daily files; reads it to its end. One that is not right holds nothing."""
    return tuple(
        days.Held(number=record.entry.number, details=record.entry.details)
        for record, right in found.records()
        if right and record.entry.action == chain.Action.ACCESS_COLLECTED.value
    )


def held(site: sites.Site, side: platforms.Side) -> tuple[days.Held, ...]:
    """Likewise of a side's own log; nothing if it has none."""
    found = reading.of_side(places.of_site(site, side), environment=site.spec.environment, side=side.value)
    return () if found is None else held_by(found)
