"""A request: what a tenant's owner asks for, its states, and the exact bytes that an approver signs.

One file each, `inventories/<env>/requests/<tenant>/<NNNN>.json`, kept in Git. It comes from people, so nothing in it is
believed: `approvals` derives again what can be derived, and a decision counts only by its signature.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Literal

import pydantic

from govcloud_cli.model import base, names, platforms, tenants

NAMESPACE = "govcloud-request@govcloud.io"
"""Of the signatures (SSHSIG): one that was made for anything else says nothing here."""
_DOMAIN = "govcloud request decision v1\n"
GOVCLOUD = "govcloud"
"""Who acts where the platform decides by rule."""
MOST = 9999
"""Requests of one tenant."""


class Kind(enum.StrEnum):
    """What is asked for."""

    CREATE = "create"
    CHANGE = "change"
    DECOMMISSION = "decommission"


class State(enum.StrEnum):
    """Where a request stands."""

    PENDING = "PENDING"
    """待审批: waits for a person."""
    APPROVED = "APPROVED"
    """已批准: by a person, signed."""
    AUTO_APPROVED = "AUTO_APPROVED"
    """自动批准: by rule."""
    REJECTED = "REJECTED"
    """已驳回: by a person, signed."""
    CANCELLED = "CANCELLED"
    """已撤回: by who asked, or the tenant's owner."""
    PROVISIONED = "PROVISIONED"
    """已交付: a deploy applied it."""
    PARTIALLY_PROVISIONED = "PARTIALLY_PROVISIONED"
    """部分交付: a deploy applied a part, and failed."""


TRANSITIONS: Mapping[State | None, frozenset[State]] = {
    None: frozenset({State.PENDING, State.AUTO_APPROVED}),
    State.PENDING: frozenset({State.APPROVED, State.REJECTED, State.CANCELLED}),
    State.APPROVED: frozenset({State.PROVISIONED, State.PARTIALLY_PROVISIONED}),
    State.AUTO_APPROVED: frozenset({State.PROVISIONED, State.PARTIALLY_PROVISIONED}),
    State.PARTIALLY_PROVISIONED: frozenset({State.PARTIALLY_PROVISIONED, State.PROVISIONED}),
    State.REJECTED: frozenset(),
    State.CANCELLED: frozenset(),
    State.PROVISIONED: frozenset(),
}
"""From where to where; None is before the request. `docs/requests.md` draws it, and a test compares the two."""
OBSERVED = frozenset({State.PROVISIONED, State.PARTIALLY_PROVISIONED})
"""What the platform's own record says after a deploy. A file that claims it is refused."""

