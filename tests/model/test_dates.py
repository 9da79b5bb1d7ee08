"""Days: one form, of the calendar, and nothing that merely can be converted."""

from __future__ import annotations

import datetime
import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.model import dates

DAYS = pydantic.TypeAdapter(dates.Day)
THIS_CENTURY = st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))


def read(value: object) -> datetime.date | None:
    """As an inventory is read: from JSON, strictly. None if it is refused."""
    try:
        return DAYS.validate_json(json.dumps(value), strict=True)
    except pydantic.ValidationError:
        return None


@given(THIS_CENTURY)
def test_a_day_is_read_as_it_is_written(day: datetime.date) -> None:
    assert read(day.isoformat()) == day


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True) | st.integers() | st.floats())
def test_what_is_read_is_written_in_no_other_way(value: object) -> None:
    day = read(value)
    assert day is None or day.isoformat() == value


@pytest.mark.parametrize(
    "value",
    [
        "2035-02-29", "2035-13-01", "2035-1-1", "20351231", "2035-12-31T00:00:00", "2035-12-31 ", "2035-12-31\n",
        "2035-W01-1", "1999-12-31", "9999-12-31", "२०३५-१२-३१", "tomorrow", "", 20351231, 2082758400, 0, 1.5, True,
        None,
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(value: object) -> None:
    assert read(value) is None
