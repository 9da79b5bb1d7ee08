"""Which requirements the policies and the checks of running machines stand for, and what a run says of each. Pure."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence

from govcloud_cli.compliance import findings
from govcloud_cli.model import controls, policies

DISCLAIMER = policies.Title(
    en=(
        "This is what automatic checks could see. It is no certification and no assessment result (GB/T 28448): "
        "that takes an accredited assessor who examines the running system."
    ),
    zh="以上仅为自动化检查所见，不构成认证，绝不代表等保测评结论；测评结论须由具备资质的测评机构对运行系统实施测评后作出。",
)
"""Stands wherever controls are told of."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One requirement, and what is behind it."""

    framework: controls.Framework
    control: controls.Control
    rules: tuple[policies.Policy, ...]
    """Policies that name it, by id."""

    @property
    def covered(self) -> bool:
        """Whether anything checks it."""
        return bool(self.rules or self.control.checks)

    @property
    def automation(self) -> controls.Automation:
        """What the catalogue says can be decided; `manual` as long as nothing is behind it."""
        return self.control.automation if self.covered else controls.Automation.MANUAL

    @property
    def gap(self) -> bool:
        """Whether it could be decided automatically, and nothing does."""
        return self.control.automation is controls.Automation.AUTOMATED and not self.covered


class Verdict(enum.StrEnum):
    """What a run says of the rules behind a requirement; never of the requirement as a whole."""

    MET = "met"
    """Each rule that had something to judge passed all of it."""
    NOT_MET = "not-met"
    """Something fails; that it is waived or was so before does not mend it."""
    UNDECIDED = "undecided"
    """A rule could not be evaluated, or the run could not read all that it was given."""
    NOT_JUDGED = "not-judged"
    """No rule of the run had anything to judge."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """One requirement after a run."""

    row: Row
    verdict: Verdict
    asked: tuple[str, ...]
    """Rules of the run behind it that had something to judge."""
    idle: tuple[str, ...]
    """Rules behind it that had nothing to judge, or are not of the run's profile."""
    passed: int
    """Pairs of such a rule and a resource that passed."""
    results: tuple[findings.Result, ...]
    """All else that those rules came to."""


def coverage(catalogue: controls.Catalogue, rules: Iterable[policies.Policy]) -> tuple[Row, ...]:
    """Every requirement of a catalogue, in its order."""
    framework = catalogue.spec.framework
    behind: dict[str, list[policies.Policy]] = {}
    for rule in sorted(rules, key=lambda rule: rule.metadata.id):
        for control in dict.fromkeys(named(rule, framework)):
            behind.setdefault(control, []).append(rule)
    return tuple(
        Row(framework=framework, control=control, rules=tuple(behind.get(control.id, ())))
        for control in catalogue.spec.controls
    )


def named(rule: policies.Policy, framework: controls.Framework) -> tuple[str, ...]:
    """The requirements of a framework that a policy stands for."""
    match framework:
        case controls.Framework.MLPS:
            return rule.spec.controls.mlps
        case controls.Framework.NIST:
            return rule.spec.controls.nist
        case controls.Framework.CIS:
            return rule.spec.controls.cis


def strangers(
    catalogues: Iterable[controls.Catalogue], rules: Sequence[policies.Policy]
) -> Iterator[tuple[policies.Policy, controls.Framework, str]]:
    """What policies name and no catalogue of that framework has: policy, framework, id."""
    for catalogue in catalogues:
        framework = catalogue.spec.framework
        known = {control.id for control in catalogue.spec.controls}
        for rule in rules:
            yield from ((rule, framework, one) for one in named(rule, framework) if one not in known)


def judged(rows: Iterable[Row], report: findings.Report) -> tuple[Judged, ...]:
    """What a run came to for each requirement, in the order of `rows`."""
    by_rule: dict[str, list[findings.Result]] = {}
    for result in report.results:
        by_rule.setdefault(result.policy.metadata.id, []).append(result)
    return tuple(_judged(row, report, by_rule) for row in rows)


def _judged(row: Row, report: findings.Report, by_rule: Mapping[str, list[findings.Result]]) -> Judged:
    ids = [rule.metadata.id for rule in row.rules]
    asked = tuple(one for one in ids if report.passed.get(one, 0) or one in by_rule)
    results = tuple(result for one in asked for result in by_rule.get(one, ()))
    return Judged(
        row=row,
        verdict=_verdict(bool(asked), results, report),
        asked=asked,
        idle=tuple(one for one in ids if one not in asked),
        passed=sum(report.passed.get(one, 0) for one in asked),
        results=results,
    )


_FAILING = {findings.Outcome.FAIL, findings.Outcome.WAIVED, findings.Outcome.BASELINED}


def _verdict(asked: bool, results: Sequence[findings.Result], report: findings.Report) -> Verdict:
    outcomes = {result.outcome for result in results}
    if outcomes & _FAILING:
        return Verdict.NOT_MET
    if not asked:
        return Verdict.NOT_JUDGED
    # What could not be read may hold anything.
    return Verdict.UNDECIDED if outcomes or report.problems else Verdict.MET
