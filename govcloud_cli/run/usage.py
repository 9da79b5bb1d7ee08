"""Samples of measured use on disk: `.govcloud/<env>/<side>/usage.jsonl`, one line per moment.

Losing it costs nothing but time: growth then goes to a person until two weeks are measured again.
"""

from __future__ import annotations

import datetime
import json
import math
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govcloud_cli.governance import usage
from govcloud_cli.run import workspace

NAME = "usage.jsonl"
KEPT = datetime.timedelta(days=60)
"""Older lines are dropped."""
APART = datetime.timedelta(hours=12)
"""Only days count, so a line younger than this is enough: a look every five minutes does not fill the disk."""


def record(folder: pathlib.Path, taken: Iterable[usage.Sample], now: datetime.datetime) -> bool:
    """Keep the samples of one moment in a side's `folder`; False where the last line is young enough.

    `taken` is of the whole side, as one LIST gives it; `now` is UTC. The caller holds the environment's lock.
    Raises `OSError` where the folder cannot be written.
    """
    path = folder / NAME
    kept = [line for at, line in _lines(path) if now - KEPT <= at <= now]
    if kept and now - _time(kept[-1]) < APART:
        return False
    places: dict[str, dict[str, dict[str, float]]] = {}
    for sample in taken:
        ratios = {name: round(ratio, 4) for name, ratio in sample.ratios.items()}
        places.setdefault(sample.tenant, {})[sample.environment] = ratios
    if not places:
        return False
    entry = {"at": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "used": places}
    line = json.dumps(entry, separators=(",", ":"), sort_keys=True)
    workspace.write(path, "".join(f"{one}\n" for one in (*kept, line)))
    return True


def read(folder: pathlib.Path, *, tenant: str | None = None) -> tuple[usage.Sample, ...]:
    """The samples that are kept in a side's `folder`, of one tenant or of all, oldest first; none if there is no file.

    A line that cannot be read is passed over: too few are left then, and a person decides.
    """
    return tuple(sample for at, line in _lines(folder / NAME) for sample in _samples(at, line, tenant))


def _lines(path: pathlib.Path) -> Iterator[tuple[datetime.datetime, str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            yield _time(line), line
        except ValueError:
            continue


def _time(line: str) -> datetime.datetime:
    """When a line was taken, read from its beginning: most lines are long, and nobody asks for the rest."""
    start, end = len('{"at":"'), len('{"at":"2026-01-01T00:00:00Z')
    if not line.startswith('{"at":"'):
        raise ValueError("not a line of ours")
    return datetime.datetime.strptime(line[start:end], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)


def _samples(at: datetime.datetime, line: str, tenant: str | None) -> Iterator[usage.Sample]:
    if tenant is not None and f'"{tenant}":' not in line:
        return
    try:
        places: Any = json.loads(line)["used"]
        for name in places if tenant is None else {tenant} & places.keys():
            for environment, ratios in places[name].items():
                yield usage.Sample(tenant=name, environment=environment, at=at, ratios=_checked(ratios))
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _checked(ratios: Mapping[str, Any]) -> dict[str, float]:
    known = {name: float(ratios[name]) for name in usage.RESOURCES if name in ratios}
    return {name: ratio for name, ratio in known.items() if math.isfinite(ratio) and ratio >= 0}
