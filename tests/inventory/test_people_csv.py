"""CSV files of people: what is read, and every way in which one is refused."""

from __future__ import annotations

import csv
import io

import hypothesis
import pytest
from hypothesis import strategies as st

from govcloud_cli.inventory import csv_cells, people_csv

HEADER = "id,displayName,organisation,groups,duty,leavesOn"
LI = "li.wei,李伟,lanhe-tax,finance:owners;finance:viewers,audit,2027-06-30"
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=12)


def read(*lines: str, encoding: str = "utf-8") -> people_csv.Table:
    return people_csv.read("\n".join(lines).encode(encoding), file="staff.csv")


def told(table: people_csv.Table) -> list[tuple[str, int, int]]:
    return [(fault.code, fault.line, fault.column) for fault in table.faults]


@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"), ("gbk", "GB18030")]
)
def test_a_file_of_excel_is_read_in_either_encoding(encoding: str, named: str) -> None:
    table = read(HEADER, LI, "", encoding=encoding)
    assert (table.faults, table.encoding) == ((), named)
    assert table.rows == (
        {
            "id": "li.wei",
            "displayName": "李伟",
            "organisation": "lanhe-tax",
            "groups": ["finance:owners", "finance:viewers"],
            "duty": "audit",
            "leavesOn": "2027-06-30",
        },
    )


def test_windows_line_ends_wide_separators_and_quotes_are_read() -> None:
    table = people_csv.read(
        'id,displayName,groups\r\nli.wei,"李伟 ""小李"", 税务局",finance:owners； office:owners\r\n'.encode(), file="x"
    )
    assert table.faults == ()
    assert table.rows[0]["displayName"] == '李伟 "小李", 税务局'
    assert table.rows[0]["groups"] == ["finance:owners", "office:owners"]


def test_an_empty_cell_says_nothing_and_a_missing_column_nothing_at_all() -> None:
    assert read("id,displayName,duty", "li.wei,李伟,").rows == ({"id": "li.wei", "displayName": "李伟", "duty": None},)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("",), [("GC1101", 0, 0)]),
        (("id,name", "li.wei,L"), [("GC1101", 1, 1), ("GC1102", 1, 4)]),
        (("id,displayName,id", "li.wei,L,li.wei"), [("GC1206", 1, 16)]),
        ((HEADER, "li.wei,李伟"), [("GC1105", 2, 8)]),
        ((HEADER, "Li Wei,李伟,,,,"), [("GC1105", 2, 1)]),
        ((HEADER, "li.wei,,,,,"), [("GC1101", 2, 8)]),
        ((HEADER, "li.wei,李伟,,,boss,"), [("GC1104", 2, 13)]),
        ((HEADER, "li.wei,李伟,,,,2027/06/30"), [("GC1105", 2, 14)]),
        ((HEADER, "li.wei,李伟,,a:b;a:b,,"), [("GC1206", 2, 12)]),
        ((HEADER, "li.wei,李伟,,system:masters,,"), [("GC1707", 2, 12)]),
        ((HEADER, "li.wei,李伟,,,,", "li.wei,李薇,,,,"), [("GC1206", 3, 1)]),
        ((HEADER, "li.wei,=HYPERLINK(0),,,,"), [("GC1105", 2, 8)]),
        ((HEADER, "li.wei,＝1＋1,,,,"), [("GC1105", 2, 8)]),
        ((HEADER, "li.wei,@SUM(1),,,,"), [("GC1105", 2, 8)]),
        ((HEADER, 'li.wei,"+1",,,,'), [("GC1105", 2, 8)]),
        ((HEADER, "li.wei,李\x07伟,,,,"), [("GC1004", 2, 8)]),
        ((HEADER, "li.wei,李\u202e伟,,,,"), [("GC1004", 2, 8)]),
        ((HEADER, "li.wei,李\t伟,,,,"), [("GC1004", 2, 8)]),
        ((HEADER, 'li.wei,"李伟,,,,'), [("GC1105", 2, 8)]),
        ((HEADER, 'li.wei,"李"伟,,,,'), [("GC1105", 2, 11)]),
        ((HEADER, 'li.wei,李"伟,,,,'), [("GC1105", 2, 9)]),
    ],
)
def test_what_is_wrong_is_told_with_its_place(lines: tuple[str, ...], expected: list[tuple[str, int, int]]) -> None:
    assert told(read(*lines)) == expected


def test_every_fault_is_told_at_once() -> None:
    table = read(HEADER, "Li,李伟,,,,", "wang.fang,=1,,,,", "chen.jie,陈杰,,,boss,")
    assert [(fault.line, fault.column) for fault in table.faults] == [(2, 1), (3, 11), (4, 15)]


@pytest.mark.parametrize("raw", [b"\xff\xfei\x00d\x00", b"id,displayName\nli.wei,\xff\xff\n"])
def test_another_encoding_is_refused(raw: bytes) -> None:
    table = people_csv.read(raw, file="staff.csv")
    assert [fault.code for fault in table.faults] == ["GC1003"]
    assert "CSV UTF-8" in table.faults[0].remedy


def test_a_file_of_many_megabytes_is_refused() -> None:
    assert [fault.code for fault in people_csv.read(b"x" * (5 << 20), file="x").faults] == ["GC1002"]


@hypothesis.given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    table = people_csv.read(raw, file="staff.csv")
    assert all(fault.code in {"GC1002", "GC1003", "GC1004"} or fault.line >= 0 for fault in table.faults)


@hypothesis.given(st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=4))
def test_what_pythons_own_writer_wrote_is_read_as_it_was(rows: list[list[str]]) -> None:
    hypothesis.assume(all(any(cell.strip() for cell in row) for row in rows))
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    sheet = csv_cells.read(written.getvalue().encode(), file="x")
    seen = [[cell.text for cell in row] for row in sheet.rows]
    wanted = [[cell.strip(" \u3000") for cell in row] for row in rows]
    assert [row for row in seen if any(row)] == [row for row in wanted if any(row)]
    formulas = sum(cell.lstrip(" ").startswith(tuple("=+-@＝＋－＠")) for row in rows for cell in row)
    assert len(sheet.faults) == min(formulas, csv_cells.MAX_FAULTS)


@hypothesis.given(st.text(max_size=60))
def test_places_lie_within_the_text(text: str) -> None:
    lines = text.replace("\r\n", "\n").split("\n")
    sheet = csv_cells.read(text.encode("utf-8", "replace"), file="x")
    for row in sheet.rows:
        for cell in row:
            assert 1 <= cell.line <= len(lines)
            assert 1 <= cell.column <= len(lines[cell.line - 1]) + 1
