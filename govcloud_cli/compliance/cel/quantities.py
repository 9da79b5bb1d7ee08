"""`quantity` and what can be done with it, exactly (k8s.io/apiserver/pkg/cel/library, `Quantity`).

A quantity is a decimal number: `text` is `<mantissa>e<exponent>` without trailing zeros, so that equal ones are equal.
Kubernetes says of some integers that they are none, by the way in which they were written (`1000m`, more than 18
digits): the mark -0.0 is on those that it calls integers.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any, Final

from govcloud_cli.compliance.cel import declarations, values

_FORM: Final = re.compile(
    r"(?P<sign>[+-]?)(?P<number>0*(?P<whole>[0-9]*)(\.(?P<part>[0-9]*))?)"
    r"(?P<suffix>[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?",
    re.ASCII,
)
_DECIMAL: Final = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO: Final = -9
_EXACT_DIGITS: Final = 18
_LARGEST: Final = 2**63 - 1
_WIDEST: Final = 4_000
"""Digits that a sum may have; Kubernetes knows no limit here, and needs none for what people write."""
_LONGEST: Final = 1_000


def parse(text: str) -> Any:
    """A quantity of its written form.

    Raises:
        ValueError: it is none.
    """
    quantity = _parse(text)
    if quantity is None:
        raise ValueError("not a quantity")
    return quantity


def is_quantity(text: str) -> bool:
    """Whether it is the written form of a quantity."""
    return _parse(text) is not None


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> Any | None:
    found = _FORM.fullmatch(text) if 0 < len(text) <= _LONGEST else None
    if found is None:
        return None
    sign = -1 if found["sign"] == "-" else 1
    whole, part, suffix = found["whole"], found["part"] or "", found["suffix"] or ""
    digits = len(whole or "0") + len(part)
    if suffix in _BINARY:
        power = _BINARY[suffix]
        if not part and 15 - digits - power * 3 // 10 - 1 >= 0:
            return _of(sign * int(whole or "0") * 2**power, 0, integer=True)
        return _rounded(found, len(part), multiplier=2**power, highest=_LARGEST)
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    if not -_LARGEST - 1 <= exponent <= _LARGEST:
        return None
    exponent = (exponent + 2**31) % 2**32 - 2**31  # Kubernetes cuts it to 32 bits.
    scale = exponent - len(part)
    if digits <= _EXACT_DIGITS and scale >= _NANO:
        return _of(sign * int((whole or "0") + part), scale, integer=scale >= 0)
    return _rounded(found, -scale)


def _rounded(found: re.Match[str], places: int, *, multiplier: int = 1, highest: int | None = None) -> Any | None:
    """The digits with `places` of them after the point, times `multiplier`, rounded away from zero to billionths."""
    if not any(character.isdigit() for character in found["number"]):
        return None
    sign = -1 if found["sign"] == "-" else 1
    mantissa, exponent = int(found["whole"] + (found["part"] or "") or "0") * multiplier, -places
    if mantissa and exponent < _NANO:
        excess = _NANO - exponent
        mantissa = -(-mantissa // 10**excess) if excess <= _WIDEST else 1
        exponent = _NANO
    if highest is not None and mantissa > highest * 10**-exponent:
        mantissa, exponent = highest, 0
    return _of(sign * mantissa, exponent, integer=False)


def _of(mantissa: int, exponent: int, *, integer: bool) -> Any:
    if not mantissa:
        exponent = 0
    while mantissa and mantissa % 10 == 0:
        mantissa //= 10
        exponent += 1
    return values.make(values.QUANTITY, f"{mantissa}e{exponent}", mark=-0.0 if integer else 0.0)


def _parts(quantity: Any) -> tuple[int, int]:
    mantissa, _, exponent = quantity.text.partition("e")
    return int(mantissa), int(exponent)


def _marked(quantity: Any) -> bool:
    return math.copysign(1.0, quantity.mark) < 0


def sign(quantity: Any) -> int:
    """-1, 0 or 1."""
    mantissa, _ = _parts(quantity)
    return (mantissa > 0) - (mantissa < 0)


def compare(one: Any, other: Any) -> int:
    """-1, 0 or 1."""
    if one.text == other.text:
        return 0
    first, second = sign(one), sign(other)
    if first != second:
        return 1 if first > second else -1
    (a, a_exponent), (b, b_exponent) = _parts(one), _parts(other)
    a_size, b_size = len(str(abs(a))) + a_exponent, len(str(abs(b))) + b_exponent
    if a_size != b_size:
        return first if a_size > b_size else -first
    lowest = min(a_exponent, b_exponent)
    a, b = a * 10 ** (a_exponent - lowest), b * 10 ** (b_exponent - lowest)
    return 1 if a > b else -1


@functools.lru_cache(maxsize=4096)
def compare_texts(one: str, other: str) -> int:
    """As `compare`, of the written forms.

    Raises:
        ValueError: one of them is no quantity.
    """
    return compare(parse(one), parse(other))


def add(one: Any, other: Any) -> Any:
    """The exact sum of two quantities, or of one and an integer."""
    return _sum(one, other if not isinstance(other, int) else _of(other, 0, integer=True), 1)


def sub(one: Any, other: Any) -> Any:
    """The exact difference of two quantities, or of one and an integer."""
    return _sum(one, other if not isinstance(other, int) else _of(other, 0, integer=True), -1)


def _sum(one: Any, other: Any, factor: int) -> Any:
    (a, a_exponent), (b, b_exponent) = _parts(one), _parts(other)
    if not b:
        return one
    if not a:
        return _of(factor * b, b_exponent, integer=_marked(other))
    lowest = min(a_exponent, b_exponent)
    if max(a_exponent, b_exponent) - lowest > _WIDEST:
        raise ValueError("quantities too far apart to be added")
    total = a * 10 ** (a_exponent - lowest) + factor * b * 10 ** (b_exponent - lowest)
    return _of(total, lowest, integer=_marked(one) and _marked(other))


def is_integer(quantity: Any) -> bool:
    """Whether `as_integer` gives a number."""
    return _integer(quantity) is not None


def as_integer(quantity: Any) -> int:
    """The quantity as a 64-bit integer.

    Raises:
        ValueError: it is none, or too large, or was written in a way that Kubernetes takes no integer from.
    """
    integer = _integer(quantity)
    if integer is None:
        raise ValueError("cannot convert value to integer")
    return integer


def _integer(quantity: Any) -> int | None:
    mantissa, exponent = _parts(quantity)
    if not _marked(quantity) or not 0 <= exponent < len(str(_LARGEST)):
        return None
    integer = mantissa * 10**exponent
    return integer if -_LARGEST - 1 <= integer <= _LARGEST else None


def as_approximate_float(quantity: Any) -> float:
    """The nearest double; infinite beyond its range."""
    return float(quantity.text)


COMPARE: Final = "_compare_"
"""What the engine knows `compare_texts` as: see `texts`."""
_Q: Final = values.QUANTITY
OVERLOADS: Final = (
    declarations.function(COMPARE, ("string", "string"), "int", compare_texts),
    declarations.function("quantity", ("string",), _Q, parse),
    declarations.function("isQuantity", ("string",), "bool", is_quantity),
    declarations.function("sign", (_Q,), "int", sign),
    declarations.method("isInteger", (_Q,), "bool", is_integer),
    declarations.method("asInteger", (_Q,), "int", as_integer),
    declarations.method("asApproximateFloat", (_Q,), "double", as_approximate_float),
    declarations.method("add", (_Q, _Q), _Q, add),
    declarations.method("add", (_Q, "int"), _Q, add),
    declarations.method("sub", (_Q, _Q), _Q, sub),
    declarations.method("sub", (_Q, "int"), _Q, sub),
    declarations.method("isLessThan", (_Q, _Q), "bool", lambda one, other: compare(one, other) < 0),
    declarations.method("isGreaterThan", (_Q, _Q), "bool", lambda one, other: compare(one, other) > 0),
    declarations.method("compareTo", (_Q, _Q), "int", compare),
)
