"""Streams of YAML or JSON documents as plain JSON, read as Kubernetes reads them, with bounds on what they unfold to.

Most documents are plain and take the quick way; what is not
(tags, merge keys, aliases, keys that are no text) is looked at value by value, and told with its line.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from govcloud_cli.inventory import absences, composing, kubernetes_words

Json = Any
Words = kubernetes_words.Words
_Form = Any
"""A node's tag, as `composing` has it: `(plain, quoted)` or True where none is written, else the tag."""

MAX_UNFOLDED = 500_000
"""Values that are made of aliases and merge keys, per `Budget`."""
_MAX_FAULTS = 20

_ANCHOR = re.compile(r"&[A-Za-z0-9_-]")
_ALIAS = re.compile(r"\*[A-Za-z0-9_-]")
_NO_TAG = re.compile(r"!(?=[\s,\]}])")
"""The tag `!`, which makes text of any word; libyaml does not tell of it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """What no reader of JSON would take, or what readers disagree about. Never holds a value."""

    message: str
    line: int
    """1-based."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document:
    """One document of a stream; with faults its value is what could be made of it."""

    number: int
    """From 0; empty documents count."""
    value: Json
    faults: tuple[Fault, ...] = ()


@dataclasses.dataclass(kw_only=True)
class Budget:
    """What aliases may still unfold to, over all files of a run."""

    unfolded: int = dataclasses.field(default_factory=lambda: MAX_UNFOLDED)


class _NotPlainError(Exception):
    """Something that the quick way does not know."""


def read(text: str, budget: Budget, words: Words = kubernetes_words.DOCUMENTS) -> Iterator[Document]:
    """Every document of a YAML stream. Raises `composing.StreamError` where reading cannot go on; the rest is good."""
    unfolds = _ANCHOR.search(text) is not None and _ALIAS.search(text) is not None
    untagged = _NO_TAG.search(text) is not None
    for number, node in enumerate(composing.compose(text)):
        if not unfolds and not untagged:
            try:
                yield Document(number=number, value=_quick(node, 0, words))
                continue
            except (_NotPlainError, kubernetes_words.RefusedError):
                pass
        careful = _Careful(words, budget=budget if unfolds else None, text=text if untagged else "")
        value = careful.value(node, 0)
        yield Document(number=number, value=value, faults=tuple(careful.faults))


def plain(node: yaml.Node, words: Words) -> Json:
    """A document of plain values alone, unquoted words as `words` has them. Raises `ValueError` for all others."""
    try:
        return _quick(node, 0, words)
    except _NotPlainError as error:
        raise ValueError("not plain") from error


