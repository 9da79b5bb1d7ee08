"""How a family of functions is declared to the engine, without naming the engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overload:
    """One signature of a function; types in CEL's own spelling, e.g. `list<string>`, `kubernetes.Quantity`."""

    name: str
    parameters: tuple[str, ...]
    """The receiver first, if `member`."""
    result: str
    impl: Callable[..., Any]
    """Takes and returns Python values; a `ValueError` becomes a CEL error."""
    member: bool = False


def function(name: str, parameters: tuple[str, ...], result: str, impl: Callable[..., Any]) -> Overload:
    """`name(parameters) -> result`."""
    return Overload(name=name, parameters=parameters, result=result, impl=impl)


def method(name: str, parameters: tuple[str, ...], result: str, impl: Callable[..., Any]) -> Overload:
    """`parameters[0].name(parameters[1:]) -> result`."""
    return Overload(name=name, parameters=parameters, result=result, impl=impl, member=True)
