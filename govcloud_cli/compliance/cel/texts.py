"""CEL expressions as they are put together with others.

A policy writes `variables.<name>`. Here that becomes a name of its own, bound by `cel.bind` around the expression: an
error in a variable then matters where the variable is reached, and only there, as in the API server (see `trees.BOUND`
for how it is bound).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from govcloud_cli.compliance.cel import patterns, quantities, tokens, trees

_COMPARED: Final = {"isLessThan": " < 0", "isGreaterThan": " > 0", "compareTo": ""}
_KEPT: Final = {patterns.MATCHES, quantities.COMPARE}
_MISSING: Final = frozenset({"transformMap", "transformMapEntry"})
"""The engine compiles them and cannot evaluate them."""
_Edit = tuple[int, int, str]
"""Start, end, and what to write there."""
_RESERVED: Final = "__gc_"
_OWN_NAME: Final = re.compile(rf"{_RESERVED}[A-Za-z0-9]*_(?=[A-Za-z])")
_NOT_THERE: Final = {
    "oldObject": "the object as it was is known to the API server alone",
    "request": "who asks is known to the API server alone",
    "authorizer": "only the API server can ask it",
    "params": "policies have no parameters; variables.settings has the platform's",
    "namespaceObject": "other objects are known to the API server alone",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Text:
    """An expression as it is put together with others."""

    source: str
    """As the policy has it."""
    alone: str
    """The same, as the engine compiles it by itself; errors are where the policy has them."""
    body: str
    """With variables by their own names; in brackets, for comments to end in it."""
    uses: frozenset[str]
    """The own names of the variables in it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable that later expressions can name."""

    name: str
    """In the policy, after `variables.`."""
    own: str
    text: Text


def own_name(owner: str, name: str) -> str:
    """The own name of a variable; `owner` tells those of several libraries and policies apart."""
    return f"{_RESERVED}{owner}_{name}"


def read(source: str, variables: Mapping[str, Variable]) -> Text:
    """Take in an expression that may name these variables.

    Raises:
        tokens.TextError: it names what is not there, or what only the API server knows.
    """
    for name in (trees.UNUSED, trees.BOUND):
        if name in source:
            raise tokens.TextError(f"has {name} in it, which is kept for the engine")
    pieces = tokens.read(source)
    replaced: list[_Edit] = []
    uses: set[str] = set()
    for index, piece in enumerate(pieces):
        if piece.text == "matches" and tokens.begins(pieces[index + 1 :], "("):
            replaced.append((piece.start, piece.end, patterns.MATCHES))
        if piece.text in _KEPT or piece.text.startswith(_RESERVED):
            raise tokens.TextError(f"names {piece.text}, which is kept for the engine")
        if piece.text in _MISSING and tokens.begins(pieces[index + 1 :], "("):
            raise tokens.TextError(f"calls {piece.text}, which the engine cannot evaluate")
        if piece.kind != "name" or _is_field(pieces, index):
            continue
        _refuse(pieces, index)
        if piece.text == "variables":
            variable = _named(pieces, index, variables)
            uses.add(variable.own)
            replaced.append((piece.start, pieces[index + 2].end, variable.own))
    formats = list(_formats(pieces))
    replaced += _comparisons(pieces)
    return Text(
        source=source,
        alone=_replace(source, formats),
        body=f"(\n{_replace(source, [*replaced, *formats])}\n)",
        uses=frozenset(uses),
    )


def _replace(source: str, pieces: Iterable[_Edit]) -> str:
    for start, end, new in sorted(pieces, reverse=True):
        source = source[:start] + new + source[end:]
    return source


def _is_field(pieces: Sequence[tokens.Token], index: int) -> bool:
    """Whether the name is a field or a method of something before it, or a field's name in a message."""
    before = pieces[index - 1].text if index else ""
    if before == "?" and index > 1:
        before = pieces[index - 2].text if pieces[index - 1].start == pieces[index - 2].end else ""
    return before == "."


def _refuse(pieces: Sequence[tokens.Token], index: int) -> None:
    name = pieces[index].text
    if name in _NOT_THERE:
        raise tokens.TextError(f"names {name}: {_NOT_THERE[name]}")
    if name == "cel":
        raise tokens.TextError("names cel: the API server has no cel.bind; use a variable")


def _named(pieces: Sequence[tokens.Token], index: int, variables: Mapping[str, Variable]) -> Variable:
    following = pieces[index + 1 : index + 3]
    if [piece.kind for piece in following] != ["sign", "name"] or following[0].text != ".":
        raise tokens.TextError("names variables as a whole; write variables.<name>")
    name = following[1].text
    if name not in variables:
        known = ", ".join(sorted(variables)) or "none"
        raise tokens.TextError(f"names variables.{name}, which is not defined before it (there: {known})")
    return variables[name]


def _formats(pieces: Sequence[tokens.Token]) -> Iterator[_Edit]:
    """`format.x().validate(y)` as an optional of the list that the engine's function gives."""
    for index in range(len(pieces) - 7):
        named = [piece.text for piece in pieces[index + 3 : index + 8]] == ["(", ")", ".", "validate", "("]
        if named and pieces[index].text == "format" and not _is_field(pieces, index):
            end = pieces[tokens.closing(pieces, index + 7)].end
            yield pieces[index].start, pieces[index].start, "optional.ofNonZeroValue("
            yield end, end, ")"


def _comparisons(pieces: Sequence[tokens.Token]) -> Iterator[_Edit]:
    """`quantity(a).isLessThan(quantity(b))` as `(_compare_(a, b) < 0)`, a sixth of the time."""
    for index, piece in enumerate(pieces):
        if piece.text != "quantity" or _is_field(pieces, index) or not tokens.begins(pieces[index + 1 :], "("):
            continue
        end = tokens.closing(pieces, index + 1)
        method = pieces[end + 2].text if len(pieces) > end + 2 else ""
        if method not in _COMPARED or not tokens.begins(pieces[end + 1 :], ".", method, "(", "quantity", "("):
            continue
        last = tokens.closing(pieces, end + 5)
        if tokens.begins(pieces[last + 1 :], ")"):
            yield piece.start, piece.end, f"({quantities.COMPARE}"
            yield pieces[end].start, pieces[end + 5].end, ", "
            yield pieces[last + 1].start, pieces[last + 1].end, f"{_COMPARED[method]})"


def bind(body: str, uses: Iterable[str], variables: Sequence[Variable]) -> tuple[str, frozenset[str]]:
    """The expression with those of `variables` around it that it uses, and those that they use; and what is left.

    Args:
        variables: each before those that use it.
    """
    needed = set(uses)
    for variable in reversed(variables):
        if variable.own in needed:
            needed.remove(variable.own)
            needed |= variable.text.uses
            body = f"cel.bind({variable.own}, {variable.text.body}, {body})"
    return body, frozenset(needed)


def bound(text: Text, variables: Sequence[Variable]) -> str:
    """The expression with all that it uses, to be compiled."""
    return bind(text.body, text.uses, variables)[0]


def every(bodies: Sequence[str]) -> str:
    """All of them true; `true` along with them, for the checker to refuse one that is no bool."""
    return f"({' && '.join([*bodies, 'true'])})"


def shown(words: str) -> str:
    """An error of the engine, with variables as the policy calls them."""
    return _OWN_NAME.sub("variables.", words)
