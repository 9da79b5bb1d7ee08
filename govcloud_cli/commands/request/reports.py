"""What the words of `govcloud request` print of a request, for people and as JSON."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcloud_cli.governance import budgets, requests
    from govcloud_cli.model import inventory
    from govcloud_cli.run import request_desk

STATES = {
    "PENDING": "待审批",
    "APPROVED": "已批准",
    "AUTO_APPROVED": "自动批准",
    "REJECTED": "已驳回",
    "CANCELLED": "已撤回",
    "PROVISIONED": "已交付",
    "PARTIALLY_PROVISIONED": "部分交付",
}
KINDS = {"create": "新增", "change": "变更", "decommission": "注销"}
_LABELS = (
    ("cpu", "cpu", "核"),
    ("memoryGi", "memory", "GiB 内存"),
    ("storageGi", "storage", "GiB 存储"),
    ("databaseGi", "database", "GiB 数据库"),
    ("pods", "pods", ""),
    ("connections", "connections", "连接"),
)


def desk(environment: str, *, now: datetime.datetime | None = None) -> request_desk.Desk:
    """The requests of an environment."""
    from govcloud_cli.run import request_desk

    folder = options.find_inventory(environment)
    return request_desk.Desk(site=runs.site(environment), folder=folder, now=now or runs.now())


def none_needed() -> errors.UsageError:
    """Where nobody has to approve, nothing can be decided."""
    return errors.UsageError(
        "no approval is needed (无需审批): people.yaml names nobody who approves", remedy="nothing is to be decided"
    )


def document(request: requests.Request, spec: inventory.Inventory, *, state: str | None = None) -> dict[str, Any]:
    """A request as every word prints it with `--json`."""
    from govcloud_cli.governance import jurisdiction
    from govcloud_cli.governance import requests as all_requests

    shown = state or request.state.value
    return {
        "request": request.name,
        "tenant": request.tenant,
        "number": request.number,
        "change": request.change.value,
        "state": shown,
        "stateText": STATES[shown],
        "requester": request.requester.person,
        "organisation": request.organisation,
        "level": request.level.value,
        "approvers": [person.id for person in jurisdiction.approvers(request, spec)],
        "automatic": request.automatic,
        "reasons": list(request.reasons),
        "before": None if request.before is None else request.before.model_dump(by_alias=True),
        "after": None if request.after is None else request.after.model_dump(by_alias=True),
        "requestedDigest": all_requests.digest(request.requested),
        "approver": None if request.decision is None else request.decision.approver,
        "history": [
            {"state": step.state.value, "at": step.at, "by": step.by, "reason": step.reason} for step in request.history
        ],
    }


def show(request: requests.Request, spec: inventory.Inventory, *, reasons: Sequence[str] | None = None) -> None:
    """Print what is asked for: cost, budget, class, who decides; `reasons` are those that hold now."""
    from govcloud_cli.governance import budgets as all_budgets
    from govcloud_cli.governance import drafts, jurisdiction

    console = output.console()
    kind, state = request.change.value, request.state.value
    console.print(f"{request.name}  {kind} ({KINDS[kind]})  {state} ({STATES[state]})", soft_wrap=True)
    console.print(f"  by 申请人   {request.requester.person} ({request.requester.source.value})", soft_wrap=True)
    for step in request.history:
        if step.reason:
            console.print(f"  {step.state.value}: {step.reason}", soft_wrap=True)
    console.print(f"  cost 用量   {_cost(request)}", soft_wrap=True)
    account = drafts.left(spec, request.requested)
    if account is not None:
        console.print(f"  budget 预算 {_left(account)} at {all_budgets.place(account.organisation)}", soft_wrap=True)
    for field, old, new in drafts.changed_fields(request) if request.original is not None else ():
        console.print(f"  ~ {field}: {old} -> {new}", soft_wrap=True)
    for reason in request.reasons if reasons is None else reasons:
        console.print(f"  why 理由    {reason}", soft_wrap=True)
    if state == "PENDING":
        named = ", ".join(f"{one.display_name} ({one.id})" for one in jurisdiction.approvers(request, spec))
        level = all_budgets.LEVELS[request.level]
        console.print(f"  ask 审批人  {named or 'nobody in people.yaml may decide this'}, {level}", soft_wrap=True)


def _cost(request: requests.Request) -> str:
    before = {} if request.before is None else request.before.model_dump(by_alias=True)
    after = {} if request.after is None else request.after.model_dump(by_alias=True)
    parts = []
    for field, label, unit in _LABELS:
        old, new = before.get(field, 0), after.get(field, 0)
        if old or new:
            parts.append(f"{label} {old} -> {new} {unit}".rstrip() if old != new else f"{label} {new} {unit}".rstrip())
    return ", ".join(parts) or "nothing"


def _left(account: budgets.Account) -> str:
    from govcloud_cli.governance import demand

    remaining = account.remaining
    if remaining is None:
        return "not limited (不限)"
    parts = (f"{one.label} {one.tell(remaining.amount(one.field))}" for one in demand.BUDGETED)
    return f"left with this 剩余: {', '.join(parts)}"
