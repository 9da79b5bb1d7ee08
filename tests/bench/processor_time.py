"""Processor time of processes and all that they started, from /proc."""

from __future__ import annotations

import os
import pathlib

_TICKS = os.sysconf("SC_CLK_TCK")


def of(*roots: int) -> float:
    """Seconds that the processes `roots`, what they started and what ended among those took so far.

    The kernel counts in hundredths of a second; a process that ended counts with who waited for it.
    """
    times, children = _all()
    total, todo = 0.0, list(roots)
    while todo:
        one = todo.pop()
        total += times.get(one, 0.0)
        todo += children.get(one, [])
    return total


def _all() -> tuple[dict[int, float], dict[int, list[int]]]:
    times: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            # proc(5): after the name come state, parent, ...; utime, stime, cutime and cstime are fields 14 to 17.
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        number = int(place.name)
        times[number] = sum(map(int, fields[11:15])) / _TICKS
        children.setdefault(int(fields[1]), []).append(number)
    return times, children
