"""Budgets (预算) in the tree of government: who owns which, what is left, and what would be too much.

A declared budget is carved from what is left of the parent's; an organisation without one shares its parent's. So each
tenant counts in exactly one account, and each account in the one above it with its whole limit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from govcloud_cli.governance import demand
from govcloud_cli.model import platforms, tenants

LEVELS: Mapping[platforms.Level, str] = MappingProxyType(
    {
        platforms.Level.NATIONAL: "national (国家)",
        platforms.Level.PROVINCE: "province (省)",
        platforms.Level.CITY: "city (市)",
        platforms.Level.COUNTY: "county (县)",
    }
)
"""The four administrative levels, as messages name them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """What one tenant takes from the budget above it."""

    organisation: str
    demand: demand.Demand


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """A declared budget, or the root's unlimited one where the root declares none."""

    organisation: platforms.Organisation
    limit: demand.Demand | None
    """None: unlimited. Pods and connections are not limited; they are 0."""
    carved: demand.Demand
    """Limits of the nearest declared budgets below."""
    used: demand.Demand
    """Of the tenants that share this budget."""
    below: demand.Demand
    """Of all tenants below, those of carved budgets included."""

    @property
    def committed(self) -> demand.Demand:
        """What is no longer free: carved and used."""
        return self.carved + self.used

    @property
    def remaining(self) -> demand.Demand | None:
        """What is left; negative where it is overrun, None where it is unlimited."""
        return None if self.limit is None else self.limit - self.committed


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overrun:
    """One resource of a budget of which more is taken than there is."""

    organisation: platforms.Organisation
    resource: demand.Resource
    requested: int
    """By how much it grows; 0 where it does not."""
    used: int
    """Before that, what is carved for others included."""
    limit: int
    grows: bool
    """Growth is refused; what is only too much since the budget was cut is reported."""

    def __str__(self) -> str:
        tell = self.resource.tell
        asked = f"requested {tell(self.requested)}, " if self.grows else ""
        there = f"used {tell(self.used)}, limit {tell(self.limit)} at {place(self.organisation)}"
        return f"{self.resource.label}: {asked}{there}"


def place(organisation: platforms.Organisation) -> str:
    """An organisation as messages name it, e.g. `county (县) 云溪市人民政府 (yunxi)`."""
    return f"{LEVELS[organisation.level]} {organisation.display_name} ({organisation.id})"


def claims(requests: Iterable[tenants.Tenant]) -> dict[str, Claim]:
    """What each tenant takes, by its id."""
    return {
        tenant.metadata.id: Claim(organisation=tenant.spec.organisation, demand=demand.of(tenant))
        for tenant in requests
    }


def owner(organisation: str, organisations: Iterable[platforms.Organisation]) -> str | None:
    """The nearest organisation, itself included, that declares a budget: it decides. The root if none does.

    None for an organisation that is not in the tree.
    """
    return owners(organisations).get(organisation)


def owners(organisations: Iterable[platforms.Organisation]) -> dict[str, str]:
    """Every organisation's `owner`."""
    by_id = {one.id: one for one in organisations}
    return {name: _owner(one, by_id) for name, one in by_id.items()}


def accounts(organisations: Sequence[platforms.Organisation], claimed: Mapping[str, Claim]) -> tuple[Account, ...]:
    """Every budget of the tree with what is taken from it, in the order of `organisations`."""
    owned = owners(organisations)
    holders = [one for one in organisations if owned[one.id] == one.id]
    above = {one.id: owned.get(one.parent or "") for one in holders}
    used = dict.fromkeys(above, demand.NOTHING)
    for claim in claimed.values():
        holder = owned.get(claim.organisation)
        if holder is not None:
            used[holder] += claim.demand
    carved = dict.fromkeys(above, demand.NOTHING)
    below = dict(used)
    for one in holders:
        parent = above[one.id]
        if parent is not None and one.budget is not None:
            carved[parent] += demand.of_budget(one.budget)
        for higher in _chain(parent, above):
            below[higher] += used[one.id]
    return tuple(
        Account(
            organisation=one,
            limit=None if one.budget is None else demand.of_budget(one.budget),
            carved=carved[one.id],
            used=used[one.id],
            below=below[one.id],
        )
        for one in holders
    )


def overruns(
    organisations: Sequence[platforms.Organisation],
    *,
    before: Mapping[str, Claim],
    now: Mapping[str, Claim],
    earlier: Sequence[platforms.Organisation] | None = None,
) -> tuple[Overrun, ...]:
    """Every budget that is too small for what is taken from it, and whether `now` takes more of it than `before`.

    `earlier` is the tree as it was with `before`, so that carving more than is left counts as growth and cutting a
    budget does not; left out: the same tree.
    """
    old = {one.organisation.id: one for one in accounts(organisations if earlier is None else earlier, before)}
    # Claims of then in the tree of now: who moves within it takes nothing more from what lies above both.
    moved = {one.organisation.id: one for one in accounts(organisations, before)}
    found = []
    for account in accounts(organisations, now):
        if account.limit is None:
            continue
        identifier = account.organisation.id
        for resource in demand.BUDGETED:
            overrun = _overrun(account, resource, moved=moved[identifier], old=old.get(identifier))
            if overrun is not None:
                found.append(overrun)
    return tuple(found)


def _overrun(account: Account, resource: demand.Resource, *, moved: Account, old: Account | None) -> Overrun | None:
    """Where more was carved than there is, what tenants really take below counts as well."""
    field = resource.field
    limit = 0 if account.limit is None else account.limit.amount(field)
    committed = (account.committed.amount(field), (old or moved).committed.amount(field))
    if committed[0] <= limit:
        # What lies below may exceed it only where a carved budget is overrun, and is told there.
        return None
    below = (account.below.amount(field), moved.below.amount(field))
    over = [(after, before) for after, before in (committed, below) if after > limit]
    after, before = max(over, key=lambda pair: (pair[0] > pair[1], pair[0]))
    return Overrun(
        organisation=account.organisation,
        resource=resource,
        requested=max(0, after - before),
        used=min(before, after),
        limit=limit,
        grows=after > before,
    )


def _owner(organisation: platforms.Organisation, by_id: Mapping[str, platforms.Organisation]) -> str:
    current = organisation
    # Bounded, so that a tree that is none ends too.
    for _ in by_id:
        above = by_id.get(current.parent or "")
        if current.budget is not None or above is None:
            break
        current = above
    return current.id


def _chain(first: str | None, above: Mapping[str, str | None]) -> list[str]:
    """`first` and every account above it."""
    found: list[str] = []
    while first is not None and first not in found:
        found.append(first)
        first = above.get(first)
    return found