Moment = Annotated[
    str, pydantic.StringConstraints(pattern=r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$")
]
"""A time, UTC to the second, e.g. `2026-07-01T08:00:00Z`."""
Words = Annotated[str, pydantic.StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]
Signature = Annotated[
    str,
    pydantic.StringConstraints(
        pattern=r"^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=]{1,80}\n){1,20}-----END SSH SIGNATURE-----\n$",
        max_length=2000,
    ),
]
"""An armored SSHSIG (OpenSSH PROTOCOL.sshsig)."""
Number = Annotated[int, pydantic.Field(ge=1, le=MOST)]


class Source(enum.StrEnum):
    """How somebody was known."""

    CI = "ci"
    GIT = "git"
    OS = "os"
    KEY = "key"
    """By the key that signed."""


class Requester(base.Model):
    """Who asked."""

    person: tenants.Person
    source: Source


class Cost(base.Model):
    """What a tenant takes in all its environments."""

    cpu: int
    """Cores."""
    memory_gi: int
    """GiB, as the next two."""
    storage_gi: int
    database_gi: int
    pods: int
    connections: int
    """To databases, at most."""


class Transition(base.Model):
    """One step of a request's way."""

    state: State
    at: Moment
    by: tenants.Person
    """A person, or `govcloud` where a rule decided."""
    reason: Words | None = None


class Decision(base.Model):
    """What a person decided, provably."""

    approver: tenants.Person
    at: Moment
    signature: Signature


class Request(base.Model):
    """`requests/<tenant>/<NNNN>.json`."""

    api_version: Literal["govcloud/v1"]
    kind: Literal["Request"]
    platform: names.Id
    """`metadata.id` of `platform.yaml`, so that no other platform's approval fits."""
    environment: names.Id
    tenant: names.Id
    number: Number
    change: Kind
    zone: names.Id
    side: platforms.Side
    organisation: names.Id
    """Who owns the budget, and so decides."""
    level: platforms.Level
    automatic: bool
    reasons: tuple[Words, ...]
    """Why a rule may decide, or why a person must."""
    before: Cost | None
    """By `original`; null: nothing."""
    after: Cost | None
    """By `requested`; null: nothing (decommission)."""
    requester: Requester
    original: tenants.Tenant | None
    """What a person last decided; null: nothing yet."""
    requested: tenants.Tenant
    """The tenant's file when it was submitted; with `decommission`: what is to go."""
    state: State
    history: Annotated[tuple[Transition, ...], pydantic.Field(min_length=1, max_length=8)]
    decided: tenants.Tenant | None = None
    """What was approved."""
    decision: Decision | None = None

    @pydantic.model_validator(mode="after")
    def _is_consistent(self) -> Request:
        for wrong in _inconsistencies(self):
            raise ValueError(wrong)
        return self

    @property
    def name(self) -> str:
        """How people speak of it, e.g. `finance/0003`."""
        return f"{self.tenant}/{self.number:04d}"


def _inconsistencies(request: Request) -> Iterable[str]:
    last: State | None = None
    for step in request.history:
        if step.state in OBSERVED:
            yield f"{step.state} is recorded by the platform, never in the file"
        if step.state not in TRANSITIONS[last]:
            yield f"nothing leads from {last or 'the beginning'} to {step.state}"
        last = step.state
    if request.state is not last:
        yield f"state is {request.state}, but its history ends with {last}"
    if request.history[0].state is State.PENDING and request.history[0].by != request.requester.person:
        yield "its history begins with somebody else than its requester"
    if request.requested.metadata.id != request.tenant or request.requested.spec.zone != request.zone:
        yield "what is requested is another tenant's, or in another zone"
    if request.original is not None and request.original.metadata.id != request.tenant:
        yield "the original is another tenant's"
    yield from _undecided(request)


def _undecided(request: Request) -> Iterable[str]:
    """What contradicts itself between the history and the decision."""
    deciding = decided_by(request)
    if (deciding is None) != (request.decision is None):
        yield "a decision of a person and its signature belong together"
    if deciding is not None and request.decision is not None:
        if (deciding.by, deciding.at) != (request.decision.approver, request.decision.at):
            yield "the decision is not the one in its history"
        if deciding.state is State.REJECTED and deciding.reason is None:
            yield "a rejection without a reason"
    granted = any(step.state in {State.APPROVED, State.AUTO_APPROVED} for step in request.history)
    if granted != (request.decided is not None) or (granted and request.decided != request.requested):
        yield "what was decided is not what was requested"


def decided_by(request: Request) -> Transition | None:
    """The step in which a person approved or rejected."""
    return next((step for step in request.history if step.state in {State.APPROVED, State.REJECTED}), None)


def canonical(tenant: tenants.Tenant | None) -> str:
    """The one JSON text of a tenant (`null` for none): sorted keys, no spaces, defaults left out.

    Without defaults, so that a field which a later GovCloud adds changes no digest.
    """
    return _dense(None if tenant is None else tenant.model_dump(mode="json", exclude_defaults=True))


def digest(tenant: tenants.Tenant | None) -> str:
    """`sha256:` and the checksum of `canonical`."""
    return _digest(canonical(tenant))


def payload(request: Request, *, verdict: State, approver: str, at: str, reason: str | None) -> str:
    """What is signed for a decision: where, what, who, when, and a digest of all else that the file says before it.

    `verdict` is APPROVED or REJECTED; `at` a `Moment`. Two texts are equal only if every part is.
    """
    before = request.history[: _steps_before_decision(request)]
    submitted = request.model_dump(
        mode="json", exclude_defaults=True, exclude={"state", "history", "decided", "decision"}
    )
    history = [step.model_dump(mode="json", exclude_defaults=True) for step in before]
    parts: dict[str, Any] = {
        "platform": request.platform,
        "environment": request.environment,
        "side": request.side.value,
        "zone": request.zone,
        "tenant": request.tenant,
        "number": request.number,
        "change": request.change.value,
        "requested": digest(request.requested),
        "original": digest(request.original),
        "requester": request.requester.person,
        "organisation": request.organisation,
        "approver": approver,
        "decision": verdict.value,
        "at": at,
        "reason": reason,
        "record": _digest(_dense({"submitted": submitted, "history": history})),
    }
    return _DOMAIN + _dense(parts)


def signed(request: Request) -> str | None:
    """The text that the request's own decision must be a signature of; None if no person decided it."""
    step = decided_by(request)
    if step is None:
        return None
    return payload(request, verdict=step.state, approver=step.by, at=step.at, reason=step.reason)


def _steps_before_decision(request: Request) -> int:
    step = decided_by(request)
    return len(request.history) if step is None else request.history.index(step)


def advance(
    request: Request, state: State, *, by: str, at: str, reason: str | None = None, signature: str | None = None
) -> Request:
    """The request after one more step. Raises `ValueError` where no transition leads there."""
    step = Transition(state=state, at=at, by=by, reason=reason)
    changed: dict[str, Any] = {"state": state, "history": (*request.history, step)}
    if state is State.APPROVED:
        changed["decided"] = request.requested
    if signature is not None:
        changed["decision"] = Decision(approver=by, at=at, signature=signature)
    fields = {name: getattr(request, name) for name in Request.model_fields}
    return Request.model_validate({**fields, **changed})


def render(request: Request) -> str:
    """The file's text; the only one that is taken for this request."""
    content = request.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def parse(text: str) -> Request:
    """The request in a file's text. Raises `ValueError` (pydantic's is one), also where `render` would write another.

    A key that is there twice, or a value behind an escape, would show a reader something else than what counts.
    """
    request = Request.model_validate_json(text, by_alias=True, by_name=False)
    if render(request) != text:
        raise ValueError("it is not written as govcloud writes it")
    return request


def newest(requests: Iterable[Request]) -> Request | None:
    """The one with the highest number; only that can approve anything."""
    return max(requests, key=lambda request: request.number, default=None)


def in_flight(requests: Iterable[Request]) -> Request | None:
    """The one that waits for a person."""
    return next((request for request in requests if request.state is State.PENDING), None)


Step = tuple[str, int, State]
"""Tenant, number, state: what the audit log knows of a transition."""


def unseen(requests: Iterable[Request], seen: Collection[Step]) -> tuple[tuple[Request, Transition], ...]:
    """Transitions of `requests` that the audit log (`seen`) has not, by tenant, number, and the order they happened."""
    known = frozenset(seen)
    ordered = sorted(requests, key=lambda request: (request.tenant, request.number))
    return tuple(
        (request, step)
        for request in ordered
        for step in request.history
        if (request.tenant, request.number, step.state) not in known
    )


def floor(seen: Iterable[Step]) -> dict[str, int]:
    """Per tenant, the lowest number that may still approve, by the audit log: nothing older than its newest decision.

    What was rejected stays so, even if its file is put back. What nobody signed does not count: a forged file with a
    high number would lock the tenant out.
    """
    lowest: dict[str, int] = {}
    for tenant, number, state in seen:
        if state in {State.APPROVED, State.REJECTED, *OBSERVED}:
            least = number + 1 if state is State.REJECTED else number
            lowest[tenant] = max(lowest.get(tenant, 0), least)
    return lowest


def _dense(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
