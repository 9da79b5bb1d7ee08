"""A report as one page for people: the verdict, the findings, then each requirement with what is behind it.

Self-contained: no script, nothing to load, so that it can be mailed, filed and printed. Bilingual.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Sequence

import jinja2

from govcloud_cli.compliance import coverage, findings
from govcloud_cli.compliance.reports import html_page, texts
from govcloud_cli.model import controls, policies

_WORDS = {
    controls.Automation.AUTOMATED: ("automated", "自动"),
    controls.Automation.PARTIAL: ("partial", "部分"),
    controls.Automation.MANUAL: ("manual", "人工"),
    coverage.Verdict.MET: ("rules met", "规则符合"),
    coverage.Verdict.NOT_MET: ("not met", "不符合"),
    coverage.Verdict.UNDECIDED: ("undecided", "未能判定"),
    coverage.Verdict.NOT_JUDGED: ("not judged", "未判定"),
    findings.Outcome.FAIL: ("fail", "不符合"),
    findings.Outcome.WAIVED: ("waived", "已豁免"),
    findings.Outcome.BASELINED: ("known before", "基线已有"),
    findings.Outcome.ERROR: ("error", "评估出错"),
    findings.Outcome.UNKNOWN: ("unknown", "取值未知"),
    findings.Outcome.PASS: ("pass", "符合"),
    policies.Severity.CRITICAL: ("critical", "严重"),
    policies.Severity.HIGH: ("high", "高"),
    policies.Severity.MEDIUM: ("medium", "中"),
    policies.Severity.LOW: ("low", "低"),
}
"""What the page calls things, in both languages."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Section:
    """One framework."""

    catalogue: controls.Catalogue
    judged: tuple[coverage.Judged, ...]

    @property
    def automation(self) -> dict[controls.Automation, int]:
        """How many requirements of each kind."""
        counted = collections.Counter(one.row.automation for one in self.judged)
        return {kind: counted[kind] for kind in controls.Automation}

    @property
    def verdicts(self) -> dict[coverage.Verdict, int]:
        """How many requirements of each verdict."""
        counted = collections.Counter(one.verdict for one in self.judged)
        return {kind: counted[kind] for kind in coverage.Verdict}


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Verdict:
    """What a run comes to, as its exit code says it."""

    en: str
    zh: str
    denying: int
    """Findings at or above the threshold."""
    ended: int
    """Waivers that ended or were refused."""
    severities: dict[policies.Severity, int]
    """All findings that nothing excuses."""

    @property
    def css(self) -> str:
        """Its class on the page."""
        return self.en.lower()


def render(
    report: findings.Report,
    *,
    environment: str,
    version: str,
    catalogues: Sequence[controls.Catalogue],
    threshold: policies.Severity | None,
) -> str:
    """The whole page.

    `environment`: what was judged, by name; `version`: of GovCloud. `threshold`: from where on a finding denies; None
    where nothing was judged: then there are only the requirements.
    """
    outcomes = collections.Counter(result.outcome for result in report.results)
    sections = [
        _Section(catalogue=one, judged=coverage.judged(coverage.coverage(one, report.rules), report))
        for one in catalogues
    ]
    return _template().render(
        report=report,
        threshold=threshold,
        verdict=None if threshold is None else _verdict(report, threshold),
        environment=environment,
        version=version,
        sections=sections,
        counts={one: outcomes[one] for one in findings.Outcome if one is not findings.Outcome.PASS},
        passed=sum(report.passed.values()),
        seen=sum(one.seen for one in report.inputs),
        disclaimer=coverage.DISCLAIMER,
    )


def _verdict(report: findings.Report, threshold: policies.Severity) -> _Verdict:
    en, zh = "PASSED", "符合"
    if report.unjudged:
        en, zh = "INCOMPLETE", "结论不完整"
    elif report.stopping(threshold):
        en, zh = "DENIED", "不符合"
    found = collections.Counter(result.policy.spec.severity for result in report.of(findings.Outcome.FAIL))
    return _Verdict(
        en=en,
        zh=zh,
        denying=len(report.failing(threshold)),
        ended=len({notice.waiver for notice in report.notices if notice.fails}),
        severities={one: found[one] for one in policies.Severity},
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["line"] = texts.line
    environment.filters["key"] = texts.key
    environment.filters["words"] = lambda kind: _WORDS[kind]
    environment.filters["check"] = _check
    return environment.from_string(html_page.PAGE)


def _check(name: str) -> str:
    """A check in words: `database: every setting is in force`, `verify: packet`."""
    file, found, test = name.partition("::")
    if found:
        return f"{file.split('/')[1]}: {test.removeprefix('test_').replace('_', ' ')}"
    return name.replace(":", ": ", 1)
