"""Flows as one firewall sees them, and those of them that others make needless."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
from collections.abc import Iterator, Sequence


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowRule:
    """One flow as a firewall sees it: prefixes and ports, both families."""

    id: str
    protocol: str
    ports: tuple[int, ...]
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    reason: str


def distinct(rules: Sequence[FlowRule]) -> Iterator[FlowRule]:
    """The rules without what a wider one of them allows: a verdict map takes no two elements that overlap."""
    for index, rule in enumerate(rules):
        others = [(place < index, other) for place, other in enumerate(rules) if place != index]
        ports = tuple(
            port
            for port in rule.ports
            # Of two that are alike the first one stays.
            if not any(
                _covers(other, rule, port) and (earlier or not _covers(rule, other, port)) for earlier, other in others
            )
        )
        if ports:
            yield dataclasses.replace(rule, ports=ports)


def _covers(wide: FlowRule, narrow: FlowRule, port: int) -> bool:
    return (
        wide.protocol == narrow.protocol
        and port in wide.ports
        and _within(narrow.sources, wide.sources)
        and _within(narrow.destinations, wide.destinations)
    )


def _within(inner: Sequence[str], outer: Sequence[str]) -> bool:
    return all(any(_is_part(one, other) for other in outer) for one in inner)


@functools.lru_cache(maxsize=4096)
def _is_part(inner: str, outer: str) -> bool:
    one, other = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]
