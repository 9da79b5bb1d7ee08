"""Writes what was measured into `docs/performance.md`: `python -m tests.bench.document`, after `make bench`."""

from __future__ import annotations

import json
import pathlib

from tests.bench import results

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    """Replace the table between the two marks."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    entries = json.loads(results.FILE.read_text(encoding="utf-8"))
    lines = ["| Measure | min | median | max | target | met |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for entry in entries:
        judged = ("yes" if entry["met"] else "**no**") if entry["target"] else ""
        lines.append(
            f"| {entry['name']} | {entry['min']:.2f} | {entry['median']:.2f} | {entry['max']:.2f} "
            f"| {entry['target'].replace('<=', '≤').replace('>=', '≥')} | {judged} |"
        )
    DOCUMENT.write_text("\n".join([before + BEGIN, *lines, END + after]), encoding="utf-8")


if __name__ == "__main__":
    main()
