"""What a policy says, taken in: its expressions compiled once each, and everything that is wrong with it at once."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from govcloud_cli.compliance import kinds, subjects
from govcloud_cli.compliance.cel import engine as engines
from govcloud_cli.compliance.cel import texts, tokens
from govcloud_cli.model import policies

_STEP: Final = re.compile(r"[^.\[\]]+")
_PLACE: Final = re.compile(r"<input>:\d+:\d+: ")
_TOO_DEEP: Final = "is nested too deep for the engine (32 levels, variables included)"
_EMPTY: Final = "''"
SETTINGS: Final = "settings"
"""The variable that is always there."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a policy."""

    field: str
    """E.g. `spec.validations[0].expression`."""
    message: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Validation:
    """One thing that must be true."""

    text: texts.Text
    message: str
    """Plain; also for when `message_text` says nothing."""
    message_text: texts.Text | None
    pointer: subjects.Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sources:
    """What a policy says, as texts."""

    shared: tuple[texts.Variable, ...] = ()
    """`variables.settings` and the library's, each before those that use it."""
    own: tuple[texts.Variable, ...] = ()
    conditions: tuple[texts.Text, ...] = ()
    validations: tuple[Validation, ...] = ()
    constraints: tuple[policies.ResourceRule, ...] = ()
    at: Mapping[str, subjects.Path] = dataclasses.field(default_factory=dict)
    """Kind -> where pointers begin."""


def path_of(pointer: str | None) -> subjects.Path:
    """`spec.containers[0].name` as keys and indices."""
    steps = _STEP.findall(pointer or "")
    return tuple(int(step) if step.isdigit() else step for step in steps)


def read(
    policy: policies.Policy, *, libraries: Mapping[str, policies.Library], engine: engines.Engine
) -> tuple[Sources, tuple[Problem, ...]]:
    """Take a policy in; what it says is of use only if there are no problems."""
    spec = policy.spec
    library = libraries.get(spec.library) if spec.library else None
    shared, problems = _shared(spec.library, library, engine)
    if spec.library and library is None:
        problems = (*problems, Problem(field="spec.library", message=f"there is no library {spec.library}"))
    reader = _Reader(shared)
    own = reader.variables(spec.variables, field="spec.variables", owner="")
    found = Sources(
        shared=shared,
        own=tuple(own),
        conditions=tuple(
            reader.text(condition.expression, f"spec.matchConditions[{index}].expression")
            for index, condition in enumerate(spec.match_conditions)
        ),
        validations=tuple(reader.validation(policy, index) for index in range(len(spec.validations))),
        constraints=_constraints(spec, library),
        at={kind: path_of(pointer) for kind, pointer in library.spec.at.items()} if library else {},
    )
    problems = (*problems, *reader.problems, *_unknown_resources(found.constraints))
    return found, problems or tuple(reader.check(found, engine))


def verdict(found: Sources) -> texts.Text:
    """All of a policy as one expression over `shared`: true if and only if it passes without an error."""
    body = texts.every([one.text.body for one in found.validations])
    uses = {use for one in found.validations for use in one.text.uses}
    if found.conditions:
        body = f"({texts.every([one.body for one in found.conditions])} ? {body} : true)"
        uses |= {use for one in found.conditions for use in one.uses}
    body, left = texts.bind(body, uses, found.own)
    return texts.Text(source="", alone=body, body=body, uses=left)


def _shared(
    name: str | None, library: policies.Library | None, engine: engines.Engine
) -> tuple[tuple[texts.Variable, ...], tuple[Problem, ...]]:
    """`variables.settings` and the library's; read once for all policies that use it."""
    known, kept = engine.memory.get(id(library), (None, None))
    if kept is not None and known is library:
        found: tuple[tuple[texts.Variable, ...], tuple[Problem, ...]] = kept
        return found
    settings = texts.Variable(name=SETTINGS, own=texts.own_name("", SETTINGS), text=texts.read(engine.settings, {}))
    reader = _Reader((settings,))
    named = library.spec.variables if library else ()
    shared = (settings, *reader.variables(named, field=f"library {name}", owner=str(name)))
    problems = (*reader.problems, *reader.check(Sources(own=shared), engine))
    engine.memory[id(library)] = (library, (shared, problems))
    return shared, problems


