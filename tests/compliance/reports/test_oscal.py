"""OSCAL assessment results, held to models that were generated from NIST's schema, and to not claiming too much."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pydantic
import pytest
from hypothesis import given
from oscal_bindings.v1 import models

from govcloud_cli.compliance import findings
from govcloud_cli.compliance.reports import oscal, oscal_findings
from govcloud_cli.model import controls
from tests.compliance.reports import reporting

Json = dict[str, Any]
RUN = oscal.Run(environment="lab", start=reporting.START, end=reporting.END, version="0.5.0", inputs_digest="sha256:00")


def rendered(report: findings.Report, run: oscal.Run = RUN, **more: Any) -> Json:
    given = {"catalogues": reporting.CATALOGUES, "waived_by": [reporting.WAIVER]}
    text = oscal.render(report, run, **{**given, **more})
    text.encode("utf-8")
    document: Json = json.loads(text)
    return document


def validate(document: Json) -> None:
    # From Python values, not from JSON text: the parser for text passes over misspelt keys.
    models.AssessmentResultsDocument.model_validate(document)


def result_of(report: findings.Report, **more: Any) -> Json:
    [result] = rendered(report, **more)["assessment-results"]["results"]
    assert isinstance(result, dict)
    return result


def claims(result: Json) -> dict[str, str]:
    return {one["target"]["target-id"]: one["target"]["status"]["state"] for one in result.get("findings", [])}


def uuids(value: Any) -> Iterator[str]:
    """Every uuid that is defined."""
    if isinstance(value, dict):
        if isinstance(value.get("uuid"), str):
            yield value["uuid"]
        for one in value.values():
            yield from uuids(one)
    elif isinstance(value, list):
        for one in value:
            yield from uuids(one)


def references(value: Any) -> Iterator[str]:
    """Every uuid that is pointed to."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name.endswith("-uuid"):
                yield one
            else:
                yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


@pytest.mark.parametrize("report", [reporting.CLEAN, reporting.EVERYTHING], ids=["clean", "everything"])
@pytest.mark.parametrize("catalogues", [reporting.CATALOGUES, ()], ids=["catalogues", "none"])
def test_a_report_validates(report: findings.Report, catalogues: tuple[controls.Catalogue, ...]) -> None:
    validate(rendered(report, catalogues=catalogues))
    validate(rendered(report, dataclasses.replace(RUN, plan="plan.json", inputs_digest=None), catalogues=catalogues))


@pytest.mark.parametrize("field", ["uuid", "start", "reviewed-controls"])
def test_a_broken_report_does_not_validate(field: str) -> None:
    document = rendered(reporting.EVERYTHING)
    del document["assessment-results"]["results"][0][field]
    with pytest.raises(pydantic.ValidationError):
        validate(document)


def test_the_document_and_its_result_deny_a_certification() -> None:
    document = rendered(reporting.CLEAN)["assessment-results"]
    for place in (document["metadata"], document["results"][0]):
        assert "绝不代表等保测评结论" in place["remarks"]
        assert "no certification" in place["remarks"]


def test_the_same_run_gives_the_same_text_and_another_run_other_observations() -> None:
    assert rendered(reporting.EVERYTHING) == rendered(reporting.EVERYTHING)
    later = dataclasses.replace(RUN, start=reporting.END)
    here, there = rendered(reporting.EVERYTHING), rendered(reporting.EVERYTHING, later)
    assert here["assessment-results"]["uuid"] != there["assessment-results"]["uuid"]
    [one], [other] = here["assessment-results"]["results"], there["assessment-results"]["results"]
    assert one["observations"][0]["uuid"] != other["observations"][0]["uuid"]
    assert one["risks"][0]["uuid"] == other["risks"][0]["uuid"], "a risk lives on from run to run"
    items = [result["local-definitions"]["inventory-items"] for result in (one, other)]
    assert items[0] == items[1], "and so do resources"


def test_every_uuid_is_given_once_and_every_reference_is_to_one() -> None:
    document = rendered(reporting.EVERYTHING)
    given = list(uuids(document))
    assert len(given) == len(set(given))
    assert set(references(document)) <= set(given)
    assert document["assessment-results"]["import-ap"]["href"].lstrip("#") in given


def test_a_requirement_of_two_catalogues_is_told_once() -> None:
    twice = (*reporting.CATALOGUES, reporting.catalogue("mlps", "L3-CES1-17", "L3-CES1-08"))
    document = rendered(reporting.CLEAN, catalogues=twice)
    validate(document)
    given = list(uuids(document))
    assert len(given) == len(set(given))
    [result] = document["assessment-results"]["results"]
    assert "L3-CES1-08_obj.configuration" in claims(result)


