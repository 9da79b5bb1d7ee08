"""What a deploy passes before it changes anything: approvals, budgets, policies. Each names all that stops it."""

from __future__ import annotations

import datetime
import pathlib

from govcloud_cli import counting, errors
from govcloud_cli.compliance import findings
from govcloud_cli.model import policies as models
from govcloud_cli.plan import plans
from govcloud_cli.run import applied, assessing, decisions, ledger, request_audit, requests, sites
from govcloud_cli.run import policies as run_policies

_TOLD = 20
"""Findings that an error lists; `govcloud policy check` lists all."""


def approvals(
    site: sites.Site, folder: pathlib.Path, book: ledger.Ledger, *, now: datetime.datetime
) -> requests.Clearance:
    """What may be deployed of the inventory in `folder`, by its people and budgets.

    Raises `errors.PolicyDeniedError` for what nobody approved, and for a budget that would be overrun.
    """
    seen = request_audit.known(site) if site.spec.needs_approval else None
    cleared = requests.gate(site, folder, now=now, seen=seen)
    book.note_requests(cleared)
    records = {side: decisions.load(site.space.side(side)) for side in site.sides}
    standing = [name for side in site.sides for name in applied.load(site.space.side(side)).tenants]
    growing = [one for one in assessing.overruns(site.spec, records, standing) if one.grows]
    if growing:
        raise errors.PolicyDeniedError(
            f"{len(growing)} budgets (预算) would be overrun",
            where=str(folder),
            cause="\n".join(str(one) for one in growing),
            remedy="ask for less, or have the budget raised in platform.yaml",
        )
    return cleared


def approvals_note(cleared: requests.Clearance) -> str:
    """What the gate of approvals came to, in a line."""
    verdicts = [verdict for found in cleared.verdicts.values() for verdict in found]
    changed = [verdict for verdict in verdicts if verdict.changed]
    if not cleared.required:
        return "nobody has to approve here: people.yaml names no approver"
    if not changed:
        return f"{counting.counted(len(verdicts), 'tenant')} as decided"
    told = "; ".join(f"{verdict.tenant}: {verdict.why}" for verdict in changed[:3])
    return f"{len(changed)} of {len(verdicts)} tenants changed: {told}" + (", …" if len(changed) > 3 else "")


def policies(site: sites.Site, folder: pathlib.Path, plan: plans.Plan, *, today: datetime.date) -> findings.Report:
    """What the policies say of `plan`, which is of the inventory in `folder`.

    Raises `errors.PolicyDeniedError` for a mandatory finding that nothing excuses and for a waiver that ended, and
    `errors.UnjudgedError` where something could not be judged: that is no pass.
    """
    report = run_policies.judge(site, plan, today=today, folder=folder)
    stopping = report.stopping(models.MANDATORY)
    unjudged = report.unjudgeable()
    if not stopping and not unjudged:
        return report
    told = [*unjudged, *stopping]
    rest = len(told) - _TOLD
    cause = "\n".join([*told[:_TOLD], *([f"and {rest} more"] if rest > 0 else [])])
    again = f"`govcloud policy check --env {site.spec.environment}` tells all, with what to do"
    if unjudged:
        raise errors.UnjudgedError(
            "the policies could not judge everything (未能完成合规检查)", cause=cause, remedy=again
        )
    raise errors.PolicyDeniedError(
        f"{len(stopping)} findings of policies stop this deploy (合规检查不予通过)", cause=cause, remedy=again
    )


def policies_note(report: findings.Report) -> str:
    """What the gate of policies came to, in a line."""
    told = f"{len(report.rules)} policies of {report.profile.value}, {report.evaluations} judgements"
    advice = len(report.of(findings.Outcome.FAIL))
    waived = len(report.of(findings.Outcome.WAIVED))
    parts = [f"{advice} to look at" if advice else "", f"{waived} waived" if waived else ""]
    return ", ".join(filter(None, [told, *parts]))
