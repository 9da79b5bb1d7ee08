"""OSCAL: what was seen. One observation per rule and resource that it did not pass, one per rule for what it passed."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import coverage, findings, subjects
from govcloud_cli.compliance.reports import identity, texts
from govcloud_cli.model import policies

Json = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """All observations, and how to find them."""

    observations: tuple[Json, ...]
    items: tuple[Json, ...]
    """The resources that they are about, as inventory items."""
    by_rule: Mapping[str, tuple[str, ...]]
    """Rule -> UUIDs of the observations that it made."""
    by_waiver: Mapping[str, tuple[str, ...]]
    """Waiver -> UUIDs of the observations that it excuses."""


def prop(name: str, value: str) -> Json:
    """A property of ours."""
    return {"name": name, "ns": identity.SITE, "value": texts.line(value)}


def observe(
    report: findings.Report,
    judged: Sequence[coverage.Judged],
    *,
    prefix: str,
    tool: str,
    system: str,
    collected: str,
    digest: str | None,
) -> Seen:
    """Everything that the run saw. `prefix` begins the names of the UUIDs; `tool` and `system` are UUIDs."""
    maker = _Maker(prefix=prefix, tool=tool, system=system, collected=collected, digest=digest)
    made: list[Json] = []
    by_rule: dict[str, list[str]] = collections.defaultdict(list)
    by_waiver: dict[str, list[str]] = collections.defaultdict(list)
    for rule in report.rules:
        passed = report.passed.get(rule.metadata.id, 0)
        if passed:
            made.append(maker.passes(rule, passed))
            by_rule[rule.metadata.id].append(made[-1]["uuid"])
    items: dict[str, Json] = {}
    for group in _groups(report.results):
        made.append(maker.otherwise(group))
        by_rule[group[0].policy.metadata.id].append(made[-1]["uuid"])
        for waiver in dict.fromkeys(one.waiver for one in group if one.waiver is not None):
            by_waiver[waiver].append(made[-1]["uuid"])
        item = _item(group[0].subject, system)
        items.setdefault(item["uuid"], item)
    made += [maker.problem(number, problem) for number, problem in enumerate(report.problems)]
    made += [maker.unjudged(one) for one in judged if one.verdict is coverage.Verdict.NOT_JUDGED]
    return Seen(
        observations=tuple(made),
        items=tuple(items.values()),
        by_rule={rule: tuple(found) for rule, found in by_rule.items()},
        by_waiver={waiver: tuple(found) for waiver, found in by_waiver.items()},
    )


def _groups(results: Sequence[findings.Result]) -> Iterator[list[findings.Result]]:
    groups: dict[tuple[str, str, subjects.Place | None], list[findings.Result]] = collections.defaultdict(list)
    for result in results:
        groups[result.policy.metadata.id, result.subject.key, result.subject.place].append(result)
    yield from groups.values()


def _resource(subject: subjects.Subject) -> str:
    return identity.named("resource", subject.key)


def _item(subject: subjects.Subject, system: str) -> Json:
    props = [prop("input", subject.input.value)]
    if subject.place is not None:
        props.append(prop("file", subject.place.file))
    return {
        "uuid": _resource(subject),
        "description": texts.key(subject.key),
        "props": props,
        "implemented-components": [{"component-uuid": system}],
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Maker:
    prefix: str
    tool: str
    system: str
    collected: str
    digest: str | None

    def passes(self, rule: policies.Policy, count: int) -> Json:
        title = f"{rule.metadata.id}: {count} passed"
        return self._observation(
            ("passed", rule.metadata.id),
            title=title,
            description=f"{rule.metadata.title.en} ({rule.metadata.title.zh}): so it is for {count} resources.",
            subject={"subject-uuid": self.system, "type": "component"},
            props=[prop("rule", rule.metadata.id), prop("outcome", findings.Outcome.PASS.value)],
        )

    def otherwise(self, group: Sequence[findings.Result]) -> Json:
        first = group[0]
        rule, subject = first.policy.metadata.id, first.subject
        props = [prop("rule", rule), prop("severity", first.policy.spec.severity.value)]
        props += [prop("outcome", outcome) for outcome in dict.fromkeys(one.outcome.value for one in group)]
        props += [prop("waiver", one) for one in dict.fromkeys(r.waiver for r in group if r.waiver is not None)]
        props += [prop("waiver-requested", one.requested) for one in group[:1] if one.requested is not None]
        place = subject.place
        where = (place.file, str(place.document), repr(place.path)) if place is not None else ()
        return self._observation(
            (rule, subject.key, *where),
            title=texts.line(f"{rule}: {subject.key}", 300),
            description=texts.line("; ".join(_told(one) for one in group)),
            subject={"subject-uuid": _resource(subject), "type": "inventory-item"},
            props=props,
        )

    def problem(self, number: int, problem: str) -> Json:
        return self._observation(
            ("problem", str(number), problem),
            title="Something could not be judged (未能判定)",
            description=texts.line(problem),
            subject={"subject-uuid": self.system, "type": "component"},
            props=[prop("outcome", "unjudged")],
        )

    def unjudged(self, one: coverage.Judged) -> Json:
        """That this run says nothing of a requirement, and who could."""
        control = one.row.control
        checks = f" Checked on the machines, not here: {', '.join(control.checks)}." if control.checks else ""
        title = f"{control.id} ({control.title.en}, {control.title.zh}): not judged"
        told = self._observation(
            ("control", one.row.framework.value, control.id),
            title=texts.line(title, 300),
            description=texts.line(f"No rule of this run had anything to judge. {control.why}{checks}"),
            subject={"subject-uuid": self.system, "type": "component"},
            props=[prop("automation", one.row.automation.value), prop("control", control.id)],
        )
        return {**told, "methods": ["UNKNOWN"]}

    def _observation(
        self, name: tuple[str, ...], *, title: str, description: str, subject: Json, props: list[Json]
    ) -> Json:
        evidence: Json = {"description": "The declared configuration, as it was read."}
        if self.digest is not None:
            evidence["props"] = [prop("digest", self.digest)]
        return {
            "uuid": identity.named(self.prefix, "observation", *name),
            "title": title,
            "description": description,
            "props": props,
            "methods": ["TEST"],
            "types": ["control-objective"],
            "origins": [{"actors": [{"type": "tool", "actor-uuid": self.tool}]}],
            "subjects": [subject],
            "relevant-evidence": [evidence],
            "collected": self.collected,
        }


def _told(result: findings.Result) -> str:
    place = result.subject.place
    line = f":{result.line}" if result.line is not None else ""
    return f"{place.file}{line}: {result.message}" if place is not None else result.message
