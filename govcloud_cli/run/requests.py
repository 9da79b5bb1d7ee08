"""The gate of approvals, which deploy passes before it changes anything, and what it remembers afterwards."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.governance import approvals, jurisdiction, requests, usage
from govcloud_cli.model import platforms, tenants
from govcloud_cli.run import applied, decisions, request_files, signing, sites
from govcloud_cli.run import usage as run_usage


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clearance:
    """What the gate let through; `mark_provisioned` wants it back."""

    required: bool
    """Whether people decide here at all."""
    verdicts: Mapping[platforms.Side, tuple[approvals.Verdict, ...]]
    """Of every tenant of the side, and of those that are to be removed."""
    unseen: tuple[tuple[requests.Request, requests.Transition], ...]
    """Transitions that the audit log has not, whose signatures hold; `request.side` says whose log."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Provisioned:
    """A deploy's word on a tenant: the last transition of its request, for the audit log."""

    tenant: str
    number: int
    """0 where no request was needed."""
    state: requests.State
    digest: str
    """Of what was applied; empty for a tenant that was removed."""
    approver: str | None


def gate(
    site: sites.Site,
    folder: pathlib.Path,
    *,
    now: datetime.datetime,
    measured: Mapping[str, usage.Usage] | None = None,
    seen: Collection[requests.Step] | None = None,
) -> Clearance:
    """Whether `site` may be deployed as its inventory (in `folder`) says now; changes nothing.

    `measured` is the use of tenants (None: what this host kept); `seen` what the audit log has of requests
    (`request_audit.seen`), None where there is none. Raises `errors.PolicyDeniedError` that names every tenant which is
    not approved. To be called with the environment's lock held and before anything is changed.
    """
    records = {side: decisions.load(site.space.side(side)) for side in site.sides}
    cases = {side: list(_cases(site, side, record)) for side, record in records.items()}
    if not site.spec.needs_approval:
        _still_unrequired(site, records)
        return Clearance(
            required=False, verdicts={side: tuple(map(_unjudged, found)) for side, found in cases.items()}, unseen=()
        )
    changed = {case.tenant for found in cases.values() for case in found if _differs(case)}
    known = request_files.load(folder, None if seen is not None else changed) if changed or seen is not None else ()
    with signing.verifier(site.spec.people) as verify:
        rules = approvals.Rules(
            spec=site.spec,
            today=now.astimezone(datetime.UTC).date(),
            verify=signing.beforehand(verify, _signatures(known, changed)),
            usage=used(site, changed, now=now) if measured is None else measured,
            floor=requests.floor(seen or ()),
        )
        judged = {side: approvals.judge_all(_with_requests(found, known), rules) for side, found in cases.items()}
        refusals = [refusal for _, refused in judged.values() for refusal in refused]
        if refusals:
            raise _denied(refusals)
        unseen = tuple(
            pair for pair in requests.unseen(known, seen or ()) if pair[0].side in site.sides and _holds(pair[0], rules)
        )
    return Clearance(required=True, verdicts={side: granted for side, (granted, _) in judged.items()}, unseen=unseen)


def used(site: sites.Site, wanted: Collection[str], *, now: datetime.datetime) -> dict[str, usage.Usage]:
    """The use of the tenants `wanted`, as this host measured it; a tenant that is missing was not measured."""
    taken: dict[str, list[usage.Sample]] = {}
    for side in site.sides if wanted else ():
        for sample in run_usage.read(site.space.side(side).path):
            taken.setdefault(sample.tenant, []).append(sample)
    return {one: usage.summarise(taken[one], tenant=one, now=now) for one in wanted if one in taken}


def mark_provisioned(
    site: sites.Site,
    clearance: Clearance,
    side: platforms.Side,
    *,
    done: Collection[str],
    failed: Collection[str] = (),
    record: Callable[[Provisioned], None] = lambda _: None,
    now: datetime.datetime,
) -> tuple[Provisioned, ...]:
    """Record that a deploy applied the tenants `done` (removed ones too) and only a part of `failed`; return the news.

    `record` puts each into the audit log first: should it raise, the next deploy has the same news. To be called when
    a side's tenant stacks have ended, also where some failed.
    """
    folder = site.space.side(side)
    known = decisions.load(folder)
    entries, news = dict(known.tenants), []
    for verdict in clearance.verdicts[side]:
        if verdict.tenant not in done and verdict.tenant not in failed:
            continue
        complete = verdict.tenant not in failed
        before = entries.get(verdict.tenant)
        entries[verdict.tenant] = _entry(verdict, before, complete=complete, now=now)
        if verdict.changed:
            state = requests.State.PROVISIONED if complete else requests.State.PARTIALLY_PROVISIONED
            news.append(
                Provisioned(
                    tenant=verdict.tenant,
                    number=verdict.number,
                    state=state,
                    digest=verdict.digest,
                    approver=verdict.approver,
                )
            )
    for one in news:
        record(one)
    required = clearance.required or known.required
    if news or required != known.required or entries.keys() != known.tenants.keys():
        decisions.save(folder, decisions.Record(required=required, tenants=entries))
    return tuple(news)


