"""Requests in the audit log: what is recorded of a transition, and what the log has seen."""

from __future__ import annotations

import datetime
import types
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from govcloud_cli.governance import chain, requests

if TYPE_CHECKING:
    from govcloud_cli.run import sites
    from govcloud_cli.run.audit import log

ACTIONS: Mapping[requests.State, chain.Action] = types.MappingProxyType(
    {
        requests.State.PENDING: chain.Action.REQUEST_SUBMITTED,
        requests.State.APPROVED: chain.Action.REQUEST_APPROVED,
        requests.State.AUTO_APPROVED: chain.Action.REQUEST_AUTO_APPROVED,
        requests.State.REJECTED: chain.Action.REQUEST_REJECTED,
        requests.State.CANCELLED: chain.Action.REQUEST_CANCELLED,
    }
)
"""What deploy did with a request is in its own records (`tenant-applied`)."""


def record(
    target: log.Log, request: requests.Request, step: requests.Transition, *, now: datetime.datetime
) -> chain.Record:
    """Append one transition. Raises `errors.GovcloudError` if it could not be made durable."""
    by_rule = step.by == requests.GOVCLOUD
    decision = request.decision if step is requests.decided_by(request) else None
    known = {requests.Source.CI: chain.Source.CI, requests.Source.OS: chain.Source.OS}
    actor = chain.Actor(
        person=request.requester.person if by_rule else step.by,
        # A decision is proved by its signature, and comes by Git.
        source=(chain.Source.GIT if decision else known.get(request.requester.source, chain.Source.GIT)).value,
    )
    details = {
        "request": request.number,
        "state": step.state.value,
        "change": request.change.value,
        "at": step.at,
        "reason": step.reason,
        "organisation": request.organisation,
        "requested": requests.digest(request.requested),
        "original": requests.digest(request.original),
        "signature": None if decision is None else decision.signature,
    }
    return target.append(actor=actor, action=ACTIONS[step.state], now=now, tenant=request.tenant, details=details)


def seen(entries: Iterable[chain.Entry]) -> frozenset[requests.Step]:
    """What the log has of requests, for `requests.unseen`, `requests.floor` and `run.requests.gate`."""
    states = {action.value: state for state, action in ACTIONS.items()}
    states[chain.Action.TENANT_APPLIED.value] = requests.State.PROVISIONED
    states[chain.Action.TENANT_REMOVED.value] = requests.State.PROVISIONED
    found = set()
    for entry in entries:
        number = entry.details.get("request")
        if entry.action in states and entry.tenant is not None and isinstance(number, int) and number > 0:
            found.add((entry.tenant, number, states[entry.action]))
    return frozenset(found)


def known(site: sites.Site) -> frozenset[requests.Step] | None:
    """What the logs of the site's sides have of requests; None where there is no log."""
    from govcloud_cli.run.audit import places, reading

    found: set[requests.Step] | None = None
    for side in site.sides:
        opened = reading.of_side(places.of_site(site, side), environment=site.spec.environment, side=side.value)
        if opened is not None:
            found = (found or set()) | seen(record.entry for record, _ in opened.records())
    return None if found is None else frozenset(found)


def note(site: sites.Site, request: requests.Request, *, now: datetime.datetime) -> bool:
    """Record the request's last transition where this host has the audit log; elsewhere deploy does it later.

    To be called before the request's file is written: what cannot be recorded does not happen.
    """
    if not (site.space.side(request.side).path / "audit").is_dir():
        return False
    from govcloud_cli.run.audit import writing

    record(writing.opened(site, request.side, now=now), request, request.history[-1], now=now)
    return True