def test_a_requirement_is_claimed_only_as_far_as_rules_saw() -> None:
    result = result_of(reporting.EVERYTHING)
    assert claims(result) == {
        "L3-CES1-17_obj.configuration": "not-satisfied",
        "L3-CES2-08_obj.configuration": "not-satisfied",
        "L3-ABS1-07_obj.configuration": "not-satisfied",
        "ac-6_obj.configuration": "not-satisfied",
        "sc-7.5_obj.configuration": "not-satisfied",
        "cis-5.2.2_obj.configuration": "not-satisfied",
    }
    clean = result_of(reporting.CLEAN)
    assert claims(clean)["L3-CES1-17_obj.configuration"] == "satisfied"
    assert "L3-CES2-08_obj.configuration" not in claims(clean), "its rule had nothing to judge"
    assert "L3-ABS1-04_obj.configuration" not in claims(clean), "no rule stands for it"
    [finding] = [one for one in clean["findings"] if one["target"]["target-id"].startswith("L3-CES1-17")]
    assert finding["target"]["type"] == "objective-id", "never the requirement itself"
    assert "verify:packet" in finding["remarks"], "what was not looked at is named"


def test_what_is_waived_or_was_known_before_satisfies_nothing() -> None:
    for outcome, more in [(findings.Outcome.WAIVED, {"waiver": "W-2026-014"}), (findings.Outcome.BASELINED, {})]:
        report = reporting.report(reporting.result(reporting.IMAGES, reporting.WEB, outcome, **more))
        assert claims(result_of(report))["L3-CES2-08_obj.configuration"] == "not-satisfied"


@pytest.mark.parametrize("outcome", [findings.Outcome.ERROR, findings.Outcome.UNKNOWN])
def test_what_nobody_could_judge_has_an_observation_and_no_finding(outcome: findings.Outcome) -> None:
    result = result_of(reporting.report(reporting.result(reporting.PRIVILEGED, reporting.WEB, outcome)))
    assert "L3-CES1-17_obj.configuration" not in claims(result)
    assert any(one["title"].startswith("pod-privileged: k8s:") for one in result["observations"])


def test_nothing_is_satisfied_in_a_run_that_could_not_read_everything() -> None:
    result = result_of(reporting.report(problems=("x.yaml: this is not YAML",)))
    assert "satisfied" not in claims(result).values()
    assert any(one["description"] == "x.yaml: this is not YAML" for one in result["observations"])


def test_what_rules_did_not_judge_is_said_and_not_tested() -> None:
    told = {one["title"]: one for one in result_of(reporting.CLEAN)["observations"] if "not judged" in one["title"]}
    assert [title.partition(" ")[0] for title in told] == ["L3-CES2-08", "L3-ABS1-04"]
    assert all(one["methods"] == ["UNKNOWN"] for one in told.values())


def test_controls_are_reviewed_only_where_a_rule_was_asked() -> None:
    reviewed = result_of(reporting.CLEAN)["reviewed-controls"]
    named = [one["control-id"] for selection in reviewed["control-selections"] for one in selection["include-controls"]]
    assert named == ["L3-CES1-17", "L3-ABS1-07", "ac-6", "sc-7.5", "cis-5.2.2"]
    nothing = reporting.report(passed={}, evaluations=0)
    validate(rendered(nothing))
    [selection] = result_of(nothing)["reviewed-controls"]["control-selections"]
    assert selection["include-controls"] == [{"control-id": "none"}]


def test_a_waiver_is_a_risk_with_a_last_day_and_who_answers_for_it() -> None:
    result = result_of(reporting.EVERYTHING)
    [risk] = result["risks"]
    assert risk["status"] == "deviation-approved"
    assert risk["statement"] == "旧系统迁移到新镜像仓库之前"
    assert risk["deadline"] == "2026-12-31T23:59:59Z", "the last day counts"
    assert {prop["name"]: prop["value"] for prop in risk["props"]} == {
        "waiver": "W-2026-014",
        "owner": "li.wei",
        "approver": "zhang.min",
        "ticket": "CHG-8812",
    }
    [related] = risk["related-observations"]
    [seen] = [one for one in result["observations"] if one["uuid"] == related["observation-uuid"]]
    assert "waived" in {prop["value"] for prop in seen["props"]}
    [finding] = [one for one in result["findings"] if one["target"]["target-id"].startswith("L3-CES2-08")]
    assert finding["related-risks"] == [{"risk-uuid": risk["uuid"]}]
    validate(rendered(reporting.EVERYTHING, waived_by=()))


@pytest.mark.parametrize(
    ("framework", "name", "token"),
    [
        ("nist", "SC-7(5)", "sc-7.5"),
        ("nist", "AC-6", "ac-6"),
        ("mlps", "L3-CES1-17", "L3-CES1-17"),
        ("mlps", "8.1.4.4a", "mlps-8.1.4.4a"),
        ("cis", "5.2.2", "cis-5.2.2"),
    ],
)
def test_ids_of_requirements_are_tokens(framework: str, name: str, token: str) -> None:
    assert oscal_findings.control_id(controls.Framework(framework), name) == token


@given(reporting.reports())
def test_any_report_validates_holds_no_secret_and_claims_nothing_that_was_not_judged(report: findings.Report) -> None:
    document = rendered(report)
    validate(document)
    assert reporting.SECRET not in json.dumps(document)
    assert set(references(document)) <= set(uuids(document))
    [result] = document["assessment-results"]["results"]
    if report.problems or not any(report.passed.values()):
        assert "satisfied" not in claims(result).values()
    failing = report.of(findings.Outcome.FAIL, findings.Outcome.WAIVED, findings.Outcome.BASELINED)
    if any(one.policy is reporting.PRIVILEGED for one in failing):
        assert claims(result)["L3-CES1-17_obj.configuration"] == "not-satisfied"
