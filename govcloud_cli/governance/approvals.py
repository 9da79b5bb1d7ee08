"""Which decisions hold, and which tenants may be deployed as they are now.

`run.requests.gate` calls `judge_all` before anything is changed, `commands.request` the rest. Everything is derived
again from the inventory; of a request's file only what its signature covers counts.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping, Sequence

from govcloud_cli.governance import changes, jurisdiction, requests, usage
from govcloud_cli.model import inventory, tenants

Verify = Callable[[str, str, str], str | None]
"""(payload, signature, person) -> why the signature is none of that person's for that payload; None if it is."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Last:
    """What the platform's own record says of a tenant (`run.decisions`)."""

    applied: tenants.Tenant | None
    """What was last applied as a whole; None if it is gone, or never was."""
    decided: tenants.Tenant | None
    """What a person last decided; what was there when approvals began counts as that."""
    number: int
    """Of the newest request that was used; 0 for none. No older one may be used again."""

    @property
    def digest(self) -> str:
        """Of what was last applied; empty for nothing."""
        return "" if self.applied is None else requests.digest(self.applied)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """What the platform judges by."""

    spec: inventory.Inventory
    today: datetime.date
    verify: Verify
    usage: Mapping[str, usage.Usage] = dataclasses.field(default_factory=dict)
    """Per tenant, measured; one that is missing could not be read."""
    floor: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Per tenant, the lowest number that may still approve (`requests.floor` of the audit log)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """A tenant may be deployed as it is now, or be removed."""

    tenant: str
    why: str
    now: tenants.Tenant | None
    """As it may be deployed; None: it may be removed."""
    decided: tenants.Tenant | None
    """What a person last decided, from now on."""
    number: int
    """Of the request that this rests on; 0 for none."""
    approver: str | None = None
    changed: bool = True
    """Whether it differs from what was last applied."""

    @property
    def digest(self) -> str:
        """Of the tenant as it is now; empty for one that is removed."""
        return "" if self.now is None else requests.digest(self.now)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refusal:
    """A tenant may not be deployed as it is now."""

    tenant: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.tenant}: {self.why}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One tenant before the judge."""

    tenant: str
    now: tenants.Tenant | None
    """As the inventory has it; None: it is to be removed."""
    last: Last | None
    """None: nothing is known of it."""
    requests: tuple[requests.Request, ...]
    """All of this tenant's."""


def judge(case: Case, rules: Rules) -> Verdict | Refusal:
    """Whether the tenant may become what the inventory says of it now."""
    if case.now is not None and case.last is not None and case.last.digest == requests.digest(case.now):
        return _verdict(case, why="as it was last applied", number=case.last.number, changed=False)
    newest = requests.newest(case.requests)
    if case.now is not None and (refusal := _undecided(case, newest, case.now)) is not None:
        return refusal
    wrong = _why_not(case, newest, rules)
    if wrong is None and newest is not None:
        return _granted(case, newest)
    if case.now is not None:
        decided = baseline(case.requests, case.last, rules)
        change = classify(case.now, decided=decided, last=case.last, rules=rules)
        if change.automatic:
            why = f"by rule: {'; '.join(change.reasons)}"
            return _verdict(case, why=why, number=_lowest(case, rules), kept=decided)
        wrong = f"{wrong} (a person must decide: {'; '.join(reason.rstrip('.') for reason in change.reasons)})"
    return Refusal(tenant=case.tenant, why=wrong or "not decided", remedy=_remedy(case))


def judge_all(cases: Sequence[Case], rules: Rules) -> tuple[tuple[Verdict, ...], tuple[Refusal, ...]]:
    """Every tenant's verdict or refusal, in the order of `cases`; all refusals at once."""
    found = [judge(case, rules) for case in cases]
    granted = tuple(one for one in found if isinstance(one, Verdict))
    return granted, tuple(one for one in found if isinstance(one, Refusal))


def classify(now: tenants.Tenant, *, decided: tenants.Tenant | None, last: Last | None, rules: Rules) -> changes.Change:
    """The class of what `now` changes, measured against what a person last `decided`.

    Also against what was last applied, which was judged then: who grew by rule may change a phone number later,
    when the use that justified the growth cannot be read.
    """
    usage_now = rules.usage.get(now.metadata.id)
    change = changes.classify(decided, now, usage=usage_now, today=rules.today, decided=decided)
    if change.automatic or decided is None or last is None or last.applied is None:
        return change
    step = changes.classify(last.applied, now, usage=usage_now, today=rules.today, decided=decided)
    return step if step.automatic else change


