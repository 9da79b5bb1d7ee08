"""Printing: results on stdout, everything else on stderr, colour only where it is wanted.

Values go to rich as `Text`, never as markup: a name such as `[/x]` must not be read as a style. Whatever would steer
the terminal instead of showing (a file's name may hold anything) is printed as an escape.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from govcloud_cli import errors
from govcloud_cli.commands import steering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console
    from rich.text import Text

SCHEMA_VERSION = 1
"""Of every JSON document we print; raised when a field changes its meaning or goes."""

_WIDTH_WITHOUT_TERMINAL = 120


def console(*, stderr: bool = False) -> Console:
    """A console for stdout (results) or stderr (progress, errors).

    Honours NO_COLOR (set and not empty), FORCE_COLOR, TERM=dumb and COLUMNS; never cuts lines at 80 in a log.
    """
    from govcloud_cli.commands import terminal

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _WIDTH_WITHOUT_TERMINAL
    return terminal.Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


@contextlib.contextmanager
def whoever_reads(stream: TextIO) -> Iterator[None]:
    """A reader who went away (`| head`) has what they want; the verdict is the exit code, and that stays."""
    try:
        yield
        stream.flush()
    except (BrokenPipeError, SystemExit) as error:
        # rich makes an exit of it.
        if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document on stdout, with `schemaVersion` first; dates, paths and enums must be plain already."""
    text = json.dumps({"schemaVersion": SCHEMA_VERSION, **document}, ensure_ascii=False, indent=2)
    # Only within strings can any of these be, and there an escape is the same value.
    sys.stdout.write(steering.plain(text) + "\n")


def print_error(error: errors.GovcloudError, *, as_json: bool = False) -> None:
    """Print an error once: to stderr for people, or to stdout as `{schemaVersion, ok: false, error, faults}`."""
    if as_json:
        print_json(error_document(error))
        return
    target = console(stderr=True)
    if isinstance(error, errors.InventoryError):
        print_faults(error.faults, target)
        return
    text = _text(("error", "bold red"), (f": {error.message}", "bold"))
    for label, value in (("where", error.where), ("cause", error.cause), ("fix", error.remedy), ("log", error.log)):
        if value:
            text.append_text(_text(("\n  ", ""), (f"{label}: ", "cyan"), (value.replace("\n", "\n    "), "")))
    target.print(text, soft_wrap=True)


def error_document(error: errors.GovcloudError) -> dict[str, Any]:
    """An error as verbs print it with `--json`, without `schemaVersion`."""
    document: dict[str, Any] = {
        "ok": False,
        "error": {
            "message": error.message,
            "where": error.where,
            "cause": error.cause,
            "remedy": error.remedy,
            "log": error.log,
            "exitCode": int(error.exit_code),
        },
    }
    faults = error.faults if isinstance(error, errors.InventoryError) else ()
    document["faults"] = [dataclasses.asdict(fault) for fault in faults]
    return document


def print_faults(faults: Sequence[errors.Fault], target: Console) -> None:
    """Print each fault with its place, its source line and what would be right, then how many there are."""
    for fault in faults:
        target.print(_fault(fault), soft_wrap=True)
    files = len({fault.file for fault in faults})
    count = f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'} in {files} {'file' if files == 1 else 'files'}"
    target.print(_text((count, "bold red"), (": nothing was changed", "")), soft_wrap=True)


def _fault(fault: errors.Fault) -> Text:
    from govcloud_cli.inventory import explain

    # A file's name may hold line ends too, and what follows one would look like words of ours.
    named = fault.file.replace("\n", "\\n")
    place = ":".join(str(part) for part in (named, fault.line, fault.column) if part)
    text = _text((f"error[{fault.code}]", "bold red"), (f": {fault.message}\n", "bold"), (f"  --> {place}", "cyan"))
    if fault.field:
        text.append(f"  ({fault.field})")
    text.append("\n")
    text.append_text(_excerpt(fault))
    known = explain.explain(fault.code)
    for label, value in (("why", known.text if known else ""), ("allowed", fault.allowed), ("fix", fault.remedy)):
        if value:
            text.append_text(_text((f"  {label}: ", "cyan"), (f"{value}\n", "")))
    return text


def _excerpt(fault: errors.Fault) -> Text:
    """The source line and a caret under the column; empty where the fault is the file as a whole."""
    from rich import cells

    from govcloud_cli.inventory import sources

    line = sources.excerpt(Path(fault.file), fault.line)
    if not line.strip():
        return _text()
    cut = max(0, fault.column - 80)
    shown = line[cut : cut + 120]
    gutter = " " * len(str(fault.line))
    # Chinese takes two cells a character, so the caret is placed by cells.
    indent = " " * cells.cell_len(shown[: max(fault.column - 1 - cut, 0)])
    return _text(
        (f"  {fault.line} | ", "blue"), (f"{shown}\n", ""), (f"  {gutter} | ", "blue"), (f"{indent}^\n", "red")
    )


def _text(*parts: tuple[str, str]) -> Text:
    from rich import text

    return text.Text.assemble(*parts)
