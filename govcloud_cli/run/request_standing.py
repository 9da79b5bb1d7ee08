"""Where requests stand: what their files say, with what this host knows of deploys."""

from __future__ import annotations

import dataclasses
import itertools

from govcloud_cli.governance import approvals, requests
from govcloud_cli.model import platforms
from govcloud_cli.run import decisions, request_desk, request_files
from govcloud_cli.run import requests as run_requests


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """Where one request stands."""

    request: requests.Request
    state: requests.State
    """With what this host knows of deploys."""
    newest: bool
    """Whether it is the tenant's newest, the only one that may approve."""
    refusal: str | None
    """Why the tenant's file may not be deployed as it is now; None if it may, or this is not the newest."""


def standing(desk: request_desk.Desk, identifier: str | None) -> list[Standing]:
    """Every request (of one tenant), by tenant and number. Raises `errors.UsageError` for an unknown tenant."""
    known = request_files.load(desk.folder, None if identifier is None else {identifier})
    if identifier is not None and not known:
        desk.tenant(identifier)
    records = {side: decisions.load(desk.site.space.side(side)).tenants for side in platforms.Side}
    found = []
    with desk.rules() as rules:
        for tenant, group in itertools.groupby(known, key=lambda request: request.tenant):
            own = tuple(group)
            refusal = _refusal(desk, tenant, own, rules)
            for request in own:
                newest = request is own[-1]
                state = run_requests.observed(request, records[request.side].get(tenant))
                found.append(Standing(request=request, state=state, newest=newest, refusal=refusal if newest else None))
    return found


def _refusal(
    desk: request_desk.Desk, tenant: str, own: tuple[requests.Request, ...], rules: approvals.Rules
) -> str | None:
    """Why the tenant's file may not be deployed as it is now, or the tenant not be removed if that is asked for."""
    removal = own[-1].change is requests.Kind.DECOMMISSION
    here = {one.metadata.id: one for one in desk.site.spec.tenants}
    case = approvals.Case(tenant=tenant, now=None if removal else here.get(tenant), last=None, requests=own)
    judged = approvals.judge(case, rules)
    return judged.why if isinstance(judged, approvals.Refusal) else None
