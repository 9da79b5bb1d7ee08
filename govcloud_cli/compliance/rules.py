"""Policies made ready to be asked about documents, with the meaning that the API server gives them.

As there (admissionregistration.k8s.io/v1, ValidatingAdmissionPolicy): match conditions are AND-ed, and an error in one
counts unless another is false; a variable is evaluated where it is reached, at most once; a message expression that
fails, or says nothing printable, gives way to a plain message; an error is a refusal (`failurePolicy: Fail`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence

from govcloud_cli.compliance import checks, findings, kinds, subjects
from govcloud_cli.compliance.cel import documents, failures, texts
from govcloud_cli.compliance.cel import engine as engines
from govcloud_cli.compliance.cel import sources as sources_
from govcloud_cli.compliance.checks import check
from govcloud_cli.model import policies

_LONGEST_MESSAGE = 500


class RuleError(ValueError):
    """The policy cannot be asked; carries everything that is wrong with it."""

    def __init__(self, policy: str, problems: Sequence[sources_.Problem]) -> None:
        super().__init__(f"{policy}: " + "; ".join(f"{one.field}: {one.message}" for one in problems))
        self.policy = policy
        self.problems = tuple(problems)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """A policy that can be asked."""

    policy: policies.Policy
    engine: engines.Engine
    sources: sources_.Sources
    check: check.Check | None = None
    """For input `environment`, instead of everything above."""

    @property
    def id(self) -> str:
        """Of the policy."""
        return self.policy.metadata.id

    def matches(self, subject: subjects.Subject) -> bool:
        """Whether it is about such documents; versions do not matter (`matchPolicy: Equivalent`)."""
        if self.check is not None:
            return self.check.concerns(subject)
        if subject.input is not self.policy.spec.input:
            return False
        return subject.input is not policies.Input.KUBERNETES or self.holds(*kind_of(subject))

    def holds(self, group: str, kind: str) -> bool:
        """Whether its match constraints hold objects of this kind."""
        plural = kinds.plural(kind)
        return any(
            not {group, "*"}.isdisjoint(rule.api_groups) and not {plural, "*", "*/*"}.isdisjoint(rule.resources)
            for rule in self.sources.constraints
        )

    @functools.cached_property
    def verdict(self) -> texts.Text:
        """All of it as one expression over what is shared: true if and only if it passes without an error."""
        return sources_.verdict(self.sources)

    def judge(self, subject: subjects.Subject, context: engines.Context | None = None) -> tuple[findings.Result, ...]:
        """What it says of a document that it matches; nothing if that passes.

        Args:
            context: the document made ready, where that is done already.
        """
        try:
            ready = context or self.engine.context(subject.document, subject.unknown)
        except documents.DocumentError as failure:
            return (self.unreadable(subject, failure),)
        return tuple(self._judge(subject, ready))

    def unreadable(self, subject: subjects.Subject, failure: documents.DocumentError) -> findings.Result:
        """What it says of a document that the engine cannot take."""
        return self.result(subject, findings.Outcome.ERROR, f"{findings.UNREADABLE} {failure}")

    def result(
        self, subject: subjects.Subject, outcome: findings.Outcome, message: str, path: subjects.Path = ()
    ) -> findings.Result:
        """A result of this rule."""
        return findings.Result(policy=self.policy, subject=subject, outcome=outcome, message=message, path=path)

    def _judge(self, subject: subjects.Subject, context: engines.Context) -> Iterator[findings.Result]:
        ask = functools.partial(self._ask, context=context, guarded=bool(subject.unknown))
        met = [ask(condition) for condition in self.sources.conditions]
        if False in met:
            return
        for verdict in met:
            if verdict is not True:
                yield self._undecided(subject, f"a match condition {_reason(verdict)}")
                return
        for validation in self.sources.validations:
            verdict = ask(validation.text)
            path = self._path(subject, validation.pointer)
            if verdict is False:
                said = ask(validation.message_text) if validation.message_text else ""
                yield self.result(subject, findings.Outcome.FAIL, _message(said, validation.message), path)
            elif verdict is not True:
                yield self._undecided(subject, f"the rule {_reason(verdict)}", path)

    def _ask(self, text: texts.Text, *, context: engines.Context, guarded: bool) -> engines.Verdict:
        try:
            return self._expression(text, guarded=guarded).evaluate(context)
        except engines.CompileError:
            # Only what is guarded can be nested too deep here: the rest was compiled when the rule was read.
            return failures.no_verdict("unknown")

    def _undecided(self, subject: subjects.Subject, reason: str, path: subjects.Path = ()) -> findings.Result:
        """An error; of a document with unknown values it may hang on one of them."""
        if subject.unknown:
            return self.result(subject, findings.Outcome.UNKNOWN, subjects.not_known(subject, path), path)
        return self.result(subject, findings.Outcome.ERROR, reason, path)

    def _path(self, subject: subjects.Subject, pointer: subjects.Path) -> subjects.Path:
        """Below what the library calls `at` for this kind, unless the pointer is of the whole object."""
        if not pointer or not isinstance(subject.document, Mapping):
            return ()
        prefix = self.sources.at.get(str(subject.document.get("kind")), ())
        return pointer if pointer[0] in ("metadata", "spec", *prefix[:1]) else prefix + pointer

    def _expression(self, text: texts.Text, *, guarded: bool) -> engines.Expression:
        found = self._compiled.get((text.body, guarded))
        if found is None:
            whole = texts.bound(text, (*self.sources.shared, *self.sources.own))
            found = self.engine.guarded(whole) if guarded else self.engine.compile(whole)
            self._compiled[text.body, guarded] = found
        return found

    @functools.cached_property
    def _compiled(self) -> dict[tuple[str, bool], engines.Expression]:
        return {}


def kind_of(subject: subjects.Subject) -> tuple[str, str]:
    """Group and kind of a Kubernetes object; empty if it does not say."""
    document = subject.document if isinstance(subject.document, Mapping) else {}
    version, kind = document.get("apiVersion"), document.get("kind")
    named = kind if isinstance(kind, str) else ""
    return kinds.group_of(version if isinstance(version, str) else "", named), named


def _reason(value: engines.Verdict) -> str:
    if isinstance(value, failures.Failure):
        return value.reason
    return failures.no_verdict("string" if isinstance(value, str) else "bool").reason


def _message(said: engines.Verdict, plain: str) -> str:
    """What a message expression says, if it is one printable line."""
    if not isinstance(said, str) or not said.strip() or not said.isprintable():
        return plain
    said = said.strip()
    return said if len(said) <= _LONGEST_MESSAGE else f"{said[: _LONGEST_MESSAGE - 3]}..."


def compile(  # noqa: A001 - of the module, not of the language
    policy: policies.Policy, *, libraries: Mapping[str, policies.Library], engine: engines.Engine
) -> Rule:
    """Make a policy ready.

    Raises:
        RuleError: it cannot be asked, and why.
    """
    found, problems = sources_.read(policy, libraries=libraries, engine=engine)
    function = policy.spec.check
    if function is not None and function not in checks.CHECKS:
        problems = (*problems, sources_.Problem(field="spec.check", message=f"there is no check {function}"))
    if problems:
        raise RuleError(policy.metadata.id, problems)
    return Rule(policy=policy, engine=engine, sources=found, check=checks.CHECKS[function] if function else None)
