"""The tables of `docs/json.md`, and what verbs really print."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from govcloud_cli import main
from govcloud_cli.commands import output

DOCUMENT = Path(__file__).parents[2] / "docs" / "json.md"


def rows(heading: str, *, table: int | None = None) -> dict[str, str]:
    """Field -> type of a section's tables, or of one of them; `x.{a,b}` is `x.a` and `x.b`."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/json.md has no section {heading}"
    parts = re.findall(r"(?:^\|.*\n?)+", found[1], re.MULTILINE)
    chosen = parts if table is None else [parts[table]]
    told: dict[str, str] = {}
    for name, kind in re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", "".join(chosen), re.MULTILINE):
        for one in _expanded(name):
            assert one not in told or table is None, f"{heading}: {one} stands twice"
            told[one] = kind
    return told


def _expanded(name: str) -> list[str]:
    before, brace, rest = name.partition("{")
    names, _, after = rest.partition("}")
    return [f"{before}{one}{after}" for one in names.split(",")] if brace else [name]


def fields(value: Any, told: Mapping[str, str], path: str = "") -> Iterator[str]:
    """The paths of a document's leaves. An empty list is a leaf, and so is what the table tells nothing more of."""
    if path and path in told and not any(name.startswith((f"{path}.", f"{path}[]")) for name in told):
        yield path
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from fields(below, told, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and value:
        for below in value:
            yield from fields(below, told, f"{path}[]")
    else:
        yield path


def agree(heading: str, *documents: dict[str, Any], table: int | None = None) -> None:
    """Hold a section to what the verb printed: together the documents have every field of it, and no other."""
    told = rows(heading, table=table)
    seen = set(itertools.chain.from_iterable(fields(document, told) for document in documents))

    assert seen == set(told), f"{heading}: not told {sorted(seen - set(told))}, not seen {sorted(set(told) - seen)}"


def printed(*words: str) -> dict[str, Any]:
    """What a verb prints with `--json`, without its version, which is checked here."""
    verb = main.cli.get_command(None, words[0])  # type: ignore[arg-type]
    assert verb is not None
    result = CliRunner().invoke(verb, [*words[1:], "--json"], env={"NO_COLOR": "1"})
    assert result.stdout, result.output + str(result.exception)
    document: dict[str, Any] = json.loads(result.stdout)
    assert next(iter(document)) == "schemaVersion"
    assert document.pop("schemaVersion") == output.SCHEMA_VERSION
    return document
