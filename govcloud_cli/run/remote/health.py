"""How a machine is: its services and the memory that its processes hold."""

from __future__ import annotations

import pathlib
import subprocess
from typing import Any


def main(argument: dict[str, Any]) -> dict[str, Any]:
    """`{units: […]}` to `{units: {unit: state}, residentBytes: number}`."""
    states = subprocess.run(
        ["systemctl", "is-active", "--", *argument["units"]], capture_output=True, text=True, check=False
    )
    resident = sum(_proportional(folder) for folder in pathlib.Path("/proc").iterdir() if folder.name.isdigit())
    return {"units": dict(zip(argument["units"], states.stdout.split())), "residentBytes": resident}  # noqa: B905


def _proportional(folder: pathlib.Path) -> int:
    """Bytes resident, shared pages divided among those who share them."""
    try:
        lines = (folder / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
