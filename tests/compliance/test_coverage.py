"""What is behind each requirement, and what a run says of it."""

from __future__ import annotations

import ast
import collections
import functools
import json

import pytest

from govcloud_cli import resources
from govcloud_cli.compliance import coverage, findings
from govcloud_cli.inventory import catalogues, codes, rulebook
from govcloud_cli.model import controls, policies
from tests.compliance.reports import reporting

AUTOMATED_ROWS = 59
"""Of the 110 rows of level 3, by the study that the catalogue follows: 59 automated, 46 partial, 5 manual."""


@functools.cache
def known() -> dict[controls.Framework, controls.Catalogue]:
    return {one.spec.framework: one for one in catalogues.load(resources.folder("policies"))}


@functools.cache
def rules() -> tuple[policies.Policy, ...]:
    return rulebook.load([resources.folder("policies")]).policies


def rows(framework: controls.Framework) -> tuple[coverage.Row, ...]:
    return coverage.coverage(known()[framework], rules())


@functools.cache
def functions_of(file: str) -> frozenset[str]:
    path = resources.folder("roles").parent / file
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module(body=[], type_ignores=[])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_each_framework_has_its_catalogue() -> None:
    assert list(known()) == list(controls.Framework)


def test_every_row_of_level_3_is_there_once_with_its_clause() -> None:
    listed = known()[controls.Framework.MLPS].spec.controls
    assert len({one.id for one in listed}) == 110
    assert len({one.clause for one in listed}) == 110
    counted = collections.Counter(one.automation for one in listed)
    assert counted == {
        controls.Automation.AUTOMATED: AUTOMATED_ROWS, controls.Automation.PARTIAL: 46, controls.Automation.MANUAL: 5,
    }  # fmt: skip


def test_the_rows_have_the_unit_numbers_of_the_standard() -> None:
    units = collections.defaultdict(list)
    for one in known()[controls.Framework.MLPS].spec.controls:
        level, unit, number = one.id.split("-")
        units[level, unit].append(int(number))
    last = {"CNS1": 8, "ABS1": 20, "CES1": 35, "SMC1": 12, "CNS2": 5, "ABS2": 8, "CES2": 19, "SMC2": 4}
    # There is no L3-CES1-16 among the technical requirements of a cloud.
    assert units == {
        ("L3", unit): [number for number in range(1, most + 1) if (unit, number) != ("CES1", 16)]
        for unit, most in last.items()
    }


def test_every_row_that_can_be_decided_has_a_rule_or_a_check_behind_it() -> None:
    assert [row.control.id for row in rows(controls.Framework.MLPS) if row.gap] == []


def test_every_requirement_that_a_policy_names_is_in_a_catalogue() -> None:
    strangers = [
        f"{rule.metadata.id} names {framework.value} {name}"
        for rule, framework, name in coverage.strangers(known().values(), rules())
    ]
    assert strangers == []


def test_every_check_that_is_named_exists() -> None:
    checks = {check for one in known().values() for control in one.spec.controls for check in control.checks}
    missing = []
    for check in sorted(checks):
        file, _, name = check.partition("::")
        kind, _, value = check.partition(":")
        if name and name not in functions_of(file):
            missing.append(check)
        if kind == "inventory" and value not in codes.TABLE:
            missing.append(check)
    assert missing == []
    assert "verify:packet" in checks


def test_nothing_that_people_alone_can_see_names_a_check() -> None:
    manual = [one for c in known().values() for one in c.spec.controls if one.automation is controls.Automation.MANUAL]
    assert [one.id for one in manual if one.checks] == []


def test_no_title_stands_twice_in_a_catalogue_and_none_is_over_long() -> None:
    for catalogue in known().values():
        for language in ("en", "zh"):
            titles = [getattr(one.title, language) for one in catalogue.spec.controls]
            assert [title for title, count in collections.Counter(titles).items() if count > 1] == []
            assert max(map(len, titles)) <= 80


def test_the_disclaimer_denies_a_certification_in_both_languages() -> None:
    assert "no certification" in coverage.DISCLAIMER.en
    assert "绝不代表等保测评结论" in coverage.DISCLAIMER.zh


