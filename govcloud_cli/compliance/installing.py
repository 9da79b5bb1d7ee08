"""Whether an API server takes a policy, told before it is asked: it is stricter than whoever only evaluates.

In a ValidatingAdmissionPolicy an expression must be known to come to a bool (a message to a string) before it is
evaluated, match conditions know no variables, and what one list or map holds is of one type (k8s.io/apiserver,
pkg/admission/plugin/cel; cel-go, ValidateHomogeneousAggregateLiterals). A test holds this to a real API server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govcloud_cli.compliance import admission, rules
from govcloud_cli.compliance.cel import sources, texts, trees

_TOLD = {trees.BOOL: "bool", trees.STRING: "string"}
_MIXES = frozenset({"format"})
"""Functions whose list may hold different things."""


def problems(rule: rules.Rule) -> tuple[sources.Problem, ...]:
    """Everything for which the API server would refuse the rule; nothing for a rule that no cluster enforces."""
    return tuple(_found(rule)) if admission.enforceable(rule.policy) else ()


def _found(rule: rules.Rule) -> Iterator[sources.Problem]:
    for index, condition in enumerate(rule.sources.conditions):
        field = f"spec.matchConditions[{index}].expression"
        if condition.uses:
            yield sources.Problem(field=field, message="names variables, which match conditions cannot")
        else:
            yield from _of(rule, condition, field, wanted=trees.BOOL)
    for index, variable in enumerate(rule.sources.own):
        yield from _of(rule, variable.text, f"spec.variables[{index}].expression")
    for index, validation in enumerate(rule.sources.validations):
        field = f"spec.validations[{index}]"
        yield from _of(rule, validation.text, f"{field}.expression", wanted=trees.BOOL)
        if validation.message_text is not None:
            yield from _of(rule, validation.message_text, f"{field}.messageExpression", wanted=trees.STRING)


def _of(rule: rules.Rule, text: texts.Text, field: str, *, wanted: bytes = b"") -> Iterator[sources.Problem]:
    whole = rule.engine.parts(texts.bound(text, (*rule.sources.shared, *rule.sources.own)))
    tree = whole.tree
    # What is bound around it has a field of its own.
    while trees.kind_of(tree) == "comprehension_expr" and tree.comprehension_expr.iter_var == trees.BOUND:
        tree = tree.comprehension_expr.result
    if wanted and whole.types.get(tree.id) != wanted:
        told = f"is not known to come to a {_TOLD[wanted]} before it is evaluated; compare it, e.g. `== true`"
        yield sources.Problem(field=field, message=told)
    if _is_mixed(whole, tree):
        told = "has a list or map of different things, which the API server does not take; write dyn(...) around each"
        yield sources.Problem(field=field, message=told)


def _is_mixed(whole: trees.Parts, part: Any) -> bool:
    kind = trees.kind_of(part)
    if kind == "call_expr" and part.call_expr.function in _MIXES:
        return False
    if kind == "list_expr" and _differ(whole, part.list_expr.elements):
        return True
    if kind == "struct_expr":
        entries = part.struct_expr.entries
        if _differ(whole, [entry.map_key for entry in entries]) or _differ(whole, [entry.value for entry in entries]):
            return True
    return any(_is_mixed(whole, one) for one in whole.inside(part))


def _differ(whole: trees.Parts, found: Any) -> bool:
    return len({whole.types.get(part.id) for part in found}) > 1
