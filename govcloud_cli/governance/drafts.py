"""A new request: what is asked for, what it costs, who decides, and whether a rule may."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from govcloud_cli.governance import budgets, changes, demand, jurisdiction, requests
from govcloud_cli.model import inventory, tenants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """Who asks for what, when."""

    requester: requests.Requester
    at: str
    """A `requests.Moment`."""
    number: int
    decommission: bool = False
    comment: str | None = None


def draft(
    now: tenants.Tenant,
    wish: Wish,
    *,
    original: tenants.Tenant | None,
    change: changes.Change,
    spec: inventory.Inventory,
) -> requests.Request:
    """The request for `now` over what a person last decided (`original`). Raises `ValueError` for a bad comment."""
    responsible = jurisdiction.owner(now, spec)
    level = next(one.level for one in spec.platform.spec.organisations if one.id == responsible)
    automatic = change.automatic and not wish.decommission
    state = requests.State.AUTO_APPROVED if automatic else requests.State.PENDING
    by = requests.GOVCLOUD if automatic else wish.requester.person
    return requests.Request(
        api_version="govcloud/v1",
        kind="Request",
        platform=spec.platform.metadata.id,
        environment=spec.environment,
        tenant=now.metadata.id,
        number=wish.number,
        change=_kind(wish, original),
        zone=now.spec.zone,
        side=spec.zone(now.spec.zone).side,
        organisation=responsible,
        level=level,
        automatic=automatic,
        reasons=change.reasons,
        before=None if original is None else cost(demand.of(original)),
        after=None if wish.decommission else cost(demand.of(now)),
        requester=wish.requester,
        original=original,
        requested=now,
        state=state,
        history=(requests.Transition(state=state, at=wish.at, by=by, reason=wish.comment),),
        decided=now if automatic else None,
    )


def differences(request: requests.Request, redone: requests.Request) -> tuple[str, ...]:
    """Names of the fields in which a submitted request is not what it would be if it were submitted now.

    An approver is shown what the file says; this holds it to what is true.
    """
    loose = {"state", "history", "decided", "decision", "number", "requester", "automatic", "reasons"}
    return tuple(
        field
        for field in requests.Request.model_fields
        if field not in loose and getattr(request, field) != getattr(redone, field)
    )


def changed_fields(request: requests.Request) -> tuple[tuple[str, str, str], ...]:
    """Field, before, after, for everything that differs between the original and what is requested; as JSON reads."""
    before = _flat(json.loads(requests.canonical(request.original)), "")
    after = _flat(json.loads(requests.canonical(request.requested)), "")
    fields = dict.fromkeys([*before, *after])
    return tuple(
        (field, before.get(field, "-"), after.get(field, "-"))
        for field in fields
        if before.get(field) != after.get(field)
    )


def _flat(value: Any, path: str) -> dict[str, str]:
    inner: Iterable[tuple[str, Any]]
    if isinstance(value, dict):
        inner = ((f"{path}.{key}" if path else key, one) for key, one in value.items())
    elif isinstance(value, list):
        inner = ((f"{path}[{index}]", one) for index, one in enumerate(value))
    else:
        return {} if value is None else {path: str(value)}
    return {field: text for place, one in inner for field, text in _flat(one, place).items()}


def cost(amount: demand.Demand) -> requests.Cost:
    """A demand as requests have it."""
    return requests.Cost(**dataclasses.asdict(amount))


def left(spec: inventory.Inventory, tenant: tenants.Tenant) -> budgets.Account | None:
    """The account that pays for `tenant`, with every tenant of the inventory as it is now."""
    responsible = jurisdiction.owner(tenant, spec)
    accounts = budgets.accounts(spec.platform.spec.organisations, budgets.claims(spec.tenants))
    return next((one for one in accounts if one.organisation.id == responsible), None)


def _kind(wish: Wish, original: tenants.Tenant | None) -> requests.Kind:
    if wish.decommission:
        return requests.Kind.DECOMMISSION
    return requests.Kind.CREATE if original is None else requests.Kind.CHANGE