class _Reader:
    """Takes in expressions, and keeps what is wrong with them."""

    def __init__(self, shared: Sequence[texts.Variable]) -> None:
        self.problems: list[Problem] = []
        self._variables = {variable.name: variable for variable in shared}
        self._read: list[tuple[str, texts.Text, str]] = []
        """Field, expression, and what it must come to."""

    def variables(self, named: Sequence[policies.NamedExpression], *, field: str, owner: str) -> list[texts.Variable]:
        found = []
        for index, one in enumerate(named):
            text = self.text(one.expression, f"{field}[{index}].expression", wanted="")
            if one.name in self._variables:
                self.problems.append(Problem(field=f"{field}[{index}].name", message=f"{one.name} is there already"))
            variable = texts.Variable(name=one.name, own=texts.own_name(owner, one.name), text=text)
            self._variables[one.name] = variable
            found.append(variable)
        return found

    def text(self, source: str, field: str, *, wanted: str = "bool") -> texts.Text:
        try:
            text = texts.read(source, self._variables)
        except tokens.TextError as failure:
            self.problems.append(Problem(field=field, message=str(failure)))
            return texts.Text(source=source, alone=source, body="(true)", uses=frozenset())
        self._read.append((field, text, wanted))
        return text

    def validation(self, policy: policies.Policy, index: int) -> Validation:
        written, field = policy.spec.validations[index], f"spec.validations[{index}]"
        said = written.message_expression
        return Validation(
            text=self.text(written.expression, f"{field}.expression"),
            message=written.message or f"does not meet: {policy.metadata.title.en}",
            message_text=None if said is None else self.text(said, f"{field}.messageExpression", wanted="string"),
            pointer=path_of(written.pointer),
        )

    def check(self, found: Sources, engine: engines.Engine) -> Iterator[Problem]:
        """What the compiler has against it; where it takes all at once, nothing."""
        variables = (*found.shared, *found.own)
        if found.validations and self._fits(found, engine):
            return
        for field, text, wanted in self._read:
            message = _refusal(engine, text.alone)
            if not message:
                # Where variables are put in, the engine's place is none in the policy.
                message = _refusal(engine, texts.bound(text, variables), wanted=wanted).partition("\n")[0]
                message = _PLACE.sub("", texts.shown(message))
            if message:
                yield Problem(field=field, message=message)

    def _fits(self, found: Sources, engine: engines.Engine) -> bool:
        whole = verdict(found)
        said = [one.message_text for one in found.validations if one.message_text is not None]
        body = f"({whole.body} && [{', '.join(f'{one.body} + {_EMPTY}' for one in said)}].size() > 0)"
        uses = whole.uses.union(*(one.uses for one in said))
        if {variable.own for variable in found.own} - _reached(found):
            return False
        try:
            engine.compile(texts.bind(body, uses, (*found.shared, *found.own))[0])
        except engines.CompileError:
            return False
        return True


def _reached(found: Sources) -> frozenset[str]:
    """The variables that the compiler sees when it compiles what uses them."""
    texts_ = [*found.conditions, *(one.text for one in found.validations)]
    texts_ += [one.message_text for one in found.validations if one.message_text is not None]
    reached = {use for text in texts_ for use in text.uses}
    for variable in reversed(found.own):
        if variable.own in reached:
            reached |= variable.text.uses
    return frozenset(reached)


def _refusal(engine: engines.Engine, text: str, *, wanted: str = "") -> str:
    """What the compiler has against it, if anything."""
    try:
        kind = engine.compile(text).type
    except engines.CompileError as failure:
        return _TOO_DEEP if "recursion" in str(failure) else str(failure)
    return f"comes to {kind.lower()}, not to {wanted}" if wanted and kind not in (wanted, "dyn") else ""


def _constraints(spec: policies.PolicySpec, library: policies.Library | None) -> tuple[policies.ResourceRule, ...]:
    own = spec.match_constraints or (library.spec.match_constraints if library else None)
    return own.resource_rules if own else ()


def _unknown_resources(rules: Sequence[policies.ResourceRule]) -> Iterable[Problem]:
    """A resource that does not exist is never found: the rule would pass everything."""
    for index, rule in enumerate(rules):
        for group in rule.api_groups:
            known = kinds.RESOURCES.get(group)
            for name in rule.resources:
                resource = name.partition("/")[0]
                if (
                    known is not None
                    and resource != "*"
                    and not any(resource in kinds.RESOURCES.get(other, {resource}) for other in rule.api_groups)
                ):
                    field = f"spec.matchConstraints.resourceRules[{index}].resources"
                    yield Problem(field=field, message=f"there is no {resource} in the API group {group or 'core'!r}")
