"""Changes `people.yaml` as a person would with an editor: only the values that differ; comments, keys and order stay.

PyYAML says where each value begins and ends, and the text there is replaced. What the result says is read back and
compared by whoever writes it (`commands.people.importing`).
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from govcloud_cli import errors
from govcloud_cli.inventory import scalars

FIELDS = ("displayName", "organisation", "groups", "duty", "leavesOn")
"""What may be changed here, in the order in which new lines are written."""
_PLAIN = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff·._:-]*( [A-Za-z0-9\u4e00-\u9fff·(][^\s#:]*)*\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Edit:
    start: int
    end: int
    text: str


def edited(text: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """`text` (a `people.yaml` that was read without faults) with the people of `rows`: changed, or added at the end.

    A row has `id` and any of `FIELDS`; None, or no groups, takes a field away; what it does not name stays.
    """
    entries = _entries(text)
    edits: list[_Edit] = []
    fresh: list[Mapping[str, Any]] = []
    for row in rows:
        node = entries.items.get(row["id"])
        if node is None:
            fresh.append(row)
        else:
            edits += _changed(text, node, row)
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    if not fresh:
        return text
    # Positions before the end of the list have not moved relative to it: it is looked for again.
    end = _entries(text).end
    return text[:end].rstrip("\n") + "\n" + added(fresh, indent=entries.indent) + text[end:]


def added(rows: Sequence[Mapping[str, Any]], *, indent: int) -> str:
    """People as new entries of a list, `indent` columns before the dash."""
    return "".join(_block(row, indent) for row in rows)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Entries:
    items: Mapping[str, yaml.MappingNode]
    indent: int
    """Columns before the dash of an item."""
    end: int
    """Where the list ends: behind its last line."""


def _entries(text: str) -> _Entries:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    listed = _child(_child(root, "spec"), "people")
    if not isinstance(listed, yaml.SequenceNode) or listed.flow_style:
        raise errors.UsageError(
            "the people are not a list of one entry below the other", remedy="write spec.people as a block list"
        )
    items = {str(_child(item, "id").value): item for item in listed.value}
    last = _end(text, listed)
    newline = text.find("\n", last)
    return _Entries(items=items, indent=listed.start_mark.column, end=len(text) if newline < 0 else newline + 1)


def _child(node: Any, name: str) -> Any:
    return next(value for key, value in node.value if key.value == name)


def _changed(text: str, node: yaml.MappingNode, row: Mapping[str, Any]) -> list[_Edit]:
    pairs = {key.value: (key, value) for key, value in node.value}
    edits: list[_Edit] = []
    added: list[str] = []
    for name in FIELDS:
        if name not in row or _same(pairs.get(name), row[name]):
            continue
        if name not in pairs:
            added.append(f"{name}: {_written(row[name])}")
        elif _is_none(row[name]):
            edits.append(_removal(text, node, name))
        else:
            value = pairs[name][1]
            edits.append(_Edit(start=value.start_mark.index, end=_end(text, value), text=_written(row[name])))
    if added:
        edits.append(_insertion(text, node, added))
    return edits


def _insertion(text: str, node: yaml.MappingNode, added: Sequence[str]) -> _Edit:
    """New fields behind `displayName`, which everybody has."""
    _, value = next(pair for pair in node.value if pair[0].value == "displayName")
    at = _end(text, value)
    if node.flow_style:
        return _Edit(start=at, end=at, text="".join(f", {field}" for field in added))
    # Behind a comment on that line, if there is one.
    newline = text.find("\n", at)
    at = len(text) if newline < 0 else newline
    column = node.value[0][0].start_mark.column
    return _Edit(start=at, end=at, text="".join(f"\n{' ' * column}{field}" for field in added))


def _removal(text: str, node: yaml.MappingNode, name: str) -> _Edit:
    index = next(number for number, (key, _) in enumerate(node.value) if key.value == name)
    key, value = node.value[index]
    if node.flow_style:
        # `displayName` comes before it or behind it; either way one comma goes.
        if index:
            return _Edit(start=_end(text, node.value[index - 1][1]), end=_end(text, value), text="")
        return _Edit(start=key.start_mark.index, end=node.value[1][0].start_mark.index, text="")
    newline = text.find("\n", _end(text, value))
    end = len(text) if newline < 0 else newline + 1
    if index == 0:
        # The item's dash stands before it, and then before the next field.
        return _Edit(start=key.start_mark.index, end=node.value[1][0].start_mark.index, text="")
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    return _Edit(start=start, end=end, text="")


def _end(text: str, value: yaml.Node) -> int:
    """Where a value's own text ends: a block's mark is at what follows it, comments in between included."""
    if isinstance(value, yaml.CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    body = text[value.start_mark.index : value.end_mark.index]
    return int(value.start_mark.index + len(body.rstrip()))


def _same(pair: tuple[yaml.Node, yaml.Node] | None, wanted: Any) -> bool:
    if pair is None:
        return _is_none(wanted)
    value = pair[1]
    if isinstance(value, yaml.SequenceNode):
        return [item.value for item in value.value] == list(wanted or ())
    return bool(value.value == wanted)


def _is_none(value: Any) -> bool:
    return value is None or value == []


def _written(value: Any) -> str:
    if isinstance(value, list):
        # JSON's lists are YAML's.
        return json.dumps(value, ensure_ascii=False)
    text = str(value)
    plain = _PLAIN.match(text) and isinstance(scalars.resolve(text), str) and scalars.ambiguity(text) is None
    return text if plain or _DAY.match(text) else json.dumps(text, ensure_ascii=False)


def _block(row: Mapping[str, Any], indent: int) -> str:
    inner = " " * (indent + 2)
    lines = [f"{' ' * indent}- id: {_written(row['id'])}"]
    lines += [f"{inner}{name}: {_written(row[name])}" for name in FIELDS if not _is_none(row.get(name))]
    return "\n".join(lines) + "\n"