@pytest.mark.parametrize(
    ("automation", "checks", "named", "expected", "gap"),
    [
        ("automated", [], ["AC-6"], "automated", False),
        ("automated", ["verify:packet"], [], "automated", False),
        ("automated", [], [], "manual", True),
        ("partial", [], ["AC-6"], "partial", False),
        ("partial", [], [], "manual", False),
        ("manual", [], ["AC-6"], "manual", False),
    ],
)
def test_a_requirement_is_as_automated_as_what_is_behind_it(
    automation: str, checks: list[str], named: list[str], expected: str, gap: bool
) -> None:
    document = reporting.catalogue("nist", "AC-6").model_dump(mode="json", by_alias=True)
    document["spec"]["controls"][0] |= {"automation": automation, "checks": checks}
    catalogue = controls.Catalogue.model_validate_json(json.dumps(document))
    [row] = coverage.coverage(catalogue, [reporting.policy("some-rule", controls={"nist": named})])
    assert (row.automation.value, row.gap) == (expected, gap)
    assert [rule.metadata.id for rule in row.rules] == (["some-rule"] if named else [])


def test_a_policy_that_names_a_stranger_is_told() -> None:
    rule = reporting.policy("some-rule", controls={"nist": ["AC-6", "ZZ-1"], "mlps": ["L3-XXX-01"]})
    told = [(framework.value, name) for _, framework, name in coverage.strangers(reporting.CATALOGUES, [rule])]
    assert told == [("mlps", "L3-XXX-01"), ("nist", "ZZ-1")]


FAILING = reporting.result(reporting.PRIVILEGED, reporting.WEB)


@pytest.mark.parametrize(
    ("results", "passed", "problems", "verdict"),
    [
        ([], {"pod-privileged": 3}, (), "met"),
        ([], {}, (), "not-judged"),
        ([], {"pod-privileged": 3}, ("x.yaml: unreadable",), "undecided"),
        ([], {}, ("x.yaml: unreadable",), "not-judged"),
        ([findings.Outcome.FAIL], {"pod-privileged": 3}, (), "not-met"),
        ([findings.Outcome.FAIL], {}, ("x.yaml: unreadable",), "not-met"),
        ([findings.Outcome.WAIVED], {"pod-privileged": 3}, (), "not-met"),
        ([findings.Outcome.BASELINED], {"pod-privileged": 3}, (), "not-met"),
        ([findings.Outcome.ERROR], {"pod-privileged": 3}, (), "undecided"),
        ([findings.Outcome.UNKNOWN], {}, (), "undecided"),
        ([findings.Outcome.UNKNOWN, findings.Outcome.FAIL], {}, (), "not-met"),
    ],
)
def test_the_verdict_says_no_more_than_was_judged(
    results: list[findings.Outcome], passed: dict[str, int], problems: tuple[str, ...], verdict: str
) -> None:
    told = [reporting.result(reporting.PRIVILEGED, reporting.WEB, outcome, waiver="W-2026-014") for outcome in results]
    report = reporting.report(*told, passed=passed, problems=problems)
    listed = coverage.coverage(reporting.catalogue("cis", "5.2.2"), report.rules)
    [judged] = coverage.judged(listed, report)
    assert judged.verdict.value == verdict
    asked = bool(results or passed)
    assert judged.asked == (("pod-privileged",) if asked else ())
    assert judged.idle == (() if asked else ("pod-privileged",))
    assert judged.passed == passed.get("pod-privileged", 0)
    assert len(judged.results) == len(results)


def test_rules_outside_of_the_runs_profile_judge_nothing() -> None:
    report = reporting.report(rules=(reporting.FLOWS,), passed={"flow-few-ports": 2})
    [judged] = coverage.judged(coverage.coverage(reporting.catalogue("cis", "5.2.2"), reporting.RULES), report)
    assert (judged.verdict, judged.idle) == (coverage.Verdict.NOT_JUDGED, ("pod-privileged",))