def _entry(
    verdict: approvals.Verdict, before: decisions.Entry | None, *, complete: bool, now: datetime.datetime
) -> decisions.Entry:
    if not verdict.changed and before is not None and complete:
        return before
    kept = None if before is None else before.applied
    return decisions.Entry(
        applied=verdict.now if complete else kept,
        attempted=verdict.digest,
        number=verdict.number,
        decided=verdict.decided,
        at=moment(now),
    )


def observed(request: requests.Request, entry: decisions.Entry | None) -> requests.State:
    """The request's state, with what the platform's own record knows of it."""
    if entry is None or request.state not in {requests.State.APPROVED, requests.State.AUTO_APPROVED}:
        return request.state
    removal = request.change is requests.Kind.DECOMMISSION
    wanted = "" if removal else requests.digest(request.requested)
    if entry.number > request.number or (
        entry.last.digest == wanted and (not removal or entry.number == request.number)
    ):
        return requests.State.PROVISIONED
    if entry.attempted == wanted and entry.number == request.number:
        return requests.State.PARTIALLY_PROVISIONED
    return request.state


def moment(now: datetime.datetime) -> str:
    """A time as requests have it: UTC, to the second."""
    return f"{now.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _cases(site: sites.Site, side: platforms.Side, record: decisions.Record) -> Iterator[approvals.Case]:
    here = {tenant.metadata.id: tenant for tenant in site.spec.tenants}
    standing = {name for name, entry in record.tenants.items() if entry.applied is not None or entry.attempted}
    gone = (standing | set(applied.load(site.space.side(side)).tenants)) - here.keys()
    mine = [tenant for tenant in site.spec.tenants if site.spec.zone(tenant.spec.zone).side is side]
    for tenant in mine:
        yield _case(tenant.metadata.id, tenant, record)
    for identifier in sorted(gone):
        yield _case(identifier, None, record)


def _case(identifier: str, now: tenants.Tenant | None, record: decisions.Record) -> approvals.Case:
    entry = record.tenants.get(identifier)
    return approvals.Case(tenant=identifier, now=now, last=None if entry is None else entry.last, requests=())


def _differs(case: approvals.Case) -> bool:
    return case.now is None or case.last is None or case.last.digest != requests.digest(case.now)


def _with_requests(cases: Iterable[approvals.Case], known: Sequence[requests.Request]) -> list[approvals.Case]:
    by_tenant: dict[str, list[requests.Request]] = {}
    for request in known:
        by_tenant.setdefault(request.tenant, []).append(request)
    return [dataclasses.replace(case, requests=tuple(by_tenant.get(case.tenant, ()))) for case in cases]


def _unjudged(case: approvals.Case) -> approvals.Verdict:
    """Where nobody has to approve: what is there counts as decided, should people be named one day."""
    return approvals.Verdict(
        tenant=case.tenant,
        why="no approvals are required here",
        now=case.now,
        decided=case.now,
        number=0 if case.last is None else case.last.number,
        changed=_differs(case),
    )


def _signatures(known: Sequence[requests.Request], changed: Collection[str]) -> list[tuple[str, str, str]]:
    """What will have to be verified: the decision of each changed tenant's newest request."""
    newest = {request.tenant: request for request in known if request.tenant in changed}
    return [
        (text, request.decision.signature, request.decision.approver)
        for request in newest.values()
        if request.decision is not None and (text := requests.signed(request)) is not None
    ]


def _holds(request: requests.Request, rules: approvals.Rules) -> bool:
    """Whether the request is from here and, where it says that a person decided it, that person did."""
    if requests.decided_by(request) is None:
        return jurisdiction.place_fault(request, rules.spec) is None
    return approvals.decision_fault(request, rules) is None


def _still_unrequired(site: sites.Site, records: Mapping[platforms.Side, decisions.Record]) -> None:
    """Who removes people.yaml would otherwise have removed the need to ask."""
    if any(record.required for record in records.values()):
        raise errors.PolicyDeniedError(
            f"environment {site.spec.environment} was deployed with approvals, and now nobody may approve",
            where="people.yaml",
            remedy="put people.yaml back, with at least one person who approves",
        )


def _denied(refusals: Sequence[approvals.Refusal]) -> errors.PolicyDeniedError:
    noun = "tenant is" if len(refusals) == 1 else "tenants are"
    return errors.PolicyDeniedError(
        f"{len(refusals)} {noun} not approved as the inventory has them now; nothing was changed",
        cause="\n".join(map(str, refusals)),
        remedy="\n".join(dict.fromkeys(refusal.remedy for refusal in refusals)),
    )
