"""OSCAL: what follows from what was seen. Findings per requirement, risks per waiver."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from govcloud_cli.compliance import coverage, findings
from govcloud_cli.compliance.reports import identity, oscal_observations, texts
from govcloud_cli.model import controls, policies, waivers

Json = dict[str, Any]

_CLAIMED = {coverage.Verdict.MET: "satisfied", coverage.Verdict.NOT_MET: "not-satisfied"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Risk:
    """A waiver, as OSCAL's risk."""

    document: Json
    waiver: str
    rules: frozenset[str]


def control_id(framework: controls.Framework, name: str) -> str:
    """A requirement's id as a token: `ac-6`, `sc-7.5` as NIST's own catalogue has them, `L3-CES1-17`, `cis-5.2.2`."""
    plain = name.replace("(", ".").replace(")", "")
    match framework:
        case controls.Framework.MLPS:
            return plain if plain[0].isalpha() else f"mlps-{plain}"
        case controls.Framework.NIST:
            return plain.lower()
        case controls.Framework.CIS:
            return f"cis-{plain}"


def _objective(one: coverage.Judged) -> str:
    return f"{control_id(one.row.framework, one.row.control.id)}_obj.configuration"


def objectives(judged: Sequence[coverage.Judged]) -> list[Json]:
    """What findings are about: of each requirement, that the rules behind it hold for what is declared."""
    return [_defined(one) for one in judged if one.asked]


def _defined(one: coverage.Judged) -> Json:
    control = one.row.control
    prose = f"What is declared meets the rules {', '.join(one.asked)}."
    return {
        "control-id": control_id(one.row.framework, control.id),
        "description": texts.line(f"{control.title.en} ({control.title.zh})"),
        "parts": [{"id": _objective(one), "name": "assessment-objective", "prose": prose}],
    }


def reviewed(judged: Sequence[coverage.Judged]) -> Json:
    """The requirements that rules of the run were asked about."""
    selections = []
    objectives_of = []
    for framework in controls.Framework:
        ours = [one for one in judged if one.asked and one.row.framework is framework]
        if ours:
            named = [{"control-id": control_id(framework, one.row.control.id)} for one in ours]
            selections.append({"description": framework.value, "include-controls": named})
            objectives_of.append({"include-objectives": [{"objective-id": _objective(one)} for one in ours]})
    if not selections:
        # The schema wants one.
        nothing = "No rule that was asked stands for a requirement."
        return {"control-selections": [{"description": nothing, "include-controls": [{"control-id": "none"}]}]}
    return {"control-selections": selections, "control-objective-selections": objectives_of}


def findings_of(
    judged: Sequence[coverage.Judged],
    seen: oscal_observations.Seen,
    risks: Sequence[Risk],
    *,
    prefix: str,
    tool: str,
) -> list[Json]:
    """One per requirement whose rules came to something; none where a rule could not be evaluated."""
    return [_finding(one, seen, risks, prefix=prefix, tool=tool) for one in judged if one.verdict in _CLAIMED]


def _finding(
    one: coverage.Judged, seen: oscal_observations.Seen, risks: Sequence[Risk], *, prefix: str, tool: str
) -> Json:
    control = one.row.control
    met = one.verdict is coverage.Verdict.MET
    related = [uuid for rule in one.asked for uuid in seen.by_rule.get(rule, ())]
    excused = [risk.document["uuid"] for risk in risks if risk.rules & set(one.asked)]
    found: Json = {
        "uuid": identity.named(prefix, "finding", one.row.framework.value, control.id),
        "title": texts.line(f"{control.id}: {control.title.en} ({control.title.zh})", 300),
        "description": _counted(one),
        "props": [oscal_observations.prop("automation", one.row.automation.value)],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": tool}]}],
        "target": {
            "type": "objective-id",
            "target-id": _objective(one),
            "title": "What is declared meets the rules behind it",
            "status": {"state": _CLAIMED[one.verdict], "reason": "pass" if met else "fail"},
        },
        "related-observations": [{"observation-uuid": uuid} for uuid in related],
        "remarks": _left(one),
    }
    if excused:
        found["related-risks"] = [{"risk-uuid": uuid} for uuid in excused]
    return found


