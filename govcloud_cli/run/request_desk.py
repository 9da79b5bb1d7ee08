"""What `govcloud request` does: submit, decide, cancel. Everything that counts is judged by `governance.approvals`.

Of what was decided only what Git has is used: who asks, who decides and CI then see the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import difflib
import pathlib
from collections.abc import Callable, Iterator

import pydantic

from govcloud_cli import errors
from govcloud_cli.governance import approvals, budgets, changes, drafts, jurisdiction, requests
from govcloud_cli.inventory import sources
from govcloud_cli.model import tenants
from govcloud_cli.run import identity, request_audit, request_files, signing, sites
from govcloud_cli.run import requests as run_requests


@dataclasses.dataclass(frozen=True, kw_only=True)
class Desk:
    """An environment's requests, and the moment."""

    site: sites.Site
    folder: pathlib.Path
    """The inventory's."""
    now: datetime.datetime

    def tenant(self, identifier: str) -> tenants.Tenant:
        """The tenant as its file is now. Raises `errors.UsageError`, naming the nearest."""
        known = {tenant.metadata.id: tenant for tenant in self.site.spec.tenants}
        if identifier in known:
            return known[identifier]
        near = difflib.get_close_matches(identifier, known, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "its file must be there until its removal is approved"
        raise errors.UsageError(f"there is no tenant '{identifier}' in the inventory", remedy=remedy)

    @contextlib.contextmanager
    def rules(self) -> Iterator[approvals.Rules]:
        """What is judged by, with real signatures; use counts where this host measured it."""
        today = self.now.astimezone(datetime.UTC).date()
        everybody = [tenant.metadata.id for tenant in self.site.spec.tenants]
        measured = run_requests.used(self.site, everybody, now=self.now)
        with signing.verifier(self.site.spec.people) as verify:
            yield approvals.Rules(spec=self.site.spec, today=today, verify=verify, usage=measured)


def submit(
    desk: Desk, identifier: str, *, who: identity.Identity, decommission: bool, comment: str | None
) -> requests.Request:
    """Write the next request for the tenant as its file is now.

    Raises `errors.UsageError` where one waits already or nothing changed, `errors.PolicyDeniedError` where the budget
    does not allow it.
    """
    now = desk.tenant(identifier)
    with request_files.held(desk.folder, identifier), desk.rules() as rules:
        known = request_files.load(desk.folder, {identifier})
        waiting = requests.in_flight(known)
        if waiting is not None:
            raise errors.UsageError(
                f"request {waiting.name} of {waiting.requester.person} waits already",
                remedy=f"have it decided, or withdraw it: govcloud request cancel {identifier}",
            )
        original = approvals.baseline(known, None, rules)
        newest = requests.newest(known)
        if not decommission:
            _refuse_no_change(now, original, newest)
            _refuse_overrun(desk, now, original)
        number = 1 if newest is None else newest.number + 1
        wish = drafts.Wish(
            requester=requests.Requester(person=who.person.id, source=who.source),
            at=run_requests.moment(desk.now),
            number=number,
            decommission=decommission,
            comment=_plain(comment),
        )
        request = _draft(now, wish, original=original, rules=rules)
        request_audit.note(desk.site, request, now=desk.now)
        request_files.save(desk.folder, request)
    return request


def _draft(
    now: tenants.Tenant, wish: drafts.Wish, *, original: tenants.Tenant | None, rules: approvals.Rules
) -> requests.Request:
    if wish.decommission:
        change = changes.classify(now, None, usage=None, today=rules.today)
    else:
        change = approvals.classify(now, decided=original, last=None, rules=rules)
    try:
        return drafts.draft(now, wish, original=original, change=change, spec=rules.spec)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise errors.UsageError(
            f"the request cannot be written: {place}: {first['msg']}",
            remedy="shorten the comment; at most 9999 requests",
        ) from error


def _refuse_no_change(now: tenants.Tenant, original: tenants.Tenant | None, newest: requests.Request | None) -> None:
    if original is not None and requests.digest(original) == requests.digest(now):
        told = f"{now.metadata.id} is exactly what was last approved"
    elif newest is not None and newest.state is requests.State.AUTO_APPROVED and newest.requested == now:
        told = f"request {newest.name} was approved by rule for exactly this"
    else:
        return
    raise errors.UsageError(f"nothing to ask for: {told}", remedy="change its file first, or run govcloud deploy")


def _refuse_overrun(desk: Desk, now: tenants.Tenant, original: tenants.Tenant | None) -> None:
    organisations = desk.site.spec.platform.spec.organisations
    others = [tenant for tenant in desk.site.spec.tenants if tenant.metadata.id != now.metadata.id]
    before = budgets.claims([*others, *([] if original is None else [original])])
    found = budgets.overruns(organisations, before=before, now=budgets.claims([*others, now]))
    growing = [str(overrun) for overrun in found if overrun.grows]
    if growing:
        raise errors.PolicyDeniedError(
            f"the budget (预算) does not allow what {now.metadata.id} asks for",
            cause="\n".join(growing),
            remedy="ask for less, or have the budget raised in platform.yaml",
        )


def waiting(desk: Desk, identifier: str) -> requests.Request:
    """The request of the tenant that waits. Raises `errors.UsageError` where none does."""
    known = request_files.load(desk.folder, {identifier})
    found = requests.in_flight(known)
    if found is None:
        newest = requests.newest(known)
        if newest is None:
            desk.tenant(identifier)
        told = "none was submitted" if newest is None else f"{newest.name} is {newest.state.value}"
        granted = newest is not None and newest.state in {requests.State.APPROVED, requests.State.AUTO_APPROVED}
        again = f"govcloud request submit {identifier}"
        raise errors.UsageError(
            f"no request of {identifier} waits for a decision: {told}",
            remedy=f"nothing is to be decided, unless its file changed: then {again}" if granted else again,
        )
    return found


def decide(
    desk: Desk,
    identifier: str,
    *,
    key: signing.Key,
    reason: str | None,
    terminal: bool,
    shown: Callable[[requests.Request, changes.Change], None] = lambda *_: None,
    approve: bool,
) -> requests.Request:
    """Approve or reject the request that waits, signed with `key`.

    `shown` gets the request and its class as it is now, before anything is signed; it may raise.
    Raises `errors.PolicyDeniedError` where the key's person may not, or the request claims what is not so.
    """
    state = requests.State.APPROVED if approve else requests.State.REJECTED
    # Before the lock, which makes a folder.
    waiting(desk, identifier)
    with request_files.held(desk.folder, identifier), desk.rules() as rules:
        request = waiting(desk, identifier)
        change = _hold_to_the_truth(desk, request, rules, file_too=approve)
        why = jurisdiction.may_decide(request, key.person, rules.spec)
        if why is not None:
            raise errors.PolicyDeniedError(why, where=request.name, remedy=f"ask: {_names(request, rules)}")
        shown(request, change)
        at, told = run_requests.moment(desk.now), _plain(reason)
        text = requests.payload(request, verdict=state, approver=key.person.id, at=at, reason=told)
        signature = signing.sign(text, key, terminal=terminal)
        decided = requests.advance(request, state, by=key.person.id, at=at, reason=told, signature=signature)
        wrong = approvals.decision_fault(decided, rules)
        if wrong is not None:
            raise errors.PolicyDeniedError(f"the decision would not hold: {wrong}", where=request.name)
        if waiting(desk, identifier) != request:
            raise errors.UsageError(
                f"request {request.name} was changed meanwhile", remedy="look at it, and decide again"
            )
        request_audit.note(desk.site, decided, now=desk.now)
        request_files.save(desk.folder, decided)
    return decided


def _hold_to_the_truth(
    desk: Desk, request: requests.Request, rules: approvals.Rules, *, file_too: bool
) -> changes.Change:
    """Compute again what the request's file claims. What is rejected may claim what it likes, but not be elsewhere."""
    wrong = jurisdiction.place_fault(request, rules.spec)
    if wrong is not None:
        raise errors.PolicyDeniedError(f"request {request.name} cannot be decided: {wrong}")
    known = request_files.load(desk.folder, {request.tenant})
    original = approvals.baseline(known, None, rules, below=request.number)
    removal = request.change is requests.Kind.DECOMMISSION
    wish = drafts.Wish(
        requester=request.requester, at=request.history[0].at, number=request.number, decommission=removal
    )
    redone = _draft(request.requested, wish, original=original, rules=rules)
    if file_too:
        _refuse_changed_file(desk, request)
        claimed = drafts.differences(request, redone)
        if claimed or max(one.number for one in known) != request.number:
            raise errors.PolicyDeniedError(
                f"request {request.name} is not what it would be if it were submitted now",
                cause=f"it differs in: {', '.join(claimed) or 'number'}",
                remedy=f"reject it, or withdraw it and submit again: govcloud request cancel {request.tenant}",
            )
    return changes.Change(automatic=redone.automatic, reasons=redone.reasons)


def _refuse_changed_file(desk: Desk, request: requests.Request) -> None:
    if requests.digest(desk.tenant(request.tenant)) != requests.digest(request.requested):
        raise errors.PolicyDeniedError(
            f"the file of {request.tenant} is no longer what {request.name} asks for",
            remedy=f"withdraw it and submit again: govcloud request cancel {request.tenant}",
        )


def cancel(desk: Desk, identifier: str, *, who: identity.Identity, reason: str | None = None) -> requests.Request:
    """Withdraw the request that waits; only its requester and the tenant's owner may."""
    waiting(desk, identifier)
    with request_files.held(desk.folder, identifier):
        request = waiting(desk, identifier)
        allowed = {request.requester.person, request.requested.spec.owner}
        if who.person.id not in allowed:
            raise errors.PolicyDeniedError(
                f"{who.person.id} did not ask for {request.name}, and does not own the tenant",
                remedy=f"ask one of: {', '.join(sorted(allowed))}; or an approver rejects it",
            )
        at = run_requests.moment(desk.now)
        cancelled = requests.advance(request, requests.State.CANCELLED, by=who.person.id, at=at, reason=_plain(reason))
        request_audit.note(desk.site, cancelled, now=desk.now)
        request_files.save(desk.folder, cancelled)
    return cancelled


def _plain(text: str | None) -> str | None:
    """Words of a person, if they can be shown to another. Raises `errors.UsageError`."""
    if text is None:
        return None
    bad = sources.forbidden_in_value(text)
    words = text.strip()
    if bad or "\n" in words or "\t" in words or not 0 < len(words) <= 1000:
        raise errors.UsageError(
            "the reason or comment cannot be kept",
            cause=f"it has {bad}" if bad else "it is empty, longer than 1000 characters, or has several lines",
            remedy="write one line",
        )
    return words


def _names(request: requests.Request, rules: approvals.Rules) -> str:
    found = jurisdiction.approvers(request, rules.spec)
    return ", ".join(f"{person.display_name} ({person.id})" for person in found) or "nobody in people.yaml may"
