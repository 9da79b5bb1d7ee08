"""How many of what, in words."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 policy`, `2 policies`."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
