"""Which waivers are in force, and what they let be: the one place that says so, for CI, for deploy and for the cluster.

Days are UTC, the last one inclusive. A waiver that is not in force lets nothing be, and tells why; no waiver covers
what could not be judged. What it lets be is judged all the same and stays in the report.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from govcloud_cli.compliance import findings, subjects
from govcloud_cli.model import policies
from govcloud_cli.model import waivers as models

SOON = datetime.timedelta(days=30)
"""A waiver that ends within so long is told of."""
_LONGEST = datetime.timedelta(days=models.LONGEST_DAYS)
_ANNOTATION = "govcloud.io/waive."
_LONGEST_REASON = 200

Kind = Literal["expired", "refused"]
Asked = Container[tuple[str, str]]
"""Pairs of a rule's id and a `neighbourhood` in which the run asked it about something."""


def in_force(
    waivers: Iterable[models.Waiver],
    approvers: models.Approvers,
    rules: Iterable[policies.Policy],
    *,
    today: datetime.date,
) -> tuple[models.Waiver, ...]:
    """The waivers that count on `today` (UTC), by id. `rules` are all that there are, not those of one profile."""
    known = {rule.metadata.id: rule for rule in rules}
    found = [waiver for waiver in waivers if _fault(waiver, approvers, known, today=today) is None]
    return tuple(sorted(found, key=lambda waiver: waiver.metadata.id))


def apply(
    results: Sequence[findings.Result],
    waivers: Sequence[models.Waiver],
    approvers: models.Approvers,
    rules: Sequence[policies.Policy],
    *,
    today: datetime.date,
    asked: Asked = frozenset(),
) -> tuple[tuple[findings.Result, ...], tuple[findings.WaiverNotice, ...]]:
    """The results with what is waived marked so, and every waiver that wants attention.

    A waiver is called unused for a resource only if this run could know: if it asked the rule about something in the
    same neighbourhood (same kind and namespace), and found nothing to waive. One for another department's objects, or
    for an input that is not part of this run, is left alone.
    """
    valid = in_force(waivers, approvers, rules, today=today)
    # Of two for the same resource the one that ends last.
    covering = {
        (waiver.spec.rule, resource): waiver.metadata.id
        for waiver in sorted(valid, key=lambda waiver: (waiver.spec.expires, waiver.metadata.id))
        for resource in waiver.spec.resources
    }
    found = tuple(_waived(_with_request(result), covering) for result in results)
    notices = (
        *_ended(waivers, approvers, {rule.metadata.id: rule for rule in rules}, today=today),
        *_ending(valid, today=today),
        *_unused(valid, results, asked),
    )
    return found, tuple(sorted(notices, key=lambda notice: (not notice.fails, notice.kind, notice.waiver)))


def neighbourhood(key: str) -> str:
    """A resource's key without its name, e.g. `k8s:apps/Deployment/finance-prod/` or `flow:`."""
    return key[: key.rfind("/") + 1] or key[: key.find(":") + 1]


def _fault(
    waiver: models.Waiver, approvers: models.Approvers, rules: Mapping[str, policies.Policy], *, today: datetime.date
) -> tuple[Kind, str] | None:
    """Why a waiver lets nothing be; None if it is in force."""
    spec = waiver.spec
    rule = rules.get(spec.rule)
    if rule is None:
        return "refused", f"there is no rule {spec.rule}; `govcloud policy list` names them all"
    if not rule.spec.waivable:
        return "refused", f"{spec.rule} cannot be waived; mend what it finds, and remove the waiver"
    if spec.approver == spec.owner:
        return (
            "refused",
            f"{spec.approver} cannot approve what is asked for in the same name; another of approvers.yaml can",
        )
    if spec.approver not in approvers.people:
        return "refused", f"{spec.approver} is not among those who may approve (approvers.yaml)"
    if spec.expires < spec.created:
        return "refused", f"it ends on {spec.expires}, before it begins"
    if spec.expires - spec.created > _LONGEST:
        return (
            "refused",
            f"it lasts longer than {models.LONGEST_DAYS} days, from {spec.created} to {spec.expires}",
        )
    if spec.created > today:
        return "refused", f"it begins on {spec.created}, and today (UTC) is {today}"
    if spec.expires < today:
        return "expired", f"it ended on {spec.expires}; renew it or remove it"
    return None


def _ended(
    waivers: Iterable[models.Waiver],
    approvers: models.Approvers,
    rules: Mapping[str, policies.Policy],
    *,
    today: datetime.date,
) -> Iterator[findings.WaiverNotice]:
    for waiver in waivers:
        fault = _fault(waiver, approvers, rules, today=today)
        if fault is not None:
            yield _notice(waiver, *fault)


def _ending(valid: Iterable[models.Waiver], *, today: datetime.date) -> Iterator[findings.WaiverNotice]:
    for waiver in valid:
        left = waiver.spec.expires - today
        if left <= SOON:
            days = "today" if not left else f"in {left.days} days" if left.days > 1 else "tomorrow"
            yield _notice(waiver, "expiring", f"it ends {days}, on {waiver.spec.expires}")


def _unused(
    valid: Iterable[models.Waiver], results: Iterable[findings.Result], asked: Asked
) -> Iterator[findings.WaiverNotice]:
    # What could not be judged may well need its waiver.
    needed = {(result.policy.metadata.id, result.subject.key) for result in results}
    for waiver in valid:
        rule = waiver.spec.rule
        idle = [
            resource
            for resource in waiver.spec.resources
            if (rule, resource) not in needed and (rule, neighbourhood(resource)) in asked
        ]
        if idle:
            yield _notice(waiver, "unused", f"nothing is left to waive at {', '.join(idle)}; remove it")


def _notice(waiver: models.Waiver, kind: str, detail: str) -> findings.WaiverNotice:
    return findings.WaiverNotice(waiver=waiver.metadata.id, rule=waiver.spec.rule, kind=kind, detail=detail)


def _waived(result: findings.Result, covering: Mapping[tuple[str, str], str]) -> findings.Result:
    waiver = covering.get((result.policy.metadata.id, result.subject.key))
    if waiver is None or result.outcome is not findings.Outcome.FAIL:
        return result
    return dataclasses.replace(result, outcome=findings.Outcome.WAIVED, waiver=waiver)


def _with_request(result: findings.Result) -> findings.Result:
    """With the reason that the object's own annotation gives: who writes a manifest can ask, not decide."""
    if result.outcome is not findings.Outcome.FAIL or result.subject.input is not policies.Input.KUBERNETES:
        return result
    reason = _annotations(result.subject).get(f"{_ANNOTATION}{result.policy.metadata.id}")
    if not isinstance(reason, str) or not reason.strip():
        return result
    # One line that can be shown; what does not print might make it look like another.
    clean = "".join(char if char.isprintable() else " " for char in reason[: 2 * _LONGEST_REASON])
    line = " ".join(clean.split())
    shown = line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"
    return dataclasses.replace(result, requested=shown)


def _annotations(subject: subjects.Subject) -> Mapping[str, object]:
    metadata = subject.document.get("metadata") if isinstance(subject.document, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return annotations if isinstance(annotations, dict) else {}
