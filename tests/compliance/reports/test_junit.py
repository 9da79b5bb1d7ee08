"""JUnit XML: read back as its readers do, and held to a schema of the dialect."""

from __future__ import annotations

import pathlib

import junitparser
import pytest
import xmlschema
from hypothesis import given

from govcloud_cli.compliance import findings
from govcloud_cli.compliance.reports import junit
from govcloud_cli.model import policies
from tests.compliance.reports import reporting


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(pathlib.Path(__file__).with_name("junit.xsd"))


HIGH, LOW = policies.Severity.HIGH, policies.Severity.LOW


def read(report: findings.Report, threshold: policies.Severity = LOW) -> junitparser.JUnitXml:
    read_back = junitparser.JUnitXml.fromstring(junit.render(report, threshold=threshold).encode("utf-8"))
    assert isinstance(read_back, junitparser.JUnitXml)
    return read_back


def kinds(of: junitparser.JUnitXml) -> dict[tuple[str, str], tuple[str, str, str] | None]:
    """Suite and case -> tag, type and message of its result."""
    found: dict[tuple[str, str], tuple[str, str, str] | None] = {}
    for suite in of:
        for case in suite:
            told = [(str(one._tag), one.type, one.message) for one in case.result]
            found[suite.name, f"{case.classname} {case.name}"] = told[0] if told else None
    return found


def test_a_clean_report_has_a_case_for_each_rule_that_passed_and_each_input() -> None:
    back = read(reporting.CLEAN)
    assert (back.tests, back.failures, back.errors, back.skipped) == (3, 0, 0, 0)
    assert kinds(back) == {
        ("inputs", "inputs deploy/"): None,
        ("kubernetes", "pod-privileged pod-privileged: What pod-privileged demands <b>"): None,
        ("flow", "flow-few-ports flow-few-ports: What flow-few-ports demands <b>"): None,
    }


def test_every_outcome_is_told_as_readers_take_it() -> None:
    wrong = {name: told for name, told in kinds(read(reporting.EVERYTHING)).items() if told is not None}
    said = "containers run privileged: web"
    assert wrong == {
        ("inputs", "inputs problem 1"): ("error", "unjudged", "deploy/broken.yaml:3: this is not YAML"),
        ("kubernetes", "pod-privileged k8s:apps/Deployment/finance-prod/web"): ("failure", "critical", said),
        ("kubernetes", "pod-privileged k8s:core/Pod/y"): ("failure", "critical", said),
        ("kubernetes", "image-digest k8s:apps/Deployment/finance-prod/web"): ("skipped", "waived", "W-2026-014"),
        ("kubernetes", "image-digest k8s:core/Pod/x"): ("error", "unknown", said),
        ("flow", "flow-few-ports flow:external-web"): (
            "skipped", "baselined", "known since the baseline was taken",
        ),
        ("environment", "administrators-disjoint environment:lab"): ("error", "error", said),
        ("waivers", "waivers W-2025-001 of image-digest: expired"): ("failure", "expired", "ended 2026-01-01"),
    }  # fmt: skip


def test_what_passed_says_how_often() -> None:
    assert [case.system_out for suite in read(reporting.CLEAN) if suite.name == "flow" for case in suite] == [
        "2 passed"
    ]


@pytest.mark.parametrize(("threshold", "tag"), [(HIGH, None), (policies.Severity.MEDIUM, "failure"), (LOW, "failure")])
def test_what_is_below_the_threshold_passes_and_is_told_all_the_same(
    threshold: policies.Severity, tag: str | None
) -> None:
    about = reporting.subject("k8s:core/Pod/x", file="deploy/x.yaml")
    report = reporting.report(reporting.result(reporting.IMAGES, about, line=3, message="no digest"), passed={})
    [case] = [case for suite in read(report, threshold) if suite.name == "kubernetes" for case in suite]
    assert [str(one._tag) for one in case.result] == ([tag] if tag else [])
    told = case.system_out if tag is None else case.result[0].text
    assert "fail: deploy/x.yaml:3: no digest" in told
    assert "image-digest (medium)" in told
    assert "处置" in told


@pytest.mark.parametrize("outcome", [findings.Outcome.ERROR, findings.Outcome.UNKNOWN])
def test_what_nobody_judged_is_an_error_whatever_the_threshold(outcome: findings.Outcome) -> None:
    report = reporting.report(reporting.result(reporting.FLOWS, reporting.FLOW, outcome), passed={})
    assert read(report, policies.Severity.CRITICAL).errors == 1


def test_a_waiver_that_ended_fails_whatever_the_threshold() -> None:
    assert read(reporting.EVERYTHING, policies.Severity.CRITICAL).failures == 3


@given(reporting.reports())
def test_a_run_that_passes_has_no_failure_and_no_error(report: findings.Report) -> None:
    back = read(report, HIGH)
    assert (back.failures > 0) == bool(report.stopping(HIGH)) or report.unjudged
    assert (back.errors > 0) == report.unjudged


def test_the_counts_are_those_of_the_cases() -> None:
    back = read(reporting.EVERYTHING)
    assert (back.tests, back.failures, back.errors, back.skipped) == (12, 3, 3, 2)
    assert back.time == 1.25


def test_several_findings_of_a_rule_about_one_resource_are_one_case_with_all_lines() -> None:
    report = reporting.report(
        reporting.result(reporting.PRIVILEGED, reporting.WEB, line=17, message="first"),
        reporting.result(reporting.PRIVILEGED, reporting.WEB, findings.Outcome.ERROR, line=18, message="second"),
        passed={},
    )
    [case] = [case for suite in read(report) if suite.name == "kubernetes" for case in suite]
    [result] = case.result
    assert (str(result._tag), result.message) == ("error", "second"), "what nobody judged is worse"
    assert "fail: deploy/web.yaml:17: first" in result.text
    assert "error: deploy/web.yaml:18: second" in result.text
    assert "处置" in result.text


def test_two_documents_with_one_key_are_two_cases() -> None:
    twice = [reporting.subject("k8s:core/Pod/x", file="a.yaml", document=number) for number in (0, 1)]
    report = reporting.report(*(reporting.result(reporting.PRIVILEGED, one) for one in twice), passed={})
    assert read(report).failures == 2


def test_a_report_of_everything_validates(schema: xmlschema.XMLSchema) -> None:
    schema.validate(junit.render(reporting.EVERYTHING, threshold=HIGH))
    schema.validate(junit.render(reporting.CLEAN, threshold=HIGH))


def test_another_document_does_not_validate(schema: xmlschema.XMLSchema) -> None:
    broken = junit.render(reporting.EVERYTHING, threshold=HIGH).replace(' tests="12"', "")
    assert not schema.is_valid(broken)


@given(reporting.reports())
def test_any_report_is_xml_that_validates_and_can_be_read_back(
    schema: xmlschema.XMLSchema, report: findings.Report
) -> None:
    text = junit.render(report, threshold=LOW)
    schema.validate(text)
    assert reporting.SECRET not in text
    back = junitparser.JUnitXml.fromstring(text.encode("utf-8"))
    told = [one for suite in back for case in suite for one in case.result]
    assert len(told) == back.failures + back.errors + back.skipped
    failing = sum(notice.fails for notice in report.notices)
    unexcused = {(one.policy.metadata.id, one.subject.key, one.subject.place) for one in report.results}
    assert len(told) == len(unexcused) + failing + len(report.problems)
