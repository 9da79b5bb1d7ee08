"""A report as JUnit XML, in the dialect that Jenkins and GitLab read.

A suite per kind of input. What did not pass has a case for each rule and resource; what passed has one for each rule,
so that a clean run is seen to have tested something. What the run lets pass is no failure: readers fail a build for
any.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence

import junitparser

from govcloud_cli.compliance import findings, subjects
from govcloud_cli.compliance.reports import texts
from govcloud_cli.model import policies

_MOST_OF_A_NAME = 400

# Worst first: a case has one result.
_RANKED = (
    findings.Outcome.ERROR,
    findings.Outcome.UNKNOWN,
    findings.Outcome.FAIL,
    findings.Outcome.WAIVED,
    findings.Outcome.BASELINED,
)


def render(report: findings.Report, *, threshold: policies.Severity) -> str:
    """The whole report.

    Failures are findings at or above `threshold` that nothing excuses, and waivers that ended; errors are what nobody
    judged. Findings below `threshold` are cases that pass, and say so.
    """
    root = junitparser.JUnitXml(f"govcloud policy check ({report.profile.value})")
    for suite in _suites(report, threshold):
        root.add_testsuite(suite)
    root.update_statistics()  # type: ignore[no-untyped-call]
    root.time = round(report.seconds, 3)
    text: bytes = root.tostring()  # type: ignore[no-untyped-call]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text.decode("utf-8")}\n'


def _suites(report: findings.Report, threshold: policies.Severity) -> Iterator[junitparser.TestSuite]:
    yield _suite("inputs", [*_inputs(report), *_problems(report)], {"profile": report.profile.value})
    cases: dict[policies.Input, list[junitparser.TestCase]] = collections.defaultdict(list)
    for kind, case in _judged(report, threshold):
        cases[kind].append(case)
    for kind in policies.Input:
        if kind in cases:
            yield _suite(kind.value, cases[kind], {"rules": str(_rules(report, kind))})
    if report.notices:
        yield _suite("waivers", [_notice(notice) for notice in report.notices], {"day": report.today.isoformat()})


def _suite(name: str, cases: list[junitparser.TestCase], facts: dict[str, str]) -> junitparser.TestSuite:
    suite = junitparser.TestSuite(name)
    for fact, value in facts.items():
        suite.add_property(fact, value)
    suite.add_testcases(cases)
    return suite


def _rules(report: findings.Report, kind: policies.Input) -> int:
    return sum(rule.spec.input is kind for rule in report.rules)


def _inputs(report: findings.Report) -> Iterator[junitparser.TestCase]:
    for one in report.inputs:
        case = _case("inputs", one.name)
        case.system_out = f"{one.seen} documents seen, {one.judged} judged, {one.seen - one.judged} skipped"
        yield case


def _problems(report: findings.Report) -> Iterator[junitparser.TestCase]:
    for number, problem in enumerate(report.problems, start=1):
        case = _case("inputs", f"problem {number}")
        case.result = [junitparser.Error(texts.line(problem), "unjudged")]
        yield case


def _judged(
    report: findings.Report, threshold: policies.Severity
) -> Iterator[tuple[policies.Input, junitparser.TestCase]]:
    """Passes by rule, then all else by rule and resource."""
    for rule in report.rules:
        passed = report.passed.get(rule.metadata.id, 0)
        if passed:
            # The same in every run, so that readers can tell its history.
            case = _case(rule.metadata.id, f"{rule.metadata.id}: {rule.metadata.title.en}")
            case.system_out = f"{passed} passed"
            yield rule.spec.input, case
    groups: dict[tuple[str, str, subjects.Place | None], list[findings.Result]] = collections.defaultdict(list)
    for result in report.results:
        groups[result.policy.metadata.id, result.subject.key, result.subject.place].append(result)
    for group in groups.values():
        yield group[0].policy.spec.input, _failed(group, threshold)


def _failed(group: Sequence[findings.Result], threshold: policies.Severity) -> junitparser.TestCase:
    worst = min(group, key=lambda result: _RANKED.index(result.outcome))
    policy = worst.policy
    case = _case(policy.metadata.id, worst.subject.key)
    told, whole = texts.line(worst.message), "\n".join(_lines(group, policy))
    match worst.outcome:
        case findings.Outcome.WAIVED:
            case.result = [junitparser.Skipped(texts.line(worst.waiver or "?"), "waived")]
            case.system_out = told
            return case
        case findings.Outcome.BASELINED:
            case.result = [junitparser.Skipped("known since the baseline was taken", "baselined")]
            case.system_out = told
            return case
        case findings.Outcome.FAIL if not policy.spec.severity.reaches(threshold):
            case.system_out = f"below {threshold.value}, so it denies nothing\n{whole}"
            return case
        case findings.Outcome.FAIL:
            result: junitparser.Failure | junitparser.Error = junitparser.Failure(told, policy.spec.severity.value)
        case _:
            result = junitparser.Error(told, worst.outcome.value)
    result.text = whole
    case.result = [result]
    return case


def _lines(group: Sequence[findings.Result], policy: policies.Policy) -> Iterator[str]:
    for result in group:
        line = f":{result.line}" if result.line is not None else ""
        place = texts.line(result.subject.place.file) + line + ": " if result.subject.place else ""
        yield f"{result.outcome.value}: {place}{texts.line(result.message)}"
    yield f"{policy.metadata.id} ({policy.spec.severity.value}): {texts.line(policy.metadata.title.en)}"
    yield texts.line(policy.metadata.title.zh)
    yield f"fix: {texts.line(policy.spec.remediation.en)}"
    yield f"处置: {texts.line(policy.spec.remediation.zh)}"


def _notice(notice: findings.WaiverNotice) -> junitparser.TestCase:
    case = _case("waivers", f"{notice.waiver} of {notice.rule}: {notice.kind}")
    if notice.fails:
        case.result = [junitparser.Failure(texts.line(notice.detail), notice.kind)]
    else:
        case.system_out = texts.line(notice.detail)
    return case


def _case(classname: str, name: str) -> junitparser.TestCase:
    return junitparser.TestCase(texts.line(name, _MOST_OF_A_NAME), classname, 0.0)
