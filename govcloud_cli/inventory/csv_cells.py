"""Comma-separated values (RFC 4180) with the place of every cell, and every fault of form at once.

Python's own reader tells neither columns nor more than one fault, and takes what spreadsheets disagree about.
"""

from __future__ import annotations

import dataclasses

from govcloud_cli import errors
from govcloud_cli.inventory import explain, sources

MAX_FAULTS = 100
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
ENCODINGS = ("UTF-8", "GB18030")
"""What Excel writes, here and in China; tried in this order, for hardly any GB18030 is UTF-8 too."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cell:
    """One value and where it begins, 1-based; the column counts characters."""

    text: str
    line: int
    column: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file's cells."""

    rows: tuple[tuple[Cell, ...], ...]
    """Without empty lines."""
    encoding: str
    faults: tuple[errors.Fault, ...]


def read(raw: bytes, *, file: str) -> Sheet:
    """The cells of a file. Never raises for what the file holds."""
    if len(raw) > sources.MAX_BYTES:
        return _refused(explain.fault("GC1002", file=file))
    if raw.startswith(_WIDE):
        return _refused(explain.fault("GC1003", file=file, line=1, column=1, found="UTF-16", remedy=_SAVE))
    for encoding in ENCODINGS:
        try:
            text = raw.removeprefix(_BOM).decode(encoding)
        except UnicodeDecodeError:
            continue
        rows, faults = _Reader(text, file).rows()
        return Sheet(rows=rows, encoding=encoding, faults=faults)
    return _refused(explain.fault("GC1003", file=file, found="neither UTF-8 nor GB18030", remedy=_SAVE))


_SAVE = "save it as `CSV UTF-8 (comma delimited)`"


def _refused(fault: errors.Fault) -> Sheet:
    return Sheet(rows=(), encoding="", faults=(fault,))


class _Reader:
    """Reads line by line: a line break within quotes is none of ours, so no cell goes over two lines."""

    def __init__(self, text: str, file: str) -> None:
        self._lines = text.replace("\r\n", "\n").split("\n")
        self._file = file
        self._faults: list[errors.Fault] = []

    def rows(self) -> tuple[tuple[tuple[Cell, ...], ...], tuple[errors.Fault, ...]]:
        """Every line that holds something, as cells."""
        found = []
        for number, line in enumerate(self._lines, 1):
            if line.strip(", \t") or '"' in line:
                found.append(tuple(self._cells(line, number)))
            if len(self._faults) >= MAX_FAULTS:
                break
        return tuple(found), tuple(self._faults)

    def _cells(self, line: str, number: int) -> list[Cell]:
        cells, at = [], 0
        while True:
            begins = at
            text, at = self._quoted(line, number, at) if line[at : at + 1] == '"' else self._plain(line, number, at)
            cells.append(Cell(text=text.strip(" \u3000"), line=number, column=begins + 1))
            self._judge(text, number, begins + 1)
            if at >= len(line):
                return cells
            at += 1

    def _plain(self, line: str, number: int, at: int) -> tuple[str, int]:
        end = line.find(",", at)
        end = len(line) if end < 0 else end
        text = line[at:end]
        if '"' in text:
            self._fault(number, at + text.index('"') + 1, "a quote in the middle of a value", "quote the whole value")
        return text, end

    def _quoted(self, line: str, number: int, at: int) -> tuple[str, int]:
        """The value from the quote at `at` on, and where the comma after it is."""
        parts, position = [], at + 1
        while True:
            end = line.find('"', position)
            if end < 0:
                self._fault(number, at + 1, "a quote that does not end on its line", "end it, or write one line")
                return line[at + 1 :], len(line)
            parts.append(line[position:end])
            if line[end + 1 : end + 2] != '"':
                break
            parts.append('"')
            position = end + 2
        if line[end + 1 : end + 2] not in {"", ","}:
            self._fault(number, end + 2, "something follows a quoted value", "double the quotes within a value")
            end = line.find(",", end + 1)
            return "".join(parts), len(line) if end < 0 else end
        return "".join(parts), end + 1

    def _judge(self, text: str, line: int, column: int) -> None:
        bad = next((char for char in text if not char.isprintable()), None)
        if bad is not None or sources.forbidden_in_value(text):
            char = bad or next(char for char in text if sources.forbidden_in_value(char))
            self._faults.append(
                explain.fault("GC1004", file=self._file, line=line, column=column, found=f"U+{ord(char):04X}")
            )
        if text.lstrip(" \u3000").startswith(_FORMULA):
            message = "a spreadsheet would run this as a formula"
            self._fault(
                line, column, message, "begin with a letter or digit; whoever opens the file next runs it", text
            )

    def _fault(self, line: int, column: int, message: str, remedy: str, found: str = "") -> None:
        self._faults.append(
            explain.fault(
                "GC1105", file=self._file, line=line, column=column, message=message, remedy=remedy, found=found
            )
        )


_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What Excel, LibreOffice and WPS begin formulas with; the wide forms become the narrow ones there."""
