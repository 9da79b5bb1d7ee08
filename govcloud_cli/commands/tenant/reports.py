"""An assessment of requests as text that fits a pull request's comment, and as a JSON document."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from govcloud_cli.governance import assessments, budgets, demand, lifecycle
from govcloud_cli.model import tenants
from govcloud_cli.run import history


def text(
    report: assessments.Report,
    *,
    environment: str,
    start: history.Base | None,
    today: datetime.date,
) -> str:
    """What a person reads: refusals first, then each tenant, then budgets that are overrun already."""
    return "\n".join(_lines(report, environment, start, today))


def document(report: assessments.Report, *, environment: str, start: history.Base | None) -> dict[str, Any]:
    """What a machine reads; `docs/json.md` has its fields."""
    return {
        "ok": not report.refusals,
        "environment": environment,
        "since": None if start is None else {"reference": start.reference, "commit": start.commit},
        "tenants": [_tenant_document(one) for one in report.assessments],
        "overruns": [
            {
                "organisation": one.organisation.id,
                "level": one.organisation.level.value,
                "resource": one.resource.label,
                "unit": one.resource.unit or "cores",
                "requested": one.requested,
                "used": one.used,
                "limit": one.limit,
                "grows": one.grows,
            }
            for one in report.overruns
        ],
        "refusals": [{"message": one.message, "remedy": one.remedy} for one in report.refusals],
    }


def amounts(asked: demand.Demand) -> dict[str, int]:
    """A demand as JSON documents have it."""
    return {
        "cpu": asked.cpu,
        "memoryGi": asked.memory_gi,
        "storageGi": asked.storage_gi,
        "databaseGi": asked.database_gi,
        "pods": asked.pods,
        "connections": asked.connections,
    }


def cost(asked: demand.Demand, before: demand.Demand | None = None) -> str:
    """A demand as people read it, e.g. `cpu 8 (+4), memory 16 GiB, …`; with what it was, what is more or less of it."""
    parts = []
    for label, field, unit in _COST:
        amount = asked.amount(field)
        difference = 0 if before is None else amount - before.amount(field)
        parts.append(f"{label} {amount}{unit}{f' ({difference:+d})' if difference else ''}")
    return ", ".join(parts)


_COST = (
    *((one.label, one.field, f" {one.unit}" if one.unit else "") for one in demand.BUDGETED),
    ("pods", "pods", ""),
    ("connections", "connections", ""),
)


def _budgeted(asked: demand.Demand | None) -> dict[str, int] | None:
    if asked is None:
        return None
    return {key: amount for key, amount in amounts(asked).items() if key not in {"pods", "connections"}}


def _tenant_document(one: assessments.Assessment) -> dict[str, Any]:
    organisation = one.account.organisation
    change = one.change
    return {
        "tenant": one.tenant.metadata.id,
        "displayName": one.tenant.metadata.display_name,
        "cost": amounts(one.cost),
        "costBefore": None if one.cost_before is None else amounts(one.cost_before),
        "budget": {
            "organisation": organisation.id,
            "displayName": organisation.display_name,
            "level": organisation.level.value,
            "limit": _budgeted(one.account.limit),
            "carved": _budgeted(one.account.carved),
            "used": _budgeted(one.account.used),
            "remaining": _budgeted(one.account.remaining),
            "remainingBefore": _budgeted(one.remaining_before),
        },
        "change": None if change is None else {"automatic": change.automatic, "reasons": list(change.reasons)},
        "approvers": [person.id for person in one.approvers],
    }


def _lines(
    report: assessments.Report, environment: str, start: history.Base | None, today: datetime.date
) -> Iterator[str]:
    count = len(report.assessments)
    if start is None:
        yield f"Environment '{environment}' is valid: {count} tenant{'' if count == 1 else 's'} (租户)."
    else:
        yield f"Environment '{environment}' since {start.reference} ({start.commit[:12]}):" + (
            "" if count else " no tenant changed."
        )
    for refusal in report.refusals:
        yield f"REFUSED (不予通过): {refusal.message}"
        yield f"  fix: {refusal.remedy}"
    for one in report.assessments:
        yield ""
        yield from _tenant_lines(one)
        yield from _ends(one.tenant, today)
    reported = [one for one in report.overruns if not one.grows]
    if reported:
        yield ""
        yield "Overrun already (已超预算); shrinking is always possible, growing is not:"
        yield from (f"  {one}" for one in reported)
    if start is not None and not report.refusals and count:
        yield ""
        yield _outcome(report)


def _tenant_lines(one: assessments.Assessment) -> Iterator[str]:
    yield f"{one.tenant.metadata.id} {one.tenant.metadata.display_name}"
    yield f"  cost (用量): {cost(one.cost, one.cost_before)}"
    yield f"  budget (预算): {budgets.place(one.account.organisation)}: {_left(one)}"
    if one.change is None:
        return
    yield f"  change (变更): {'automatic (自动)' if one.change.automatic else 'a person decides (人工审批)'}"
    yield from (f"    - {reason}" for reason in one.change.reasons)
    if not one.change.automatic:
        names = ", ".join(f"{person.display_name} ({person.id})" for person in one.approvers)
        who = names or "nobody is named in people.yaml; whoever merges decides"
        yield f"  approval (审批): {budgets.place(one.account.organisation)}: {who}"


def _ends(tenant: tenants.Tenant, today: datetime.date) -> Iterator[str]:
    """Last days that are near or past: a year that was mistyped freezes a tenant on its first day."""
    for one in tenant.spec.environments:
        state = lifecycle.phase(tenant, one, freezes=(), today=today)
        if state.is_over:
            yield f"  last day (到期): {one.name.value} is frozen: {state.reason}: extend expiresOn"
        elif state.phase is lifecycle.Phase.EXPIRING:
            yield f"  last day (到期): {one.name.value} is frozen after {one.expires_on} (即将到期): extend expiresOn"


def _left(one: assessments.Assessment) -> str:
    limit, remaining = one.account.limit, one.account.remaining
    if limit is None or remaining is None:
        return "unlimited, no budget is declared"
    told = []
    for resource in demand.BUDGETED:
        left = remaining.amount(resource.field)
        before = left if one.remaining_before is None else one.remaining_before.amount(resource.field)
        was = f", {before} before" if before != left else ""
        told.append(f"{resource.label} {left} of {resource.tell(limit.amount(resource.field))}{was}")
    return f"left are {'; '.join(told)}"


def _outcome(report: assessments.Report) -> str:
    if all(one.change is None or one.change.automatic for one in report.assessments):
        return "Next: merge it; nobody has to decide (无需审批)."
    if any(one.approvers for one in report.assessments):
        waiting = [one.tenant.metadata.id for one in report.assessments if one.change and not one.change.automatic]
        return f"Next: have it decided (审批): govcloud request submit {' '.join(waiting[:1])}"
    return "Next: review and merge it."
