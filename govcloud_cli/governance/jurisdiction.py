"""For which place a request is, and who there may decide it."""

from __future__ import annotations

from govcloud_cli.governance import budgets, requests
from govcloud_cli.model import inventory, people, tenants


def place_fault(request: requests.Request, spec: inventory.Inventory) -> str | None:
    """Why the request is for another place than `spec`; None if it is for this one."""
    here = (spec.platform.metadata.id, spec.environment)
    if (request.platform, request.environment) != here:
        return f"it is for {request.platform}/{request.environment}, and this is {'/'.join(here)}"
    sides = {zone.id: zone.side for zone in spec.platform.spec.zones}
    if sides.get(request.zone) is not request.side:
        return f"zone {request.zone} is not on the {request.side.value} side"
    return None


def owner(tenant: tenants.Tenant, spec: inventory.Inventory) -> str:
    """The organisation that owns the tenant's budget, and so decides."""
    organisations = spec.platform.spec.organisations
    found = budgets.owner(tenant.spec.organisation, organisations)
    # An old copy may name an organisation that is no longer there: then the root decides.
    return found or next(one.id for one in organisations if one.parent is None)


def approvers(request: requests.Request, spec: inventory.Inventory) -> tuple[people.Person, ...]:
    """Who may decide `request`."""
    return tuple(person for person in spec.people if may_decide(request, person, spec) is None)


def deciders(organisation: str, spec: inventory.Inventory) -> tuple[people.Person, ...]:
    """Who decides for an organisation, whatever the request."""
    return tuple(person for person in spec.people if organisation in person.approves)


def may_decide(request: requests.Request, person: people.Person, spec: inventory.Inventory) -> str | None:
    """Why `person` may not decide `request`; None if they may."""
    responsible = owner(request.requested, spec)
    if responsible not in person.approves:
        return f"{person.id} does not decide for {responsible}, which owns the budget"
    if request.requester.person in _one_and_the_same(person, spec):
        return f"{person.id} asked for it, and who asks never decides"
    involved = [one for one in (request.requested, request.original) if one is not None]
    roles = {one.spec.technical_lead: "technical lead" for one in involved}
    roles |= {one.spec.owner: "owner" for one in involved}
    for other in sorted(_one_and_the_same(person, spec)):
        if other in roles:
            return f"{other} is the tenant's {roles[other]}, who never decides about it"
    return None


def _one_and_the_same(person: people.Person, spec: inventory.Inventory) -> frozenset[str]:
    """Ids that stand for the same human being as `person`: entries with an account or a key in common."""
    return frozenset({person.id, *(other.id for other in spec.people if _marks(other) & _marks(person))})


def _marks(person: people.Person) -> frozenset[tuple[str, str]]:
    accounts = person.accounts
    found = {("os", one) for one in accounts.os} | {("ci", one) for one in accounts.ci}
    found |= {("git", one.lower()) for one in accounts.git}
    return frozenset(found | {("key", " ".join(key.split()[:2])) for key in person.keys})