def shown(text: str) -> str:
    """Text of a file as it may be shown: no control characters, not too long."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:60])
    return clean if len(text) <= 60 else f"{clean}…"


def _quick(node: yaml.Node, depth: int, words: Words, of: str = "") -> Json:
    kind = type(node)
    tag: _Form = node.tag
    if tag.__class__ is str or depth > composing.MAX_DEPTH:
        raise _NotPlainError
    if kind is yaml.ScalarNode:
        return words[node.value] if tag[0] else node.value
    if kind is not yaml.MappingNode:
        return [_quick(item, depth + 1, words) for item in node.value]
    made = {}
    form: _Form
    for key, value in node.value:
        name, form = key.value, key.tag
        if form.__class__ is not tuple or (form[0] and (words[name].__class__ is not str or name == "<<")):
            raise _NotPlainError
        # The most frequent case without another call.
        of_value: _Form = value.tag
        if type(value) is yaml.ScalarNode and of_value.__class__ is tuple:
            made[name] = words[value.value] if of_value[0] else value.value
        else:
            made[name] = _quick(value, depth + 1, words, name)
    if len(made) != len(node.value):
        raise _NotPlainError
    return made if words.nulls else absences.dropped(made, of)


class _Careful:
    """One document, value by value: what Kubernetes would make of it, and what it should not have to."""

    def __init__(self, words: Words, *, budget: Budget | None, text: str) -> None:
        self.faults: list[Fault] = []
        self._words = words
        self._budget = budget
        self._text = text

    def value(self, node: yaml.Node, depth: int, of: str = "") -> Json:
        """What a node is; `of` is the key that it is the value of."""
        self._enter(node, depth)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.MappingNode):
            made = self._mapping(node, depth)
            return made if self._words.nulls else absences.dropped(made, of)
        return [self.value(item, depth + 1) for item in node.value]

    def _enter(self, node: yaml.Node, depth: int) -> None:
        if depth > composing.MAX_DEPTH:
            self._stop(f"it is nested deeper than {composing.MAX_DEPTH} levels, or an alias holds itself", node)
        if self._budget is not None:
            self._budget.unfolded -= 1
            if self._budget.unfolded < 0:
                self._stop(f"aliases unfold to more than {MAX_UNFOLDED:,} values", node)
        form: _Form = node.tag
        if not isinstance(node, yaml.ScalarNode) and isinstance(form, str) and form not in _COLLECTIONS:
            self._fault(f"the tag {shown(form)} means nothing to Kubernetes", node)

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Json]:
        """With what is null: a merge of null takes a value away."""
        made: dict[str, Json] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if _merges(key):
                self._merge(key, made, self._merged(value, depth))
                continue
            name = self._key(key)
            if name is None:
                continue
            if name in lines:
                self._fault(f"key '{shown(name)}' is here a second time; the first is on line {lines[name]}", key)
            lines.setdefault(name, _line(key))
            made[name] = self.value(value, depth + 1, name)
        return made

    def _key(self, node: yaml.Node) -> str | None:
        name = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        # As sigs.k8s.io/yaml does it; what it does to fractions (32 bits) nobody can have meant.
        if isinstance(name, bool):
            return "true" if name else "false"
        if isinstance(name, int):
            return str(name)
        if isinstance(name, str):
            return name
        self._fault("a key that is no text", node)
        return None

    def _merge(self, key: yaml.Node, made: dict[str, Json], merged: dict[str, Json]) -> None:
        # To Kubernetes' reader what comes later wins, to others what is written out: refused where it matters.
        if any(name in made and made[name] != value for name, value in merged.items()):
            self._fault("a merge key after a key that it would change; readers disagree about which wins", key)
        made.update(merged)

    def _merged(self, node: yaml.Node, depth: int) -> dict[str, Json]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        made: dict[str, Json] = {}
        for source in reversed(sources):
            if isinstance(source, yaml.MappingNode):
                self._enter(source, depth + 1)
                made.update(self._mapping(source, depth + 1))
            else:
                self._fault("a merge key takes a mapping, or a list of mappings", node)
        return made

    def _scalar(self, node: yaml.ScalarNode) -> Json:
        form: _Form = node.tag
        word = node.value
        tag = form if isinstance(form, str) else _TEXT if not form[0] or self._is_untagged(node) else ""
        if tag == _TEXT:
            return word
        if tag and tag not in _SCALARS:
            self._fault(f"the tag {shown(tag)} means nothing to Kubernetes", node)
            return word
        try:
            resolved = self._words[word]
        except kubernetes_words.RefusedError as error:
            self._fault(str(error), node)
            return None
        # A whole number is a fraction too, and a fraction that is whole has become a whole number.
        if tag and type(resolved) not in _SCALARS[tag]:
            self._fault(f"the tag {shown(tag)} does not fit the value", node)
        return resolved

    def _is_untagged(self, node: yaml.ScalarNode) -> bool:
        return "!" in self._text[node.start_mark.index : node.end_mark.index].removesuffix(node.value)

    def _fault(self, message: str, node: yaml.Node) -> None:
        if len(self.faults) < _MAX_FAULTS:
            self.faults.append(Fault(message=message, line=_line(node)))

    def _stop(self, message: str, node: yaml.Node) -> NoReturn:
        raise composing.StreamError(message, line=_line(node))


_TAG = "tag:yaml.org,2002:"
_TEXT = f"{_TAG}str"
_COLLECTIONS = frozenset({f"{_TAG}map", f"{_TAG}seq"})
_SCALARS: dict[str, tuple[type, ...]] = {
    f"{_TAG}int": (int,),
    f"{_TAG}float": (int, float),
    f"{_TAG}bool": (bool,),
    f"{_TAG}null": (type(None),),
}


def _merges(key: yaml.Node) -> bool:
    form: _Form = key.tag
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and (form == f"{_TAG}merge" or form[0] is True)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
