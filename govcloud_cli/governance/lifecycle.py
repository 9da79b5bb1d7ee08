"""How far a tenant's environment is in its life: active, near its end, or frozen.

A freeze is either a file that a person wrote (`freezes/<tenant>.yaml`) or the calendar's, the day after `expiresOn`.
`settled` writes the calendar's into the inventory as freezes like any other: what is planned after it follows from
files alone, and so changes on the day when a phase changes and on no other.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType

from govcloud_cli.model import freezes as freeze_models
from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import tenants

NOTICE_DAYS = 14
"""From so many days before the last day on, an environment's end is announced,"""
WARNING_DAYS = 5
"""and from then on urgently."""

CALENDAR = "govcloud"
"""Stands for the person in a freeze that nobody but the calendar made."""

Place = tuple[str, tenants.EnvironmentName]
"""A tenant's id and one of its environments."""


class Phase(enum.StrEnum):
    """Where an environment is in its life."""

    ACTIVE = "active"
    EXPIRING = "expiring"
    """At most `NOTICE_DAYS` are left."""
    FROZEN = "frozen"
    """No new pods, network closed, no log-in to databases; all data is kept."""


class Level(enum.StrEnum):
    """How urgent a notice is."""

    NOTICE = "notice"
    WARNING = "warning"


@dataclasses.dataclass(frozen=True, kw_only=True)
class State:
    """One environment's phase, and why."""

    phase: Phase
    days_left: int | None
    """Whole days after today until its last day: 0 on that day, negative when it is over; None if it never ends."""
    reason: str = ""
    """Why it is frozen; empty otherwise."""

    @property
    def is_over(self) -> bool:
        """Whether its last day is past: then no thaw helps, only a later `expiresOn`."""
        return self.days_left is not None and self.days_left < 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Notice:
    """An environment whose end is near."""

    tenant: str
    environment: tenants.EnvironmentName
    level: Level
    expires_on: datetime.date
    days_left: int

    @property
    def text(self) -> str:
        """The notice as a sentence, in both languages of its readers."""
        end = f"{self.expires_on:%Y-%m-%d}"
        return (
            f"{self.tenant} ({self.environment.value}) ends after {end}, {_days(self.days_left)} (即将到期): extend "
            "expiresOn, or it is frozen the day after"
        )


class Turn(enum.StrEnum):
    """What a deploy does to an environment's phase; as the audit log's actions `tenant-…`."""

    FROZEN = "frozen"
    EXPIRED = "expired"
    """Frozen by the calendar."""
    THAWED = "thawed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Turned:
    """An environment whose phase a deploy changes."""

    tenant: str
    environment: str
    turn: Turn
    reason: str
    """Empty for a thaw."""


def phase(
    tenant: tenants.Tenant,
    environment: tenants.Environment,
    *,
    freezes: Iterable[freeze_models.Freeze],
    today: datetime.date,
) -> State:
    """The state of one environment on `today` (UTC); `expiresOn` is its last day, that day included."""
    left = None if environment.expires_on is None else (environment.expires_on - today).days
    held = frozen(freezes).get((tenant.metadata.id, environment.name))
    if held is not None:
        return State(phase=Phase.FROZEN, days_left=left, reason=held)
    if left is None or environment.expires_on is None:
        return State(phase=Phase.ACTIVE, days_left=None)
    if left < 0:
        return State(phase=Phase.FROZEN, days_left=left, reason=_over(environment.expires_on))
    return State(phase=Phase.EXPIRING if left <= NOTICE_DAYS else Phase.ACTIVE, days_left=left)


