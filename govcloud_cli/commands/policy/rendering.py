"""A report as text: what is wrong, where, why, what to do about it; last a line of what was counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from govcloud_cli import counting
from govcloud_cli.commands.policy import unjudged, words
from govcloud_cli.compliance import baselines, findings

if TYPE_CHECKING:
    from govcloud_cli.model import policies

FIRST = 5
"""Findings of one rule that are told one by one; the others are counted."""
_INPUTS = 12

_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan"}


def lines(
    report: findings.Report,
    *,
    threshold: policies.Severity,
    everything: bool = False,
    environment: str | None = None,
    registries: Sequence[str] = (),
) -> Iterator[words.Parts]:
    """What a person reads. No line begins with words of the input: CI runners take some for orders.

    Args:
        environment: whose profile, waivers and `registries` counted; None for nobody's.
    """
    first = None if everything else FIRST
    for group in _grouped(report.of(findings.Outcome.FAIL)):
        yield from _findings(group, first)
    undecided = report.of(findings.Outcome.ERROR, findings.Outcome.UNKNOWN)
    yield from unjudged.lines(undecided, everything=everything)
    for problem in report.problems:
        yield ("could not judge (无法判定)", "bold red"), (f": {words.plain(problem)}", "")
    if everything:
        for excused in report.of(findings.Outcome.WAIVED, findings.Outcome.BASELINED):
            yield _excused(excused)
    for notice in report.notices:
        style = "bold red" if notice.fails else "yellow"
        named = "baseline (基线)" if notice.waiver == baselines.NAME else f"waiver (豁免) {notice.waiver}"
        yield (named, style), (f" of {notice.rule}: {words.plain(notice.detail)}", "")
    yield _verdict(report, threshold)
    yield from _inputs(report)
    yield from _settings(report, environment, registries)
    yield ((_counts(report), ""),)


def _grouped(results: Iterable[findings.Result]) -> list[list[findings.Result]]:
    """One list per rule, worst first; a rule whose findings come later stands later."""
    groups: dict[str, list[findings.Result]] = {}
    for result in results:
        groups.setdefault(result.policy.metadata.id, []).append(result)
    return sorted(groups.values(), key=lambda group: -group[0].policy.spec.severity.rank)


def _findings(group: list[findings.Result], first: int | None) -> Iterator[words.Parts]:
    policy = group[0].policy
    yield from _head(policy, policy.spec.severity.value, len(group))
    yield from _listed(group, first)
    yield ("  fix: ", "cyan"), (policy.spec.remediation.en, "")
    yield ("  处置: ", "cyan"), (policy.spec.remediation.zh, "")
    yield ("  more: ", "cyan"), (f"govcloud policy explain {policy.metadata.id}", "")
    yield ()


def _head(policy: policies.Policy, label: str, count: int) -> Iterator[words.Parts]:
    title = policy.metadata.title
    times = f"  ×{count}" if count > 1 else ""
    style = _STYLES.get(label, "bold red")
    yield (label, style), (f" {policy.metadata.id}", "bold"), (f": {title.en} ({title.zh}){times}", "")


def _listed(group: list[findings.Result], first: int | None) -> Iterator[words.Parts]:
    for result in group[:first]:
        yield (
            ("  - ", ""),
            (_place(result), "cyan"),
            (f"{words.plain(result.subject.key)}: {words.plain(result.message)}", ""),
        )
        if result.requested is not None:
            asked = f"asked to be waived: {words.plain(result.requested)!r}"
            yield (
                ("    ", ""),
                (asked, "yellow"),
                (" (申请豁免: an annotation waives nothing, policies/waivers/ can)", ""),
            )
    left = group[first:] if first is not None else []
    if left:
        files = {result.subject.place.file for result in left if result.subject.place is not None}
        where = f" in {counting.counted(len(files), 'file')}" if files else ""
        yield (("  - ", ""), (f"… and {len(left)} more{where}; --all lists them", "dim"))


def _place(result: findings.Result) -> str:
    place = result.subject.place
    if place is None:
        return ""
    line = "" if result.line is None else f":{result.line}"
    return f"{words.plain(place.file)}{line} "


def _excused(result: findings.Result) -> words.Parts:
    by = f" by {result.waiver}" if result.waiver else ""
    told = f"{_place(result)}{words.plain(result.subject.key)}: {words.plain(result.message)}"
    return (f"{result.outcome.value}{by}", "yellow"), (f" {result.policy.metadata.id}: {told}", "")


def _verdict(report: findings.Report, threshold: policies.Severity) -> words.Parts:
    failing = len(report.failing(threshold))
    held = tuple(dict.fromkeys(one.waiver for one in report.notices if one.fails))
    parts = []
    if failing:
        parts.append(f"{counting.counted(failing, 'finding')} at or above {threshold.value}")
    if held:
        parts.append(f"{counting.counted(len(held), 'exception')} to renew or remove")
    if report.unjudged:
        return ("INCOMPLETE (结论不完整)", "bold red"), (": " + ", ".join((*parts, "not everything was judged")), "")
    if parts:
        return ("DENIED (不符合)", "bold red"), (f": {', '.join(parts)}", "")
    below = len(report.of(findings.Outcome.FAIL))
    also = f"; {below} below it" if below else ""
    return ("PASSED (符合)", "bold green"), (f": no finding at or above {threshold.value}{also}", "")


def _inputs(report: findings.Report) -> Iterator[words.Parts]:
    told = [f"{words.plain(one.name)} {one.judged} of {one.seen}" for one in report.inputs]
    more = f", and {len(told) - _INPUTS} more" if len(told) > _INPUTS else ""
    if told:
        yield ("judged: ", "cyan"), (", ".join(told[:_INPUTS]) + more, "")


def _settings(report: findings.Report, environment: str | None, registries: Sequence[str]) -> Iterator[words.Parts]:
    """By whose settings it was judged, and what policies do without them."""
    if environment is None:
        told = "none (未指定), so GovCloud's defaults count; --env NAME takes profile, registries and waivers of one"
    else:
        told = words.plain(environment)
    yield ("environment (环境): ", "cyan"), (told, "")
    asking = [one.metadata.id for one in report.rules if _reads_registries(one)]
    if asking and not registries:
        told = f"none declared (未登记), so {', '.join(asking)} asks only that every image names one"
        yield ("registries (镜像仓库): ", "cyan"), (f"{told}; spec.policies.registries in platform.yaml", "")


def _reads_registries(policy: policies.Policy) -> bool:
    expressions = [one.expression for one in policy.spec.variables]
    expressions += [one.expression for one in policy.spec.validations]
    return any("variables.settings.registries" in one for one in expressions)


def _counts(report: findings.Report) -> str:
    outcome = findings.Outcome
    severities = [result.policy.spec.severity.value for result in report.of(outcome.FAIL)]
    split = ", ".join(f"{severities.count(one)} {one}" for one in dict.fromkeys(severities))
    counted = (
        counting.counted(len(report.inputs), "input"),
        counting.counted(sum(one.seen for one in report.inputs), "object"),
        f"{report.skipped} skipped",
        counting.counted(len(report.rules), "rule"),
        counting.counted(report.evaluations, "evaluation"),
        counting.counted(len(severities), "finding") + (f" ({split})" if split else ""),
        *(f"{len(report.of(one))} {one.value}" for one in (outcome.WAIVED, outcome.BASELINED, outcome.UNKNOWN)),
        counting.counted(len(report.of(outcome.ERROR)) + len(report.problems), "error"),
    )
    return f"{report.profile.value}: {', '.join(counted)}, {report.seconds:.2f} s"
