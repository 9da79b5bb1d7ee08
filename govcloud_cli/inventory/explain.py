"""Every fault an inventory can have: its stable code, what it means, and what to do about it.

Codes are never reused. GC10xx: the file as YAML; GC11xx: fields and their values; GC12xx: ids and
references; GC13xx: addresses; GC14xx: machines and the air gap; GC15xx: flows; GC16xx: the tree of
organisations; GC17xx: tenants; GC18xx: people and freezes; GC19xx: policies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from govcloud_cli import errors
from govcloud_cli.inventory import codes

_FOUND_MAX = 80


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explanation:
    """One code of the table."""

    code: str
    title: str
    """What is wrong, as one sentence; the message of a fault that has no better one."""
    text: str
    """Why it is refused; printed with every fault."""
    allowed: str = ""
    remedy: str


EXPLANATIONS: Mapping[str, Explanation] = MappingProxyType(
    {
        code: Explanation(code=code, title=title, text=text, allowed=allowed, remedy=remedy)
        for code, (title, text, allowed, remedy) in codes.TABLE.items()
    }
)


def explain(code: str) -> Explanation | None:
    """The explanation of a code, e.g. `GC1042`; None if there is no such code."""
    return EXPLANATIONS.get(code.upper())


def fault(
    code: str,
    *,
    file: str,
    line: int = 0,
    column: int = 0,
    field: str = "",
    found: str = "",
    message: str = "",
    allowed: str = "",
    remedy: str = "",
) -> errors.Fault:
    """A fault with what its code's entry says wherever the caller says nothing closer."""
    entry = EXPLANATIONS[code]
    return errors.Fault(
        code=code,
        message=message or entry.title,
        file=file,
        line=line,
        column=column,
        field=_shown(field),
        found=_shown(found),
        allowed=allowed or entry.allowed,
        remedy=remedy or entry.remedy,
    )


def _shown(found: str) -> str:
    """Input as it may be shown: no control characters, not too long."""
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in found[: _FOUND_MAX + 1])
    return clean if len(clean) <= _FOUND_MAX else f"{clean[:_FOUND_MAX]}…"
