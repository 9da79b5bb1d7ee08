"""The JSON report."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given

from govcloud_cli.compliance import findings
from govcloud_cli.compliance.reports import documents
from tests.compliance.reports import reporting


def rendered(report: findings.Report) -> dict[str, Any]:
    text = documents.render(report, exit_code=2, inputs_digest="sha256:00")
    text.encode("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def test_a_clean_report_has_no_findings_and_tells_what_was_tried() -> None:
    document = rendered(reporting.CLEAN)
    assert document["schemaVersion"] == 1
    assert document["findings"] == []
    assert document["problems"] == []
    assert document["waivers"] == []
    summary = document["summary"]
    assert summary["outcomes"] == {"pass": 5, "fail": 0, "waived": 0, "baselined": 0, "error": 0, "unknown": 0}
    assert (summary["rules"], summary["seen"], summary["skipped"], summary["evaluations"]) == (4, 4, 1, 10)
    assert summary["judged"]


def test_a_finding_has_all_that_a_tool_needs() -> None:
    finding = next(one for one in rendered(reporting.EVERYTHING)["findings"] if one["line"] == 17)
    fingerprint = finding.pop("fingerprint")
    assert len(fingerprint) == 32
    assert finding == {
        "rule": "pod-privileged",
        "severity": "critical",
        "outcome": "fail",
        "resource": "k8s:apps/Deployment/finance-prod/web",
        "input": "kubernetes",
        "file": "deploy/web.yaml",
        "line": 17,
        "path": ["spec", "template", "spec", "containers", 0],
        "message": "containers run privileged: web",
        "title": {"en": "What pod-privileged demands <b>", "zh": "容器不得以特权模式运行"},
        "remediation": {"en": "Remove `privileged`, or set it to false.", "zh": "删除 privileged，或设为 false。"},
        "controls": {"mlps": ["L3-CES1-08", "L3-CES1-17"], "nist": ["AC-6", "SC-7(5)"], "cis": ["5.2.2"]},
        "waivable": True,
        "waiver": None,
        "waiverRequested": None,
    }


def test_the_summary_counts_every_outcome_and_says_how_the_run_ends() -> None:
    document = rendered(reporting.EVERYTHING)
    summary = document["summary"]
    assert summary["outcomes"] == {"pass": 5, "fail": 2, "waived": 1, "baselined": 1, "error": 1, "unknown": 1}
    assert summary["severities"] == {"critical": 2, "high": 0, "medium": 0, "low": 0}, "of what nothing excuses"
    assert (summary["exitCode"], summary["judged"], summary["seconds"]) == (2, False, 1.25)
    assert summary["inputs"] == [{"name": "deploy/", "seen": 4, "judged": 3}]
    assert document["day"] == "2026-11-22"
    assert document["digests"]["inputs"] == "sha256:00"
    assert document["digests"]["rules"].startswith("sha256:")
    assert document["rules"][2] == {"id": "image-digest", "passed": 0, "other": {"unknown": 1, "waived": 1}}
    assert [(one["waiver"], one["fails"]) for one in document["waivers"]] == [
        ("W-2025-001", True), ("W-2026-020", False),
    ]  # fmt: skip
    waived = [one["waiver"] for one in document["findings"] if one["outcome"] == "waived"]
    assert waived == ["W-2026-014"]
    assert [one["waiverRequested"] for one in document["findings"] if one["waiverRequested"]] == ["we need it <script>"]


@given(reporting.reports())
def test_any_report_is_json_without_secrets_whose_counts_are_right(report: findings.Report) -> None:
    document = rendered(report)
    assert reporting.SECRET not in json.dumps(document)
    assert len(document["findings"]) == len(report.results)
    counts = reporting.outcomes(report)
    told = document["summary"]["outcomes"]
    assert {one: told[one.value] for one in findings.Outcome if counts[one]} == dict(counts)
    assert sum(told.values()) == report.evaluations
    for rule in document["rules"]:
        assert sum(rule["other"].values()) == sum(one["rule"] == rule["id"] for one in document["findings"])
