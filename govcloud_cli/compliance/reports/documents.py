"""A report as JSON: what `govcloud policy check --json` prints. The shape is versioned; docs/json.md has its table."""

from __future__ import annotations

import collections
from typing import Any

from govcloud_cli.compliance import findings
from govcloud_cli.compliance.reports import identity, texts
from govcloud_cli.model import policies

SCHEMA_VERSION = 1
"""Within a version fields are only added."""

Json = dict[str, Any]


def render(report: findings.Report, *, exit_code: int, inputs_digest: str | None = None) -> str:
    """The whole report. `exit_code`: what the run ends with; `inputs_digest`: of the bytes that were read, if known."""
    return texts.dump(document(report, exit_code=exit_code, inputs_digest=inputs_digest))


def document(report: findings.Report, *, exit_code: int, inputs_digest: str | None = None) -> Json:
    """As `render`, not yet text."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "profile": report.profile.value,
        "day": report.today.isoformat(),
        "digests": {"rules": identity.ruleset(report.rules), "inputs": inputs_digest},
        "findings": [_finding(result) for result in report.results],
        "summary": _summary(report, exit_code),
        "rules": [_rule(report, counts) for counts in _counts(report)],
        "waivers": [_notice(notice) for notice in report.notices],
        "problems": [texts.line(problem) for problem in report.problems],
    }


def _finding(result: findings.Result) -> Json:
    policy, subject = result.policy, result.subject
    return {
        "rule": policy.metadata.id,
        "severity": policy.spec.severity.value,
        "outcome": result.outcome.value,
        "resource": texts.key(subject.key),
        "input": subject.input.value,
        "file": texts.line(subject.place.file) if subject.place else None,
        "line": result.line,
        "path": [texts.line(part, 200) if isinstance(part, str) else part for part in result.path],
        "message": texts.line(result.message),
        "title": policy.metadata.title.model_dump(),
        "remediation": policy.spec.remediation.model_dump(),
        "controls": {name: list(ids) for name, ids in policy.spec.controls.model_dump().items()},
        "waivable": policy.spec.waivable,
        "waiver": result.waiver,
        "waiverRequested": texts.line(result.requested) if result.requested is not None else None,
        "fingerprint": identity.fingerprint(result),
    }


def _summary(report: findings.Report, exit_code: int) -> Json:
    outcomes = collections.Counter(result.outcome for result in report.results)
    severities = collections.Counter(r.policy.spec.severity for r in report.of(findings.Outcome.FAIL))
    return {
        "inputs": [{"name": texts.line(one.name), "seen": one.seen, "judged": one.judged} for one in report.inputs],
        "seen": sum(one.seen for one in report.inputs),
        "skipped": report.skipped,
        "rules": len(report.rules),
        "evaluations": report.evaluations,
        "outcomes": {
            one.value: sum(report.passed.values()) if one is findings.Outcome.PASS else outcomes[one]
            for one in findings.Outcome
        },
        "severities": {severity.value: severities[severity] for severity in policies.Severity},
        "judged": not report.unjudged,
        "seconds": round(report.seconds, 3),
        "exitCode": exit_code,
    }


def _counts(report: findings.Report) -> list[tuple[str, collections.Counter[findings.Outcome]]]:
    counted = {rule.metadata.id: collections.Counter[findings.Outcome]() for rule in report.rules}
    for result in report.results:
        counted.setdefault(result.policy.metadata.id, collections.Counter())[result.outcome] += 1
    return list(counted.items())


def _rule(report: findings.Report, counts: tuple[str, collections.Counter[findings.Outcome]]) -> Json:
    rule, outcomes = counts
    passed = report.passed.get(rule, 0)
    return {"id": rule, "passed": passed, "other": {one.value: count for one, count in sorted(outcomes.items())}}


def _notice(notice: findings.WaiverNotice) -> Json:
    return {
        "waiver": texts.line(notice.waiver),
        "rule": texts.line(notice.rule),
        "kind": notice.kind,
        "detail": texts.line(notice.detail),
        "fails": notice.fails,
    }
