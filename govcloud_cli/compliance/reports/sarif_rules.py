"""What a SARIF run says of its tool: the rules with their help, and the requirements that they stand for."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from govcloud_cli.compliance import coverage
from govcloud_cli.compliance.reports import identity
from govcloud_cli.model import controls, policies

Json = dict[str, Any]

LEVELS: Mapping[policies.Severity, str] = MappingProxyType(
    {
        policies.Severity.CRITICAL: "error",
        policies.Severity.HIGH: "error",
        policies.Severity.MEDIUM: "warning",
        policies.Severity.LOW: "note",
    }
)
_SCORES = {
    policies.Severity.CRITICAL: "9.5",
    policies.Severity.HIGH: "8.0",
    policies.Severity.MEDIUM: "5.5",
    policies.Severity.LOW: "3.0",
}
"""What code scanning sorts by: critical from 9.0, high from 7.0, medium from 4.0."""
_NAMES = {
    controls.Framework.MLPS: "MLPS-2.0-L3",
    controls.Framework.NIST: "NIST-800-53r5",
    controls.Framework.CIS: "CIS-Kubernetes",
}
_MOST_TAGS = 10
"""Code scanning keeps no more of a rule."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taxonomy:
    """One framework, as far as the rules name it."""

    framework: controls.Framework
    number: int
    """Its place among the run's taxonomies."""
    component: Json
    taxa: Mapping[str, int]
    """Requirement -> its place in the component."""

    @property
    def reference(self) -> Json:
        """What points to it."""
        return {"name": self.component["name"], "index": self.number, "guid": self.component["guid"]}


def taxonomies(rules: Sequence[policies.Policy], catalogues: Iterable[controls.Catalogue]) -> tuple[Taxonomy, ...]:
    """The frameworks that the rules name, with titles from the catalogues."""
    known = tuple(catalogues)
    used = [(one, sorted({name for rule in rules for name in coverage.named(rule, one)})) for one in controls.Framework]
    return tuple(
        _taxonomy(framework, number, names, [one for one in known if one.spec.framework is framework])
        for number, (framework, names) in enumerate(pair for pair in used if pair[1])
    )


def _taxonomy(
    framework: controls.Framework, number: int, names: list[str], catalogues: Sequence[controls.Catalogue]
) -> Taxonomy:
    # Of two catalogues of one framework the first has a say.
    listed = {control.id: control for one in reversed(catalogues) for control in one.spec.controls}
    component: Json = {
        "name": _NAMES[framework],
        "guid": identity.named("taxonomy", framework.value),
        "isComprehensive": False,
        "shortDescription": {"text": coverage.DISCLAIMER.en},
        "taxa": [_taxon(name, listed.get(name)) for name in names],
    }
    for catalogue in catalogues[:1]:
        component["version"] = catalogue.metadata.version
        component["organization"] = catalogue.metadata.publisher
        component["fullName"] = catalogue.metadata.title.en
    taxa = {name: place for place, name in enumerate(names)}
    return Taxonomy(framework=framework, number=number, component=component, taxa=taxa)


def _taxon(name: str, control: controls.Control | None) -> Json:
    if control is None:
        return {"id": name}
    title = control.title
    where = f"{control.clause} " if control.clause else ""
    return {"id": name, "shortDescription": {"text": f"{where}{title.en} ({title.zh})"}}


def driver(rules: Sequence[policies.Policy], frameworks: Sequence[Taxonomy], *, version: str) -> Json:
    """The tool and its rules."""
    return {
        "name": "GovCloud",
        "fullName": "GovCloud compliance policies (合规策略)",
        "version": version,
        "language": "en",
        "rules": [_rule(rule, frameworks) for rule in rules],
        "supportedTaxonomies": [taxonomy.reference for taxonomy in frameworks],
    }


def _rule(rule: policies.Policy, frameworks: Sequence[Taxonomy]) -> Json:
    title, spec = rule.metadata.title, rule.spec
    return {
        "id": rule.metadata.id,
        "name": "".join(part.capitalize() for part in rule.metadata.id.split("-")),
        "shortDescription": {"text": f"{title.en} ({title.zh})"},
        "fullDescription": {"text": f"{spec.rationale.en} {spec.rationale.zh}"},
        "help": {"text": f"{spec.remediation.en}\n\n{spec.remediation.zh}", "markdown": _help(rule)},
        "defaultConfiguration": {"level": LEVELS[spec.severity]},
        "relationships": list(_relationships(rule, frameworks)),
        "properties": {
            "security-severity": _SCORES[spec.severity],
            "severity": spec.severity.value,
            "precision": "very-high",
            "tags": _tags(rule),
            "waivable": spec.waivable,
        },
    }


def _help(rule: policies.Policy) -> str:
    title, spec = rule.metadata.title, rule.spec
    named = [f"- {_NAMES[one]}: {', '.join(ids)}" for one in controls.Framework if (ids := coverage.named(rule, one))]
    parts = [
        f"# {title.en}\n\n{title.zh}",
        f"**Why**: {spec.rationale.en}",
        f"**原因**: {spec.rationale.zh}",
        f"**Fix**: {spec.remediation.en}",
        f"**处置**: {spec.remediation.zh}",
        "\n".join(named),
        f"`govcloud policy explain {rule.metadata.id}`",
    ]
    return "\n\n".join(part for part in parts if part)


def _tags(rule: policies.Policy) -> list[str]:
    named = (f"{_NAMES[one]}/{control}" for one in controls.Framework for control in coverage.named(rule, one))
    return ["security", rule.spec.input.value, *dict.fromkeys(named)][:_MOST_TAGS]


def _relationships(rule: policies.Policy, frameworks: Sequence[Taxonomy]) -> Iterator[Json]:
    for taxonomy in frameworks:
        for control in dict.fromkeys(coverage.named(rule, taxonomy.framework)):
            target = {"id": control, "index": taxonomy.taxa[control], "toolComponent": taxonomy.reference}
            yield {"target": target, "kinds": ["relevant"]}
