"""Measured use: quantities, samples of a LIST, and when means are readable."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.governance import usage

NOW = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("500m", "0.5"),
        ("2", "2"),
        ("1.5Gi", "1610612736"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-1k", "-1000"),
        ("+3M", "3000000"),
        ("1e3", "1000"),
        ("1E3", "1000"),
        ("1E", "1000000000000000000"),
        ("1Ei", "1152921504606846976"),
        ("25e-1", "2.5"),
        ("100u", "0.0001"),
        ("7n", "0.000000007"),
        ("128974848", "128974848"),
        ("129M", "129000000"),
        ("123Mi", "128974848"),
    ],
)
def test_a_quantity_is_read_exactly(text: str, number: str) -> None:
    assert usage.quantity(text) == decimal.Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        ".",
        "1.2.3",
        "1 Gi",
        " 1",
        "1\n",
        "1gi",
        "1KI",
        "0x10",
        "1e",
        "1e3Gi",
        "1mi",
        "∞",
        "nan",
        "٣",
        "1e999",
        "9" * 99,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        usage.quantity(text)


@given(st.text(max_size=40))
def test_no_text_is_read_as_something_that_is_no_number(text: str) -> None:
    try:
        found = usage.quantity(text)
    except ValueError:
        return
    assert found.is_finite()


@given(
    st.integers(min_value=0, max_value=10**12),
    st.sampled_from([("Ki", 1024), ("Mi", 1024**2), ("Gi", 1024**3), ("k", 1000), ("M", 10**6), ("", 1)]),
)
def test_a_unit_multiplies(number: int, unit: tuple[str, int]) -> None:
    assert usage.quantity(f"{number}{unit[0]}") == number * unit[1]


@given(st.integers(min_value=-(10**6), max_value=10**6))
def test_thousandths_add_up(number: int) -> None:
    assert usage.quantity(f"{number}m") * 1000 == number


def quota(namespace: str = "finance-test", *, name: str = "tenant", **status: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"namespace": namespace, "name": name}, "status": status}


FULL = {"requests.cpu": "2", "requests.memory": "4Gi", "requests.storage": "50Gi", "pods": "20"}
HALF = {"requests.cpu": "1", "requests.memory": "2Gi", "requests.storage": "25Gi", "pods": "10"}


def test_a_quota_becomes_a_sample() -> None:
    assert usage.samples([quota(hard=FULL, used=HALF)], at=NOW) == (
        usage.Sample(
            tenant="finance",
            environment="test",
            at=NOW,
            ratios={"cpu": 0.5, "memory": 0.5, "storage": 0.5, "pods": 0.5},
        ),
    )


@pytest.mark.parametrize(
    "other",
    [
        quota("kube-system", hard=FULL, used=HALF),
        quota("-test", hard=FULL, used=HALF),
        quota("finance-test", name="their-own", hard=FULL, used=HALF),
        {},
        {"metadata": None},
    ],
)
def test_what_is_not_ours_is_passed_over(other: dict[str, Any]) -> None:
    assert usage.samples([other], at=NOW) == ()


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"hard": FULL},
        {"used": HALF},
        {"hard": None, "used": None},
        {"hard": dict.fromkeys(FULL, "0"), "used": HALF},
        {"hard": FULL, "used": dict.fromkeys(HALF, "many")},
        {"hard": FULL, "used": dict.fromkeys(HALF, "-1")},
    ],
)
def test_what_cannot_be_told_of_a_quota_is_left_out(status: dict[str, Any]) -> None:
    (sample,) = usage.samples([quota(**status)], at=NOW)
    assert sample.ratios == {}


def taken(days: list[float], ratio: float = 0.5, tenant: str = "finance") -> list[usage.Sample]:
    """A sample as many days ago as each of `days` says."""
    return [usage.Sample(tenant=tenant, environment="test", at=NOW - ago * DAY, ratios={"cpu": ratio}) for ago in days]


ENOUGH = [float(day) for day in range(15)]


def summary(samples: list[usage.Sample]) -> float | None:
    return usage.summarise(samples, tenant="finance", now=NOW).ratio("test", "cpu")


def test_two_weeks_with_enough_days_are_readable() -> None:
    assert summary(taken(ENOUGH)) == pytest.approx(0.5)
    assert summary(taken([0, 1, 2, 3, 4, 5, 6, 7, 8, 14])) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("why", "days"),
    [
        ("nothing was measured", []),
        ("nine days only", [0, 1, 2, 3, 4, 5, 6, 7, 14]),
        ("less than two weeks", [day * 0.99 for day in ENOUGH][:15]),
        ("many samples, but of few days", [0, 14, *[1 + hour / 100 for hour in range(40)]]),
        ("the last one is long ago", [day + 8 for day in ENOUGH]),
        ("all of it is before the window", [day + 31 for day in ENOUGH]),
        ("all of it is in the future", [-day - 1 for day in ENOUGH]),
    ],
)
def test_anything_less_is_unreadable(why: str, days: list[float]) -> None:
    assert summary(taken(days)) is None, why


def test_a_day_counts_once_however_often_it_was_measured() -> None:
    busy = taken([0 + minute / 1440 for minute in range(60)], ratio=1.0)
    calm = taken([float(day) for day in range(1, 15)], ratio=0.0)

    assert summary(busy + calm) == pytest.approx(1 / 15)


def test_other_tenants_and_resources_are_not_mixed_in() -> None:
    found = usage.summarise(taken(ENOUGH) + taken(ENOUGH, 1.0, "taxation"), tenant="finance", now=NOW)

    assert found.ratio("test", "cpu") == pytest.approx(0.5)
    assert found.ratio("test", "memory") is None
    assert found.ratio("prod", "cpu") is None