def settled(inventory: inventories.Inventory, *, today: datetime.date) -> inventories.Inventory:
    """The inventory with a freeze for everything whose last day is before `today` (UTC); the plan is made from it."""
    held = frozen(inventory.freezes)
    ended = [
        _ended(tenant, environment, environment.expires_on)
        for tenant in inventory.tenants
        for environment in tenant.spec.environments
        if environment.expires_on is not None
        and environment.expires_on < today
        and (tenant.metadata.id, environment.name) not in held
    ]
    if not ended:
        return inventory
    everything = sorted([*inventory.freezes, *ended], key=lambda freeze: freeze.metadata.id)
    return dataclasses.replace(inventory, freezes=tuple(everything))


def frozen(freezes: Iterable[freeze_models.Freeze]) -> Mapping[Place, str]:
    """Every frozen place, and why."""
    found: dict[Place, str] = {}
    for freeze in freezes:
        for environment in freeze.spec.environments or tuple(tenants.EnvironmentName):
            found.setdefault((freeze.metadata.id, environment), freeze.spec.reason)
    return MappingProxyType(found)


def frozen_names(inventory: inventories.Inventory) -> tuple[str, ...]:
    """What of a settled inventory is frozen, as `<tenant>/<environment>`, ordered: for the record of a deploy."""
    held = frozen(inventory.freezes)
    return tuple(
        sorted(
            f"{tenant.metadata.id}/{environment.name.value}"
            for tenant in inventory.tenants
            for environment in tenant.spec.environments
            if (tenant.metadata.id, environment.name) in held
        )
    )


def turns(before: Collection[str], inventory: inventories.Inventory) -> tuple[Turned, ...]:
    """What changes from `before` (`frozen_names` of the last deploy) to a settled inventory, ordered."""
    held, now = frozen(inventory.freezes), frozen_names(inventory)
    days = {
        (tenant.metadata.id, environment.name): environment.expires_on
        for tenant in inventory.tenants
        for environment in tenant.spec.environments
    }
    found = []
    for name in sorted({*before, *now}):
        tenant, _, environment = name.partition("/")
        place = (tenant, tenants.EnvironmentName(environment))
        if name not in now:
            # What is gone altogether was removed, not thawed.
            turn, reason = Turn.THAWED, ""
        elif name in before:
            continue
        else:
            last, reason = days[place], held[place]
            turn = Turn.EXPIRED if last is not None and reason == _over(last) else Turn.FROZEN
        if place in days:
            found.append(Turned(tenant=tenant, environment=environment, turn=turn, reason=reason))
    return tuple(found)


def notices(inventory: inventories.Inventory, *, today: datetime.date) -> tuple[Notice, ...]:
    """Every environment whose end is near, the nearest first; what is frozen already is past notices."""
    return tuple(sorted(_notices(inventory, today), key=lambda one: (one.days_left, one.tenant, one.environment)))


def _notices(inventory: inventories.Inventory, today: datetime.date) -> Iterator[Notice]:
    held = frozen(inventory.freezes)
    for tenant in inventory.tenants:
        for environment in tenant.spec.environments:
            place = (tenant.metadata.id, environment.name)
            if environment.expires_on is None or place in held:
                continue
            left = (environment.expires_on - today).days
            if 0 <= left <= NOTICE_DAYS:
                yield Notice(
                    tenant=tenant.metadata.id,
                    environment=environment.name,
                    level=Level.WARNING if left <= WARNING_DAYS else Level.NOTICE,
                    expires_on=environment.expires_on,
                    days_left=left,
                )


def _ended(tenant: tenants.Tenant, environment: tenants.Environment, last_day: datetime.date) -> freeze_models.Freeze:
    return freeze_models.Freeze(
        api_version="govcloud/v1",
        kind="Freeze",
        metadata=freeze_models.FreezeMetadata(id=tenant.metadata.id),
        spec=freeze_models.FreezeSpec(
            environments=(environment.name,),
            reason=_over(last_day),
            by=CALENDAR,
            since=last_day + datetime.timedelta(days=1),
        ),
    )


def _over(last_day: datetime.date) -> str:
    return f"its last day was {last_day:%Y-%m-%d} (已到期)"


def _days(left: int) -> str:
    return {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
