"""Rules for change classes within one environment: quota, expiry, databases."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from govcloud_cli.governance import classes
from govcloud_cli.model import quotas, tenants

LONGEST_DAYS = 180
"""An automatic expiry is at most so many days from today."""
GROWTH_PERCENT = 50
"""Automatic growth, of what a person last decided."""
LEAST_USE: Mapping[str, float] = MappingProxyType({"cpu": 0.35, "memory": 0.35, "storage": 0.80, "pods": 0.35})
"""Mean use of the quota from which on growth is automatic; storage has to be above it, the others at least there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """One environment before and after."""

    case: classes.Case
    before: tenants.Environment
    after: tenants.Environment

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.after.name.value


Rule = Callable[[Place], Iterator[classes.Finding]]
DatabaseRule = Callable[[str, object, object], classes.Finding]
"""Called with the database and field in words, the old and the new value."""


def judge(case: classes.Case, before: tenants.Environment, after: tenants.Environment) -> Iterator[classes.Finding]:
    """What changed between two states of the same environment."""
    place = Place(case=case, before=before, after=after)
    if after.name is tenants.EnvironmentName.PROD:
        yield classes.person("prod changes (生产环境)")
    for name in tenants.Environment.model_fields:
        if getattr(before, name) != getattr(after, name):
            yield from ENVIRONMENT_FIELDS.get(name, _person_decides)(place)


def _person_decides(place: Place) -> Iterator[classes.Finding]:
    yield classes.person(f"{place.name} becomes something else")


def _quota(place: Place) -> Iterator[classes.Finding]:
    if place.after.custom_quota is not None and place.before.custom_quota is None:
        yield classes.person(f"{place.name} gets a quota of its own (自定义配额)")
        return
    old, new = _worth(place.before), _worth(place.after)
    grown = [resource for resource in old if new[resource] > old[resource]]
    for resource in grown:
        yield _growth(place, resource, old[resource], new[resource])
    if not grown:
        yield classes.automatic(f"{place.name} asks for less or for the same (配额不增)")


def _worth(environment: tenants.Environment) -> dict[str, int]:
    """By the names of `measured.RESOURCES`."""
    worth = quotas.worth(environment)
    return {"cpu": worth.cpu, "memory": worth.memory, "storage": worth.storage, "pods": worth.pods}


def _growth(place: Place, resource: str, old: int, new: int) -> classes.Finding:
    told = f"{resource} of {place.name} grows from {old} to {new} (配额增加)"
    decided = _decided(place)
    if decided is None:
        return classes.person(f"{told}, and no person's decision about it is on record")
    base_amount = _worth(decided)[resource]
    if new * 100 > base_amount * (100 + GROWTH_PERCENT):
        return classes.person(f"{told}, more than {GROWTH_PERCENT} % above the {base_amount} last decided")
    used = place.case.usage.ratio(place.after.name.value, resource)
    if used is None:
        return classes.person(f"{told}, and its measured use is unreadable (用量不可读)")
    least = LEAST_USE[resource]
    enough = used > least if resource == "storage" else used >= least
    if not enough:
        return classes.person(f"{told}, but only {used:.0%} is used (实测用量) where {least:.0%} is asked")
    return classes.automatic(f"{told}, within {GROWTH_PERCENT} % of the {base_amount} last decided, {used:.0%} is used")


def _decided(place: Place) -> tenants.Environment | None:
    decided = place.case.decided
    if decided is None:
        return None
    return next((one for one in decided.spec.environments if one.name is place.after.name), None)


def _expiry(place: Place) -> Iterator[classes.Finding]:
    old, new, today = place.before.expires_on, place.after.expires_on, place.case.today
    latest = today + datetime.timedelta(days=LONGEST_DAYS)
    if new is None:
        yield classes.person(f"{place.name} no longer expires (取消到期)")
    elif new < today:
        yield classes.person(f"{place.name} would be frozen at once, its last day {new} is over (到期)")
    elif old is not None and old < today:
        yield classes.person(f"{place.name} expired on {old} and would live again (恢复)")
    elif new > latest and (old is None or new > old):
        yield classes.person(f"{place.name} expires on {new}, later than {LONGEST_DAYS} days from today")
    else:
        yield classes.automatic(f"{place.name} expires on {new} (到期日)")


def _databases(place: Place) -> Iterator[classes.Finding]:
    before = {one.id: one for one in place.before.databases}
    after = {one.id: one for one in place.after.databases}
    for name in sorted(after.keys() - before.keys()):
        yield classes.person(f"database {name} of {place.name} is added (新增数据库)")
    for name in sorted(before.keys() - after.keys()):
        yield classes.person(f"database {name} of {place.name} is removed with its data (删除数据库)")
    for name in sorted(before.keys() & after.keys()):
        label = f"database {name} of {place.name}"
        for field in tenants.Database.model_fields:
            old, new = getattr(before[name], field), getattr(after[name], field)
            if old != new:
                yield DATABASE_FIELDS.get(field, _person_decides_of_database)(f"{field} of {label}", old, new)


def _amount(label: str, old: object, new: object) -> classes.Finding:
    """Nobody measures databases, so growth goes to a person."""
    if isinstance(old, int) and isinstance(new, int) and new < old:
        return classes.automatic(f"{label} falls from {old} to {new} (减少)")
    return classes.person(f"{label} grows from {old} to {new}, and databases are not measured (用量不可读)")


def _person_decides_of_database(label: str, _old: object, _new: object) -> classes.Finding:
    return classes.person(f"{label} changes")


ENVIRONMENT_FIELDS: Mapping[str, Rule] = MappingProxyType(
    {
        "name": _person_decides,
        "quota": _quota,
        "custom_quota": _quota,
        "expires_on": _expiry,
        "databases": _databases,
    }
)
"""Field of `tenants.Environment` -> what a change of it means."""

DATABASE_FIELDS: Mapping[str, DatabaseRule] = MappingProxyType(
    {
        "id": _person_decides_of_database,
        "connections": _amount,
        "size_gi": _amount,
        # Taking one away drops what is stored in its types, so both directions count.
        "extensions": _person_decides_of_database,
        # The data would have to move.
        "tier": _person_decides_of_database,
        "reason": _person_decides_of_database,
    }
)
"""Field of `tenants.Database` -> what a change of it means."""
