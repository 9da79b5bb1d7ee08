"""Measured use (实测用量): how much of its quota an environment really takes, averaged over weeks.

Samples are read from the ResourceQuota of each namespace (`status.used` against `status.hard`) and kept by
`govcloud_cli/run/usage.py`. What cannot be judged is unreadable, never zero and never full.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.model import names

RESOURCES: Mapping[str, str] = {
    "cpu": "requests.cpu",
    "memory": "requests.memory",
    "storage": "requests.storage",
    "pods": "pods",
}
"""What is measured -> its key in a ResourceQuota."""

WINDOW = datetime.timedelta(days=30)
"""Older samples say nothing of today's need."""
SPAN = datetime.timedelta(days=14)
"""Least time between the first and the last sample."""
FEWEST = 10
"""Days with a sample; many samples of one day count as one, so that a busy hour does not look like a busy month."""
STALE = datetime.timedelta(days=7)
"""Oldest that the last sample may be."""

_QUOTA = "tenant"
"""The name of the ResourceQuota that the platform writes into each namespace."""

_SCALES: Mapping[str, decimal.Decimal] = {
    "n": decimal.Decimal("1e-9"),
    "u": decimal.Decimal("1e-6"),
    "m": decimal.Decimal("1e-3"),
    "": decimal.Decimal(1),
    **{unit: decimal.Decimal(1000) ** power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": decimal.Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)},
}
_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30}))"
    r"(?:[eE](?P<exponent>[+-]?[0-9]{1,2})|(?P<unit>[numkMGTPE]|[KMGTPE]i)?)",
    flags=re.ASCII,
)
_EXACT = decimal.Context(prec=200)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """What one environment used of its quota at one moment."""

    tenant: str
    environment: str
    at: datetime.datetime
    """UTC."""
    ratios: Mapping[str, float]
    """Resource of `RESOURCES` -> used / hard; left out where that cannot be told."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Usage:
    """What a tenant's environments used on average."""

    means: Mapping[str, Mapping[str, float]]
    """Environment -> resource -> mean of used / hard; only what is readable."""

    def ratio(self, environment: str, resource: str) -> float | None:
        """The mean of one resource; None: unreadable."""
        return self.means.get(environment, {}).get(resource)


UNREADABLE = Usage(means={})


def quantity(text: str) -> decimal.Decimal:
    """A Kubernetes quantity (`500m`, `1.5Gi`, `2e3`) as a number, exactly.

    Source: k8s.io/apimachinery, `resource.Quantity`: <signedNumber><suffix>. Raises `ValueError` for anything else.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(f"not a quantity: {text[:40]!r}")
    number = decimal.Decimal(found["number"])
    if found["exponent"]:
        return number.scaleb(int(found["exponent"]), _EXACT)
    return _EXACT.multiply(number, _SCALES[found["unit"] or ""])


def samples(quotas: Iterable[Mapping[str, Any]], *, at: datetime.datetime) -> tuple[Sample, ...]:
    """The samples that a LIST of ResourceQuotas holds; `quotas` are its `items`, as JSON reads.

    Other people's quotas and namespaces that are not `<tenant>-<environment>` are passed over.
    """
    return tuple(_samples(quotas, at))


def summarise(taken: Iterable[Sample], *, tenant: str, now: datetime.datetime) -> Usage:
    """The means of a tenant's environments over `WINDOW`, each day with the same weight."""
    days: dict[str, dict[str, dict[datetime.date, list[float]]]] = {}
    times: dict[tuple[str, str], list[datetime.datetime]] = {}
    for sample in taken:
        if sample.tenant != tenant or not now - WINDOW <= sample.at <= now:
            continue
        for resource, ratio in sample.ratios.items():
            by_day = days.setdefault(sample.environment, {}).setdefault(resource, {})
            by_day.setdefault(sample.at.date(), []).append(ratio)
            times.setdefault((sample.environment, resource), []).append(sample.at)
    return Usage(
        means={
            environment: {
                resource: _mean([_mean(ratios) for ratios in by_day.values()])
                for resource, by_day in resources.items()
                if _is_enough(len(by_day), times[environment, resource], now)
            }
            for environment, resources in days.items()
        }
    )


def _is_enough(days: int, times: list[datetime.datetime], now: datetime.datetime) -> bool:
    first, last = min(times), max(times)
    return days >= FEWEST and last - first >= SPAN and now - last <= STALE


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _samples(quotas: Iterable[Mapping[str, Any]], at: datetime.datetime) -> Iterator[Sample]:
    for quota in quotas:
        metadata = quota.get("metadata") or {}
        tenant, _, environment = str(metadata.get("namespace", "")).rpartition("-")
        if metadata.get("name") != _QUOTA or not tenant or environment not in names.ENVIRONMENTS:
            continue
        status = quota.get("status") or {}
        ratios = dict(_ratios(status.get("used") or {}, status.get("hard") or {}))
        yield Sample(tenant=tenant, environment=environment, at=at, ratios=ratios)


def _ratios(used: Mapping[str, Any], hard: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for resource, key in RESOURCES.items():
        try:
            taken, most = quantity(str(used[key])), quantity(str(hard[key]))
        except (KeyError, ValueError):
            continue
        # A frozen environment's quota is nought, which says nothing of what it needs.
        if most > 0 and taken >= 0:
            yield resource, float(taken / most)
