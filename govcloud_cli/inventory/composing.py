"""YAML as libyaml's nodes, with bounds on what one document may hold. Nothing is ever constructed from a tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

MAX_DEPTH = 128
MAX_NODES = 3_000_000
"""Per document."""

# Files that cannot come near the limits are not counted while they are read: it costs a quarter of the time.
_HARMLESS_CHARACTERS = 2 * 1024 * 1024
_HARMLESS_BRACKETS = 4_000
_DEEP_LINE = re.compile(r"\n[ \t?-]{200}")
_SEPARATOR = re.compile(r"\n---(?=\s|\Z)")
"""Stands between documents wherever it stands: no scalar may hold such a line."""
_FALSE_SEPARATOR = re.compile(r"\n---[ \t]*[^\s#]")
_OTHER_BREAKS = ("\x85", "\u2028", "\u2029")
"""Line breaks to YAML 1.1, beside those of every text."""


class StreamError(Exception):
    """Reading cannot go on. `line` is 1-based, 0 where there is none."""

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class _Composer(yaml.CSafeLoader):
    """libyaml's nodes; a node's tag is what the parser knows of its form: `(plain, quoted)`, or a tag as written."""

    def resolve(self, _kind: object, _value: object, implicit: object) -> object:
        return implicit

    def descend_resolver(self, current_node: object, current_index: object) -> None: ...

    def ascend_resolver(self) -> None: ...


class _CountingComposer(_Composer):
    """The same, held to the limits while it reads: libyaml by itself would use up stack and memory."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._nodes = 0

    def descend_resolver(self, _node: object, _index: object) -> None:
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            raise StreamError(f"it is nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_NODES:
            raise StreamError(f"a document holds more than {MAX_NODES:,} values")

    def ascend_resolver(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._nodes = 0


def _is_doubtful(text: str) -> bool:
    """Whether a document of this stream could come near the limits."""
    lines = "\n" + text
    return (
        any(other in text for other in _OTHER_BREAKS)
        or text.count("\r") != text.count("\r\n")
        or _DEEP_LINE.search(lines) is not None
        or any(
            len(part) > _HARMLESS_CHARACTERS or part.count("[") + part.count("{") > _HARMLESS_BRACKETS
            for part in _SEPARATOR.split(lines)
        )
    )


def compose(text: str) -> Iterator[yaml.Node]:
    """The documents of a stream as nodes with marks. Raises `StreamError` at the place that is no YAML."""
    try:
        loader = _CountingComposer(text) if _is_doubtful(text) else _Composer(text)
        try:
            while loader.check_node() and (node := loader.get_node()) is not None:
                yield node
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise StreamError(f"this is not YAML: {problem}", line=mark.line + 1 if mark else 0) from error


def false_separator(text: str) -> int:
    """The first line (1-based) that begins with `---` and goes on, 0 if none.

    YAML takes it for text or for the begin of a document; kubectl refuses it, and older ones dropped the line and began
    a new document, so that what seems to be text of a ConfigMap could be an object.
    """
    found = _FALSE_SEPARATOR.search("\n" + text)
    return text.count("\n", 0, found.start()) + 1 if found else 0
