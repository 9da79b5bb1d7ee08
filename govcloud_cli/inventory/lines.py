"""Lines of values: files are read a second time, with marks, where there is something to say about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from govcloud_cli.inventory import composing, manifest_files

Path_ = tuple[str | int, ...]


@dataclasses.dataclass(kw_only=True)
class _Reading:
    """A file, as far as it has been composed."""

    nodes: Iterator[yaml.Node]
    number: int = -1
    node: yaml.Node | None = None


class Lines:
    """Says in which line a value begins. Ask in the order of files and documents: one document is held at a time."""

    def __init__(self, *, stdin: str | None = None) -> None:
        self._stdin = stdin
        self._file: str | None = None
        self._reading = _Reading(nodes=iter(()))

    def line(self, file: str, number: int, path: Path_) -> int | None:
        """The line (1-based) of the key or item at `path` in a file's document, or of its nearest ancestor.

        `file` as the user named it, `-` for standard input. None where the file cannot say (it has changed, or is JSON
        that YAML does not take).
        """
        node = self._node(file, number)
        return None if node is None else _line(node, path)

    def _node(self, file: str, number: int) -> yaml.Node | None:
        if file != self._file or number < self._reading.number:
            self._file, self._reading = file, _Reading(nodes=self._open(file))
        reading = self._reading
        while reading.number < number:
            try:
                reading.node = next(reading.nodes, None)
            except composing.StreamError:
                reading.node = None
            if reading.node is None:
                reading.nodes = iter(())
            reading.number += 1
        return reading.node

    def _open(self, file: str) -> Iterator[yaml.Node]:
        found = manifest_files.given(self._stdin) if file == manifest_files.STDIN else manifest_files.one(Path(file))
        try:
            return composing.compose(found.text())
        except manifest_files.UnreadError:
            return iter(())


def _line(node: yaml.Node, path: Path_) -> int:
    line = _begin(node)
    for part in path:
        step = _STEPS.get(type(node))
        found = step(node, part) if step else None
        if found is None:
            return line
        mark, node = found
        line = _begin(mark)
    return line


def _entry(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key to point at and the value; what a merge key brings in is found where it was written."""
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == part:
            return key, value
    merged = [value for key, value in node.value if isinstance(key, yaml.ScalarNode) and key.value == "<<"]
    sources = [one for value in merged for one in (value.value if isinstance(value, yaml.SequenceNode) else [value])]
    return next(
        (found for one in sources if isinstance(one, yaml.MappingNode) and (found := _written(one, part))), None
    )


def _written(node: yaml.MappingNode, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    pairs = ((key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode) and key.value == part)
    return next(pairs, None)


def _item(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if not isinstance(part, int) or not 0 <= part < len(node.value):
        return None
    return node.value[part], node.value[part]


_STEPS: dict[type, Callable[[yaml.Node, str | int], tuple[yaml.Node, yaml.Node] | None]] = {
    yaml.MappingNode: _entry,
    yaml.SequenceNode: _item,
}


def _begin(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
