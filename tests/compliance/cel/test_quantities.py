"""Quantities are exact: held against decimal arithmetic of any precision."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcloud_cli.compliance.cel import quantities

SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "E": Decimal("1e18"),
    "Ki": Decimal(2**10),
    "Gi": Decimal(2**30),
    "e-3": Decimal("1e-3"),
    "E2": Decimal(100),
}
NANO = Decimal("1e-9")
WRITTEN = st.tuples(
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**12),
    st.none() | st.integers(0, 999),
    st.sampled_from(sorted(SUFFIXES)),
)
Written = tuple[str, int, int | None, str]


def text(written: Written) -> str:
    sign, whole, part, suffix = written
    return f"{sign}{whole}{'' if part is None else f'.{part}'}{suffix}"


def worth(written: Written) -> Decimal:
    """As Kubernetes documents it: rounded away from zero to billionths, binary ones up to 2^63 - 1."""
    sign, whole, part, suffix = written
    with decimal.localcontext(prec=80):
        value = Decimal(f"{whole}.{part or 0}") * SUFFIXES[suffix]
        value = value.quantize(NANO, rounding=decimal.ROUND_UP)
        if suffix.endswith("i"):
            value = min(value, Decimal(2**63 - 1))
        return -value if sign == "-" else value


@given(WRITTEN, WRITTEN)
def test_comparing_is_comparing_what_they_are_worth(one: Written, other: Written) -> None:
    first, second = worth(one), worth(other)
    wanted = (first > second) - (first < second)
    assert quantities.compare(quantities.parse(text(one)), quantities.parse(text(other))) == wanted
    assert quantities.compare_texts(text(one), text(other)) == wanted
    assert (quantities.parse(text(one)).text == quantities.parse(text(other)).text) == (wanted == 0)


@given(WRITTEN, WRITTEN)
def test_sums_and_differences_are_exact(one: Written, other: Written) -> None:
    first, second = quantities.parse(text(one)), quantities.parse(text(other))
    with decimal.localcontext(prec=80):
        assert Decimal(quantities.add(first, second).text) == worth(one) + worth(other)
        assert Decimal(quantities.sub(first, second).text) == worth(one) - worth(other)


@given(WRITTEN, st.integers(-(2**63), 2**63 - 1))
def test_an_integer_can_be_added(one: Written, number: int) -> None:
    with decimal.localcontext(prec=80):
        assert Decimal(quantities.add(quantities.parse(text(one)), number).text) == worth(one) + number


@given(WRITTEN)
def test_what_is_called_an_integer_is_one(one: Written) -> None:
    quantity = quantities.parse(text(one))
    if quantities.is_integer(quantity):
        assert quantities.as_integer(quantity) == worth(one)
    else:
        with pytest.raises(ValueError, match="integer"):
            quantities.as_integer(quantity)


@given(st.text(max_size=12))
def test_any_text_is_a_quantity_or_is_refused(found: str) -> None:
    if quantities.is_quantity(found):
        assert quantities.parse(found) is not None
    else:
        with pytest.raises(ValueError, match="not a quantity"):
            quantities.parse(found)


def test_an_exponent_of_any_size_takes_no_time() -> None:
    large, small = quantities.parse("1e2000000000"), quantities.parse("1e-2000000000")
    assert quantities.compare(large, small) == 1
    with pytest.raises(ValueError, match="too far apart"):
        quantities.add(large, small)
    assert not quantities.is_quantity("1" * 1001)
