"""A report as OSCAL assessment results (NIST, model 1.1), for GRC tools and auditors.

It claims no more than was judged. What rules can see of a requirement is an objective of its own here, and findings are
about that objective: `satisfied` never speaks of the requirement as a whole. What nobody could judge has observations,
and no finding.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from govcloud_cli.compliance import coverage, findings
from govcloud_cli.compliance.reports import identity, oscal_findings, oscal_observations, texts
from govcloud_cli.model import controls, waivers

OSCAL_VERSION = "1.1.3"

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What a report itself does not know of its run."""

    environment: str
    """What was judged: an environment's name, or that of a folder of manifests."""
    start: datetime.datetime
    """Aware."""
    end: datetime.datetime
    version: str
    """Of GovCloud."""
    inputs_digest: str | None = None
    plan: str | None = None
    """Where the assessment plan is; None: the rules are the plan."""


def render(
    report: findings.Report,
    run: Run,
    *,
    catalogues: Sequence[controls.Catalogue],
    waived_by: Iterable[waivers.Waiver] = (),
) -> str:
    """One assessment of one result. UUIDs are derived: the same run gives the same text."""
    judged = _judged(report, catalogues)
    name = identity.named("run", run.environment, report.profile.value, run.start.isoformat())
    plan = identity.named("plan", identity.ruleset(report.rules))
    document: Json = {
        "uuid": name,
        "metadata": {
            "title": f"GovCloud compliance policies (合规策略): {texts.line(run.environment, 100)}",
            "last-modified": moment(run.end),
            "version": moment(run.end),
            "oscal-version": OSCAL_VERSION,
            "remarks": f"{coverage.DISCLAIMER.en}\n\n{coverage.DISCLAIMER.zh}",
        },
        "import-ap": {"href": run.plan or f"#{plan}"},
    }
    objectives = oscal_findings.objectives(judged)
    if objectives:
        document["local-definitions"] = {"objectives-and-methods": objectives}
    document["results"] = [_result(report, run, judged, known=tuple(waived_by), prefix=name)]
    if run.plan is None:
        document["back-matter"] = {"resources": [_plan(report, plan)]}
    return texts.dump({"assessment-results": document})


def _judged(report: findings.Report, catalogues: Sequence[controls.Catalogue]) -> tuple[coverage.Judged, ...]:
    """Every requirement once: of two catalogues of one framework the first has a say."""
    rows = {
        (row.framework, row.control.id): row
        for catalogue in reversed(catalogues)
        for row in coverage.coverage(catalogue, report.rules)
    }
    ordered = dict.fromkeys((one.spec.framework, control.id) for one in catalogues for control in one.spec.controls)
    return coverage.judged((rows[name] for name in ordered), report)


def moment(when: datetime.datetime) -> str:
    """An aware moment as RFC 3339, in UTC."""
    return when.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _result(
    report: findings.Report,
    run: Run,
    judged: Sequence[coverage.Judged],
    *,
    known: Sequence[waivers.Waiver],
    prefix: str,
) -> Json:
    tool, system = identity.named("tool"), identity.named("system", run.environment)
    seen = oscal_observations.observe(
        report, judged, prefix=prefix, tool=tool, system=system, collected=moment(run.end), digest=run.inputs_digest
    )
    risks = oscal_findings.risks(report, known, seen, environment=run.environment, tool=tool)
    found = oscal_findings.findings_of(judged, seen, risks, prefix=prefix, tool=tool)
    result: Json = {
        "uuid": identity.named(prefix, "result"),
        "title": f"Profile {report.profile.value} on {report.today.isoformat()}",
        "description": f"{len(report.rules)} rules, {report.evaluations} judgements, {report.skipped} skipped.",
        "start": moment(run.start),
        "end": moment(run.end),
        "props": _props(report, run),
        "local-definitions": _definitions(run, seen.items, tool=tool, system=system),
        "reviewed-controls": oscal_findings.reviewed(judged),
        "observations": list(seen.observations),
        "risks": [risk.document for risk in risks],
        "findings": found,
        "remarks": f"{coverage.DISCLAIMER.en}\n\n{coverage.DISCLAIMER.zh}",
    }
    # The schema has no empty lists.
    return {field: value for field, value in result.items() if value != []}


def _props(report: findings.Report, run: Run) -> list[Json]:
    facts = {
        "profile": report.profile.value,
        "rules-digest": identity.ruleset(report.rules),
        "inputs-digest": run.inputs_digest,
        "evaluations": str(report.evaluations),
        "passed": str(sum(report.passed.values())),
        "skipped": str(report.skipped),
    }
    return [oscal_observations.prop(name, value) for name, value in facts.items() if value is not None]


def _definitions(run: Run, items: Sequence[Json], *, tool: str, system: str) -> Json:
    definitions: Json = {
        "components": [
            {
                "uuid": system,
                "type": "system",
                "title": texts.line(run.environment, 100),
                "description": "What was judged: what is declared, before it is applied.",
                "status": {"state": "operational"},
            }
        ],
        "assessment-assets": {
            "components": [
                {
                    "uuid": tool,
                    "type": "software",
                    "title": "GovCloud",
                    "description": "Judges declared configuration by rules, and neither people nor processes.",
                    "props": [oscal_observations.prop("version", run.version)],
                    "status": {"state": "operational"},
                }
            ],
            "assessment-platforms": [
                {
                    "uuid": identity.named("platform"),
                    "title": "govcloud policy check",
                    "uses-components": [{"component-uuid": tool}],
                }
            ],
        },
    }
    if items:
        definitions["inventory-items"] = list(items)
    return definitions


def _plan(report: findings.Report, name: str) -> Json:
    rules = ", ".join(rule.metadata.id for rule in report.rules)
    return {
        "uuid": name,
        "title": "Assessment plan",
        "description": f"Every rule of profile {report.profile.value}, on all that is declared: {rules or 'none'}.",
        "props": [oscal_observations.prop("rules-digest", identity.ruleset(report.rules))],
    }
