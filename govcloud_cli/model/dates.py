"""Days, as people write them."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

import pydantic
import pydantic_core

_FORM = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _day(value: object) -> object:
    """Refuse what pydantic would also take for a date: numbers, times, dates of other centuries."""
    if type(value) is datetime.date:
        return value
    try:
        if isinstance(value, str) and _FORM.fullmatch(value):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    raise pydantic_core.PydanticCustomError("day", "not a day in the form 2027-06-30")


Day = Annotated[datetime.date, pydantic.Field(strict=False), pydantic.BeforeValidator(_day)]
"""A day, UTC, as RFC 3339 writes it: `2027-06-30`, from 2000 to 2099. With quotes or without."""