def baseline(
    known: Sequence[requests.Request], last: Last | None, rules: Rules, *, below: int = requests.MOST + 1
) -> tenants.Tenant | None:
    """What a person last decided: by the newest approval that holds, or by the platform's record if that is newer.

    `below` leaves out requests from that number on. After a decommission there is nothing.
    """
    floor = 0 if last is None else last.number
    for request in sorted(known, key=lambda one: one.number, reverse=True):
        if request.number >= below or request.number <= floor or request.number < rules.floor.get(request.tenant, 0):
            continue
        if request.state is requests.State.APPROVED and decision_fault(request, rules) is None:
            return None if request.change is requests.Kind.DECOMMISSION else request.decided
    return None if last is None else last.decided


def decision_fault(request: requests.Request, rules: Rules) -> str | None:
    """Why the request's decision does not hold here and today; None if it does. Signatures are checked last."""
    wrong = jurisdiction.place_fault(request, rules.spec)
    if wrong is not None:
        return wrong
    text, decision = requests.signed(request), request.decision
    if text is None or decision is None:
        return "nobody has decided it"
    person = next((one for one in rules.spec.people if one.id == decision.approver), None)
    if person is None:
        return f"people.yaml does not know {decision.approver}, who decided it"
    owner = jurisdiction.owner(request.requested, rules.spec)
    if request.organisation != owner:
        return f"{request.organisation} decided it, but {owner} owns the budget"
    refused = jurisdiction.may_decide(request, person, rules.spec)
    return refused or rules.verify(text, decision.signature, decision.approver)


def _why_not(case: Case, newest: requests.Request | None, rules: Rules) -> str | None:
    """Why the newest request does not grant what is there now; None if it does."""
    if newest is None:
        return "no request was submitted"
    if newest.number < _lowest(case, rules):
        return f"request {newest.name} is not the newest: {_lowest(case, rules):04d} or later was decided already"
    if newest.state is not requests.State.APPROVED:
        return f"request {newest.name} is {newest.state.value}"
    wrong = decision_fault(newest, rules)
    if wrong is not None:
        return f"the approval of {newest.name} does not hold: {wrong}"
    return _mismatch(case, newest)


def _mismatch(case: Case, newest: requests.Request) -> str | None:
    """What differs between what was approved and what is there now."""
    removal = newest.change is requests.Kind.DECOMMISSION
    if removal != (case.now is None):
        asked = "to remove it" if removal else f"to {newest.change.value} it"
        return f"request {newest.name} is {asked}, and its file is {'gone' if case.now is None else 'there'}"
    approved = requests.digest(newest.requested)
    stands = requests.digest(case.now) if case.now is not None else case.last.digest if case.last is not None else ""
    if stands and stands != approved:
        what = "what is deployed" if case.now is None else "the file"
        return f"request {newest.name} approved {_short(approved)}, but {what} is now {_short(stands)}"
    return None


def _undecided(case: Case, newest: requests.Request | None, now: tenants.Tenant) -> Refusal | None:
    """A request for exactly this that waits or was rejected is no matter for a rule any more."""
    if newest is None or newest.state not in {requests.State.PENDING, requests.State.REJECTED}:
        return None
    if newest.change is requests.Kind.DECOMMISSION or requests.digest(newest.requested) != requests.digest(now):
        return None
    waits = newest.state is requests.State.PENDING
    remedy = f"have it decided: govcloud request status {case.tenant}" if waits else "put the file back, or change it"
    why = f"request {newest.name} {'waits for a decision' if waits else 'was rejected'}"
    return Refusal(tenant=case.tenant, why=why, remedy=remedy)


def _granted(case: Case, newest: requests.Request) -> Verdict:
    approver = newest.decision.approver if newest.decision is not None else None
    why = f"request {newest.name}, decided by {approver}"
    return _verdict(case, why=why, number=newest.number, kept=newest.decided, approver=approver)


def _verdict(
    case: Case,
    *,
    why: str,
    number: int,
    kept: tenants.Tenant | None = None,
    approver: str | None = None,
    changed: bool = True,
) -> Verdict:
    if not changed and case.last is not None:
        kept = case.last.decided
    return Verdict(
        tenant=case.tenant,
        why=why,
        now=case.now,
        decided=None if case.now is None else kept,
        number=number,
        approver=approver,
        changed=changed,
    )


def _lowest(case: Case, rules: Rules) -> int:
    """The lowest number of a request that may still be used for this tenant."""
    return max(rules.floor.get(case.tenant, 0), 0 if case.last is None else case.last.number)


def _remedy(case: Case) -> str:
    suffix = " --decommission" if case.now is None else ""
    return f"govcloud request submit {case.tenant}{suffix}"


def _short(digest: str) -> str:
    return digest[:19]
