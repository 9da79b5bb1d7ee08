"""What was measured, judged: printed, and written to `build/bench.json`."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import statistics
from collections.abc import Sequence

FILE = pathlib.Path(__file__).parents[2] / "build" / "bench.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One measure: its samples and the limit that it is judged by."""

    name: str
    samples: Sequence[float]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool:
        """Whether the median is within the limit."""
        median = statistics.median(self.samples)
        if self.at_most is not None:
            return median <= self.at_most
        return self.at_least is None or median >= self.at_least

    @property
    def target(self) -> str:
        """The limit, for people; empty for what is only told."""
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return "" if self.at_least is None else f">= {self.at_least:g}"

    def to_json(self) -> dict[str, object]:
        """As in `build/bench.json`."""
        return {
            "name": self.name,
            "min": round(min(self.samples), 3),
            "median": round(statistics.median(self.samples), 3),
            "max": round(max(self.samples), 3),
            "target": self.target,
            "met": self.met,
        }


def keep(rows: Sequence[Row]) -> None:
    """Add the rows to the file, in place of those of the same name."""
    FILE.parent.mkdir(exist_ok=True)
    known = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
    new = {row.name: row.to_json() for row in rows}
    kept = {entry["name"]: entry for entry in known} | new
    FILE.write_text(json.dumps(list(kept.values()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def table() -> str:
    """Everything in the file, as a table for a terminal."""
    entries = json.loads(FILE.read_text(encoding="utf-8"))
    lines = [f"{'':44} {'min':>9} {'median':>9} {'max':>9}  {'target':9} met"]
    lines += [
        f"{entry['name']:44} {entry['min']:9.2f} {entry['median']:9.2f} {entry['max']:9.2f}  "
        f"{entry['target']:9} {'' if not entry['target'] else 'yes' if entry['met'] else 'NO'}"
        for entry in entries
    ]
    return "\n".join(lines)
