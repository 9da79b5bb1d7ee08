"""A policy against its own samples: it must find something in each that is denied, and nothing in those allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from govcloud_cli.compliance import findings, judging, manifest_inputs, rules, subjects
from govcloud_cli.inventory import manifests, sample_files
from govcloud_cli.model import policies

Json = Any

_NAMED_BY = (("metadata", "id"), ("metadata", "name"), ("id",), ("name",), ("environment",))


class ShapeError(ValueError):
    """A sample that is no document of its input."""


def check(samples: sample_files.Samples, rule: rules.Rule) -> tuple[str, ...]:
    """Everything that is wrong between a rule and its samples, `file: what` each; empty if they agree."""
    return (*_each(samples.allowed, rule, denied=False), *_each(samples.denied, rule, denied=True))


def _each(found: Sequence[sample_files.Sample], rule: rules.Rule, *, denied: bool) -> Iterator[str]:
    for sample in found:
        if sample.problems:
            yield from sample.problems
            continue
        try:
            asked = subjects_of(sample, rule.policy.spec.input)
        except ShapeError as error:
            yield f"{sample.file}: {error}"
            continue
        judged = judging.judge([rule], asked)
        problem = _problem(judged, rule, denied=denied)
        if problem:
            yield f"{sample.file}: {problem}"


def _problem(judged: judging.Judged, rule: rules.Rule, *, denied: bool) -> str:
    """What is wrong with one sample; empty if it is as it should be."""
    results = judged.results
    unjudged = [one for one in results if one.outcome is not findings.Outcome.FAIL]
    if unjudged:
        return f"{unjudged[0].outcome.value} at {unjudged[0].subject.key}: {unjudged[0].message}"
    if not any(judged.judged):
        return f"{rule.id} is not asked about anything in it, so it shows nothing"
    if denied and not results:
        return f"{rule.id} finds nothing in it"
    if not denied and results:
        return f"{rule.id} finds something at {results[0].subject.key}: {results[0].message}"
    return ""


def subjects_of(sample: sample_files.Sample, asked: policies.Input) -> tuple[subjects.Subject, ...]:
    """What a rule of input `asked` is asked about in a sample. Raises `ShapeError`."""
    if asked is policies.Input.KUBERNETES:
        return manifest_inputs.of_manifests(sample.documents)
    if asked is policies.Input.ENVIRONMENT:
        return tuple(_of_environment(one) for one in sample.documents)
    return tuple(_subject(asked, one.document, one) for one in sample.documents)


def _of_environment(one: manifests.Manifest) -> subjects.Subject:
    """Of `{input: flow, document: {…}}`; `key` may be given, else it comes from the document."""
    value = one.document
    if not isinstance(value, dict) or not {"input", "document"} <= set(value) <= {"input", "document", "key"}:
        raise ShapeError(f"document {one.number} is not of the form {{input: flow, document: {{…}}}}")
    try:
        kind = policies.Input(str(value["input"]))
    except ValueError as error:
        raise ShapeError(f"document {one.number} is of an input that there is not") from error
    return _subject(kind, value["document"], one, key=value.get("key"))


def _subject(kind: policies.Input, document: Json, one: manifests.Manifest, *, key: Json = None) -> subjects.Subject:
    if not isinstance(document, dict):
        raise ShapeError(f"document {one.number} is no mapping")
    if kind is policies.Input.KUBERNETES:
        document = manifest_inputs.without_nulls(document)
        key = subjects.kubernetes_key(document) if key is None else key
    place = subjects.Place(file=one.file, document=one.number)
    name = str(key) if key is not None else f"{kind.value}:{_name(document) or one.number}"
    return subjects.Subject(input=kind, key=name, document=document, place=place)


def _name(document: Json) -> str:
    for path in _NAMED_BY:
        found = document
        for part in path:
            found = found.get(part) if isinstance(found, dict) else None
        if isinstance(found, str) and found:
            return found
    return ""
