"""Every rule asked about every document that it matches, fast, with the verdicts that each would give by itself.

Most documents pass most rules. So all rules of a kind are one expression first, in which what a library's variables
come to is computed once; true means that each of them is true. Where it is not, a second expression names the rules
that are not true, and only those are asked one by one. An error anywhere, be it the engine's limit on iterations,
leads to the same place: each rule by itself decides.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Container, Iterator, Sequence

from govcloud_cli.compliance import findings, rules, subjects
from govcloud_cli.compliance.cel import documents, engine, texts
from govcloud_cli.model import policies

_LARGEST_CHUNK = 20_000
"""Characters of rules in one expression; the engine's parser takes 100,000, and nested so deep."""
_Key = tuple[policies.Input, str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """What rules say of documents."""

    results: tuple[findings.Result, ...]
    """All but the passes, in the order of the subjects; a rule that fails in two ways has two."""
    passed: dict[str, int]
    """Rule -> subjects that it passed, for every rule that was asked."""
    evaluations: int
    """Pairs of rule and subject."""
    judged: tuple[bool, ...]
    """For each subject, in order, whether at least one rule was asked about it."""


def judge(found: Sequence[rules.Rule], asked: Sequence[subjects.Subject]) -> Judged:
    """Ask all rules about all subjects that they match. Nothing is waived here."""
    return _Judge(found).judge(asked)


@dataclasses.dataclass(kw_only=True, eq=False)
class _Chunk:
    """Rules of one library that are asked together."""

    rules: Sequence[rules.Rule]
    all_hold: engine.Expression | None
    """True if each of them is; None where the engine cannot take them together."""
    broken: engine.Expression | None
    """The places of those that are not true, between commas."""
    passes: int = 0
    """Subjects that all of them passed."""


class _Judge:
    def __init__(self, found: Sequence[rules.Rule]) -> None:
        self._rules = [rule for rule in found if rule.check is None]
        self._checks = [rule for rule in found if rule.check is not None]
        self._plans: dict[_Key, list[_Chunk]] = {}
        self._chunks: dict[tuple[int, ...], list[_Chunk]] = {}
        self._passed: collections.Counter[str] = collections.Counter()
        self._evaluations = 0

    def judge(self, asked: Sequence[subjects.Subject]) -> Judged:
        results: list[findings.Result] = []
        seen: list[bool] = []
        for subject in asked:
            plan = self._plan(subject)
            seen.append(bool(plan))
            if plan:
                self._take(subject, plan, results)
        for rule in self._checks:
            results += self._check(rule, asked, seen)
        for chunks in self._chunks.values():
            for chunk in chunks:
                for rule in chunk.rules:
                    self._passed[rule.id] += chunk.passes
        return Judged(
            results=tuple(results), passed=dict(self._passed), evaluations=self._evaluations, judged=tuple(seen)
        )

    def _plan(self, subject: subjects.Subject) -> list[_Chunk]:
        kubernetes = subject.input is policies.Input.KUBERNETES
        key = (subject.input, *(rules.kind_of(subject) if kubernetes else ("", "")))
        found = self._plans.get(key)
        if found is None:
            matching = [rule for rule in self._rules if rule.matches(subject)]
            numbers = tuple(id(rule) for rule in matching)
            if numbers not in self._chunks:
                self._chunks[numbers] = list(_chunks(matching))
            found = self._plans[key] = self._chunks[numbers]
        return found

    def _take(self, subject: subjects.Subject, plan: Sequence[_Chunk], results: list[findings.Result]) -> None:
        self._evaluations += sum(len(chunk.rules) for chunk in plan)
        try:
            context = plan[0].rules[0].engine.context(subject.document, subject.unknown)
        except documents.DocumentError as failure:
            results += [rule.unreadable(subject, failure) for chunk in plan for rule in chunk.rules]
            return
        together = not subject.unknown and not context.large
        for chunk in plan:
            if together and chunk.all_hold is not None and chunk.all_hold.holds(context):
                chunk.passes += 1
            else:
                results += self._one_by_one(chunk, subject, context, together=together)

    def _one_by_one(
        self, chunk: _Chunk, subject: subjects.Subject, context: engine.Context, *, together: bool
    ) -> Iterator[findings.Result]:
        broken: Container[int] = range(len(chunk.rules))
        named = chunk.broken.evaluate(context) if together and chunk.broken is not None else None
        if isinstance(named, str):
            broken = {int(place) for place in named.split(",") if place}
        for place, rule in enumerate(chunk.rules):
            found = rule.judge(subject, context) if place in broken else ()
            yield from found
            self._passed[rule.id] += not found

    def _check(
        self, rule: rules.Rule, asked: Sequence[subjects.Subject], seen: list[bool]
    ) -> Iterator[findings.Result]:
        if rule.check is None:
            return
        concerned = [index for index, subject in enumerate(asked) if rule.matches(subject)]
        failing: set[int] = set()
        for failure in rule.check(asked):
            outcome = findings.Outcome.UNKNOWN if failure.unknown else findings.Outcome.FAIL
            failing.add(id(failure.subject))
            yield rule.result(failure.subject, outcome, failure.message, failure.path)
        for index in concerned:
            seen[index] = True
        self._evaluations += len(concerned)
        self._passed[rule.id] += sum(id(asked[index]) not in failing for index in concerned)


def _chunks(matching: Sequence[rules.Rule]) -> Iterator[_Chunk]:
    by_library: dict[str, list[rules.Rule]] = {}
    for rule in matching:
        by_library.setdefault(rule.policy.spec.library or "", []).append(rule)
    for together in by_library.values():
        size, chunk = 0, list[rules.Rule]()
        for rule in together:
            size += len(rule.verdict.body)
            if chunk and size > _LARGEST_CHUNK:
                yield _chunk(chunk)
                size, chunk = len(rule.verdict.body), []
            chunk.append(rule)
        yield _chunk(chunk)


def _chunk(together: Sequence[rules.Rule]) -> _Chunk:
    bodies = [rule.verdict.body for rule in together]
    listed = ", ".join(f"({body} ? '' : '{place}')" for place, body in enumerate(bodies))
    named = f"([{listed}].join(','))"
    return _Chunk(
        rules=together,
        all_hold=_compiled(texts.every(bodies), together),
        broken=_compiled(named, together),
    )


def _compiled(body: str, together: Sequence[rules.Rule]) -> engine.Expression | None:
    uses = {use for rule in together for use in rule.verdict.uses}
    whole = texts.Text(source="", alone=body, body=body, uses=frozenset(uses))
    try:
        return together[0].engine.compile(texts.bound(whole, together[0].sources.shared))
    except engine.CompileError:
        return None
