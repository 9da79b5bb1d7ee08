"""The one way from documents to a report: rules asked, waivers and baseline applied, lines looked up."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Callable, Iterable, Sequence

from govcloud_cli.compliance import baselines, findings, judging, pointing, rules, subjects, waivers
from govcloud_cli.model import policies
from govcloud_cli.model import waivers as models

Lines = Callable[[subjects.Place, subjects.Path], int | None]
"""The line (1-based) of a value: its document's place, its path in that. Asked in the order of files and documents."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Input:
    """Documents as they were named: a path, or a part of an environment."""

    name: str
    subjects: tuple[subjects.Subject, ...]
    skipped: int = 0
    """Documents that were found with them and are nothing that rules could be asked about."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Excuses:
    """What may let findings be."""

    waivers: Sequence[models.Waiver] = ()
    approvers: models.Approvers
    known: Sequence[policies.Policy]
    """Every policy that there is, so that a waiver of a stricter profile's rule is not called one of no rule."""
    baseline: baselines.Baseline | None = None


def assess(
    asked: Sequence[rules.Rule],
    inputs: Sequence[Input],
    *,
    excuses: Excuses,
    profile: policies.Profile,
    today: datetime.date,
    problems: Iterable[str] = (),
    lines: Lines | None = None,
) -> findings.Report:
    """Ask rules about everything, and report.

    Args:
        asked: The rules of the profile.
        today: The day (UTC) by which waivers and baseline are judged.
        problems: What could not be read; with any of them nothing is clean.
        lines: None if no file is behind the documents.
    """
    subjects_ = tuple(itertools.chain.from_iterable(one.subjects for one in inputs))
    judged = judging.judge(asked, subjects_)
    # A run that asked nothing has shown nothing.
    nothing = () if judged.evaluations else ("nothing was judged: no rule that was asked is about what is there",)
    where = _neighbourhoods(asked, subjects_, excuses)
    found = tuple(pointing.pointed(judged.results))
    results, notices = waivers.apply(found, excuses.waivers, excuses.approvers, excuses.known, today=today, asked=where)
    if excuses.baseline is not None:
        results, told = baselines.apply(results, excuses.baseline, today=today, asked=where)
        notices = (*notices, *told)
    return findings.Report(
        profile=profile,
        rules=tuple(sorted((rule.policy for rule in asked), key=lambda policy: policy.metadata.id)),
        results=findings.ordered(_placed(results, lines)),
        evaluations=judged.evaluations,
        passed=judged.passed,
        inputs=tuple(_counted(inputs, judged.judged)),
        notices=notices,
        problems=(*problems, *nothing),
        today=today,
    )


def _counted(inputs: Sequence[Input], judged: Sequence[bool]) -> Iterable[findings.InputCount]:
    verdicts = iter(judged)
    for one in inputs:
        count = sum(itertools.islice(verdicts, len(one.subjects)))
        yield findings.InputCount(name=one.name, seen=len(one.subjects) + one.skipped, judged=count)


def _neighbourhoods(
    asked: Sequence[rules.Rule], found: Sequence[subjects.Subject], excuses: Excuses
) -> frozenset[tuple[str, str]]:
    """Which rule was asked about something where, as far as a waiver or the baseline speaks of it."""
    wanted = {(one.spec.rule, waivers.neighbourhood(key)) for one in excuses.waivers for key in one.spec.resources}
    if excuses.baseline is not None:
        entries = excuses.baseline.entries.values()
        wanted |= {(entry.rule, waivers.neighbourhood(entry.resource)) for entry in entries}
    by_id = {rule.id: rule for rule in asked}
    places = {place for _, place in wanted}
    there: dict[str, list[subjects.Subject]] = {}
    for subject in found if wanted else ():
        place = waivers.neighbourhood(subject.key)
        if place in places:
            there.setdefault(place, []).append(subject)
    return frozenset(
        (rule, place)
        for rule, place in wanted
        if rule in by_id and any(by_id[rule].matches(subject) for subject in there.get(place, ()))
    )


def _placed(results: Iterable[findings.Result], lines: Lines | None) -> tuple[findings.Result, ...]:
    """With lines, asked for file by file and document by document, since each file is read again for them."""
    if lines is None:
        return tuple(results)
    placed = []
    for result in sorted(results, key=_by_place):
        place = result.subject.place
        line = None if place is None else lines(place, result.path)
        placed.append(result if line is None else dataclasses.replace(result, line=line))
    return tuple(placed)


def _by_place(result: findings.Result) -> tuple[str, int]:
    place = result.subject.place
    return (place.file, place.document) if place else ("", 0)
