"""People from a CSV file, as the staff office keeps them: `id, displayName, organisation, groups, duty, leavesOn`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pydantic

from govcloud_cli import errors
from govcloud_cli.inventory import csv_cells, explain, wording
from govcloud_cli.model import people

COLUMNS = ("id", "displayName", "organisation", "groups", "duty", "leavesOn")
_NEEDED = COLUMNS[:2]
_LISTS = "groups"
_SEPARATORS = str.maketrans({"；": ";"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """What the file says: of each person the columns that it has, an empty cell as None (or no groups)."""

    rows: tuple[Mapping[str, Any], ...]
    columns: tuple[str, ...]
    encoding: str
    faults: tuple[errors.Fault, ...]
    """Ordered by line and column; with one of them nothing of `rows` is to be used."""


def read(raw: bytes, *, file: str) -> Table:
    """Read and check a file. Never raises for what the file holds."""
    sheet = csv_cells.read(raw, file=file)
    faults = list(sheet.faults)
    if not sheet.rows:
        if not faults:
            faults = [_fault("GC1101", file, None, message="the file is empty", remedy=f"begin it with {_HEADER}")]
        return Table(rows=(), columns=(), encoding=sheet.encoding, faults=tuple(faults))
    columns = tuple(cell.text for cell in sheet.rows[0])
    faults += _head(sheet.rows[0], file)
    rows: list[Mapping[str, Any]] = []
    lines: dict[str, int] = {}
    broken = {fault.line for fault in sheet.faults}
    # Without knowing the columns, every row would be another fault.
    for cells in sheet.rows[1:] if not faults or set(columns) <= set(COLUMNS) else ():
        if cells[0].line in broken and len(cells) != len(columns):
            continue
        row, told = _row(columns, cells, file)
        identifier = str(row.get("id"))
        if row.get("id") and identifier in lines:
            message = f"'{identifier}' is on line {lines[identifier]} already"
            told.append(_fault("GC1206", file, cells[0], message=message, found=identifier))
        lines.setdefault(identifier, cells[0].line)
        rows.append(row)
        faults += told
    return Table(rows=tuple(rows), columns=columns, encoding=sheet.encoding, faults=_ordered(faults))


def _ordered(faults: Sequence[errors.Fault]) -> tuple[errors.Fault, ...]:
    """One fault for each place, the first that was found: what is no cell has no right value either."""
    by_place: dict[tuple[int, int], errors.Fault] = {}
    for fault in faults:
        by_place.setdefault((fault.line, fault.column), fault)
    return tuple(by_place[place] for place in sorted(by_place))[: csv_cells.MAX_FAULTS]


_HEADER = ",".join(COLUMNS)


def _head(cells: Sequence[csv_cells.Cell], file: str) -> Iterator[errors.Fault]:
    seen: set[str] = set()
    for cell in cells:
        if cell.text not in COLUMNS:
            hint = wording.suggestion(cell.text, COLUMNS) or f"the columns are {_HEADER}"
            if ";" in cell.text or "\t" in cell.text:
                hint = f"separate the columns by commas: {_HEADER}"
            yield _fault("GC1102", file, cell, message=f"there is no column '{cell.text}'", remedy=hint)
        elif cell.text in seen:
            yield _fault("GC1206", file, cell, message=f"the column {cell.text} is there twice", found=cell.text)
        seen.add(cell.text)
    for name in _NEEDED:
        if name not in seen:
            yield _fault("GC1101", file, cells[0], message=f"the column {name} is missing", remedy=f"add {name}")


def _row(
    columns: Sequence[str], cells: Sequence[csv_cells.Cell], file: str
) -> tuple[dict[str, Any], list[errors.Fault]]:
    if len(cells) != len(columns):
        message = f"{len(cells)} values for {len(columns)} columns"
        return {}, [_fault("GC1105", file, cells[-1], message=message, remedy="quote values that hold commas")]
    by_name = dict(zip(columns, cells, strict=True))
    row: dict[str, Any] = {name: _value(name, cell.text) for name, cell in by_name.items()}
    faults = [
        _fault("GC1206", file, by_name[_LISTS], message=f"the group {name} is listed twice", found=name)
        for name in sorted({name for name in row.get(_LISTS, ()) if row[_LISTS].count(name) > 1})
    ]
    try:
        people.Person.model_validate({name: value for name, value in row.items() if value is not None}, strict=False)
    except pydantic.ValidationError as error:
        faults += [_told(one, by_name, cells[0], file) for one in wording.tell(people.Person, error)]
    return row, faults


def _told(
    one: wording.Wording, by_name: Mapping[str, csv_cells.Cell], first: csv_cells.Cell, file: str
) -> errors.Fault:
    cell = by_name.get(str(one.path[0])) if one.path else None
    return _fault(
        one.code,
        file,
        cell or first,
        field=str(one.path[0]) if one.path else "",
        message=one.message,
        found=one.found,
        allowed=one.allowed,
        remedy=one.remedy,
    )


def _value(name: str, text: str) -> Any:
    if name == _LISTS:
        return [part.strip() for part in text.translate(_SEPARATORS).split(";") if part.strip()]
    return text or None


def _fault(code: str, file: str, cell: csv_cells.Cell | None, **told: Any) -> errors.Fault:
    return explain.fault(
        code, file=file, line=0 if cell is None else cell.line, column=0 if cell is None else cell.column, **told
    )
