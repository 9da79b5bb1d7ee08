"""A report as SARIF 2.1.0 (OASIS, errata 01), for code scanning and IDEs. Written for what its readers stumble over:

`results` is always there; a line is real or left out; severities are told as levels and as numbers; what is waived is
suppressed and still there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from govcloud_cli.compliance import findings, subjects
from govcloud_cli.compliance.reports import identity, places, sarif_rules, texts
from govcloud_cli.model import controls, waivers

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "govcloudRuleAndResource/v1"

Json = dict[str, Any]

# `[text](address)` is a link and `{0}` a placeholder wherever a SARIF message is shown (3.11.5, 3.11.6); a name that a
# manifest chose must be neither.
_LINK = re.compile(r"\](?=\()")
_PLACEHOLDER = re.compile(r"\{(\d+)\}")

_REAL = (findings.Outcome.FAIL, findings.Outcome.WAIVED, findings.Outcome.BASELINED)
_UNJUDGED = (findings.Outcome.ERROR, findings.Outcome.UNKNOWN)


def render(
    report: findings.Report,
    *,
    version: str,
    exit_code: int,
    catalogues: Sequence[controls.Catalogue] = (),
    waived_by: Iterable[waivers.Waiver] = (),
    root: str = "",
    origin: str | None = None,
    baseline: bool = False,
) -> str:
    """One run.

    `version`: of GovCloud. `root`: absolute folder of the checkout, if known (see `places.artifact`). `origin`: the
    file that stands for what no single one says, such as an inventory's platform.yaml; code scanning refuses findings
    without any. `baseline`: whether the run was compared with one.
    """
    known = {waiver.metadata.id: waiver for waiver in waived_by}
    compared = baseline or bool(report.of(findings.Outcome.BASELINED))
    taxonomies = sarif_rules.taxonomies(report.rules, catalogues)
    index = {rule.metadata.id: number for number, rule in enumerate(report.rules)}
    place = _Places(root=root, origin=origin)
    run: Json = {
        "tool": {"driver": sarif_rules.driver(report.rules, taxonomies, version=version)},
        "automationDetails": {"id": f"govcloud-policy/{report.profile.value}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {places.BASE: {"description": {"text": "The folder that the check was started in."}}},
        "invocations": [_invocation(report, place, index=index, exit_code=exit_code)],
        "taxonomies": [taxonomy.component for taxonomy in taxonomies],
        "results": [_result(one, place, index=index, known=known, compared=compared) for one in report.of(*_REAL)],
        "properties": _properties(report),
    }
    return texts.dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


class _Places:
    """Locations of results."""

    def __init__(self, *, root: str, origin: str | None) -> None:
        self._root = root
        self._origin = origin

    def of(self, result: findings.Result) -> Json:
        location: Json = {"logicalLocations": [_logical(result)]}
        place = result.subject.place
        file = place.file if place is not None else self._origin
        if file is not None:
            physical: Json = {"artifactLocation": places.artifact(file, root=self._root)}
            if place is not None and result.line is not None and result.line >= 1:
                physical["region"] = {"startLine": result.line}
            location["physicalLocation"] = physical
        return location


def _logical(result: findings.Result) -> Json:
    key = texts.key(result.subject.key)
    return {"name": key.rpartition("/")[2] or key, "fullyQualifiedName": key, "kind": "resource"}


def _result(
    result: findings.Result,
    place: _Places,
    *,
    index: dict[str, int],
    known: dict[str, waivers.Waiver],
    compared: bool,
) -> Json:
    policy = result.policy
    told: Json = {
        "ruleId": policy.metadata.id,
        "ruleIndex": index[policy.metadata.id],
        "level": sarif_rules.LEVELS[policy.spec.severity],
        "message": {"text": message(f"{result.subject.key}: {result.message}")},
        "locations": [place.of(result)],
        "partialFingerprints": {FINGERPRINT: identity.fingerprint(result)},
        "suppressions": _suppressions(result, known),
        "properties": {
            "severity": policy.spec.severity.value,
            "outcome": result.outcome.value,
            "input": result.subject.input.value,
            "path": _path(result.path),
        },
    }
    if compared:
        told["baselineState"] = "unchanged" if result.outcome is findings.Outcome.BASELINED else "new"
    if result.requested is not None:
        # No suppression that is under review: some readers hide whatever has a suppression, and anybody can ask.
        told["properties"]["waiverRequested"] = texts.line(result.requested)
    return told


def _suppressions(result: findings.Result, known: dict[str, waivers.Waiver]) -> list[Json]:
    if result.outcome is not findings.Outcome.WAIVED:
        return []
    why = result.waiver or "?"
    waiver = known.get(why)
    if waiver is not None:
        spec = waiver.spec
        why = f"{why} until {spec.expires}, approved by {spec.approver}, owned by {spec.owner}: {spec.reason}"
    return [{"kind": "external", "status": "accepted", "justification": texts.line(why)}]


def _invocation(report: findings.Report, place: _Places, *, index: dict[str, int], exit_code: int) -> Json:
    told = [
        {"level": "error", "message": {"text": message(problem)}, "descriptor": {"id": "unread"}}
        for problem in report.problems
    ]
    told += [_unjudged(result, place, index) for result in report.of(*_UNJUDGED)]
    settings = [
        {
            "level": "error" if notice.fails else "warning",
            "message": {"text": message(f"waiver {notice.waiver} of {notice.rule}: {notice.kind}: {notice.detail}")},
            "descriptor": {"id": f"waiver-{notice.kind}"},
        }
        for notice in report.notices
    ]
    return {
        "executionSuccessful": not report.unjudged,
        "exitCode": exit_code,
        "toolExecutionNotifications": told,
        "toolConfigurationNotifications": settings,
    }


def _unjudged(result: findings.Result, place: _Places, index: dict[str, int]) -> Json:
    rule = result.policy.metadata.id
    return {
        "level": "error",
        "message": {"text": message(f"{rule} could not judge {result.subject.key}: {result.message}")},
        "descriptor": {"id": f"rule-{result.outcome.value}"},
        "associatedRule": {"id": rule, "index": index[rule]},
        "locations": [place.of(result)],
    }


def _properties(report: findings.Report) -> Json:
    return {
        "profile": report.profile.value,
        "day": report.today.isoformat(),
        "rulesDigest": identity.ruleset(report.rules),
        "evaluations": report.evaluations,
        "passed": sum(report.passed.values()),
        "seen": sum(one.seen for one in report.inputs),
        "skipped": report.skipped,
    }


def _path(path: subjects.Path) -> str:
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return texts.line(parts.lstrip("."), 400) if parts else ""


def message(text: str) -> str:
    """Words that are shown as they are."""
    return _PLACEHOLDER.sub(r"{{\1}}", _LINK.sub("] ", texts.line(text)))