def _counted(one: coverage.Judged) -> str:
    counts = dict.fromkeys(findings.Outcome, 0)
    for result in one.results:
        counts[result.outcome] += 1
    told = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items() if count)
    return f"{one.passed} judgements passed" + (f"; {told}." if told else ".")


def _left(one: coverage.Judged) -> str:
    """What this finding does not say."""
    control = one.row.control
    parts = [control.why]
    if one.idle:
        parts.append(f"Rules that had nothing to judge: {', '.join(one.idle)}.")
    if control.checks:
        parts.append(f"Checked on the machines, not here: {', '.join(control.checks)}.")
    return texts.line(" ".join(parts))


def risks(
    report: findings.Report,
    known: Sequence[waivers.Waiver],
    seen: oscal_observations.Seen,
    *,
    environment: str,
    tool: str,
) -> list[Risk]:
    """One for each waiver that excuses something in this run."""
    by_id = {waiver.metadata.id: waiver for waiver in known}
    used: dict[str, dict[str, policies.Policy]] = {}
    for result in report.of(findings.Outcome.WAIVED):
        used.setdefault(result.waiver or "?", {})[result.policy.metadata.id] = result.policy
    return [
        Risk(
            document=_risk(name, tuple(rules.values()), by_id.get(name), seen, environment=environment, tool=tool),
            waiver=name,
            rules=frozenset(rules),
        )
        for name, rules in used.items()
    ]


def _risk(
    name: str,
    rules: Sequence[policies.Policy],
    waiver: waivers.Waiver | None,
    seen: oscal_observations.Seen,
    *,
    environment: str,
    tool: str,
) -> Json:
    uuid = identity.named("risk", environment, name)
    document: Json = {
        "uuid": uuid,
        "title": texts.line(f"{name}: {', '.join(rule.metadata.id for rule in rules)}", 300),
        "description": " ".join(texts.line(rule.spec.rationale.en) for rule in rules),
        "statement": texts.line(waiver.spec.reason) if waiver is not None else "A waiver lets it be.",
        "props": [oscal_observations.prop("waiver", name)],
        "status": "deviation-approved",
        "origins": [{"actors": [{"type": "tool", "actor-uuid": tool}]}],
        "remediations": [_remediation(uuid, rule) for rule in rules],
        "related-observations": [{"observation-uuid": one} for one in seen.by_waiver.get(name, ())],
    }
    if waiver is not None:
        spec = waiver.spec
        document["props"] += list(_answerable(spec))
        document["deadline"] = f"{spec.expires.isoformat()}T23:59:59Z"
        entry = {
            "uuid": identity.named(uuid, "approved"),
            "title": "Deviation approved (准予豁免)",
            "start": f"{spec.created.isoformat()}T00:00:00Z",
            "end": document["deadline"],
            "status-change": "deviation-approved",
        }
        document["risk-log"] = {"entries": [entry]}
    # The schema has no empty lists.
    return {field: value for field, value in document.items() if value != []}


def _answerable(spec: waivers.WaiverSpec) -> Iterator[Json]:
    yield oscal_observations.prop("owner", str(spec.owner))
    yield oscal_observations.prop("approver", str(spec.approver))
    if spec.ticket is not None:
        yield oscal_observations.prop("ticket", spec.ticket)


def _remediation(risk: str, rule: policies.Policy) -> Json:
    return {
        "uuid": identity.named(risk, "remediation", rule.metadata.id),
        "lifecycle": "planned",
        "title": rule.metadata.title.en,
        "description": f"{rule.spec.remediation.en}\n\n{rule.spec.remediation.zh}",
    }
