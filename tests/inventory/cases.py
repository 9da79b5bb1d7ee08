"""Case folders: a good inventory, and what each case changes in it.

`tests/cases/inventory/{refused,accepted}/<name>/case.yaml` holds `edits` (in `file`, the text `find`
becomes `put`) and, if refused, `faults`. Any other file of the folder is laid over the good inventory.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1] / "cases" / "inventory"
CASE = "case.yaml"


def names(kind: str) -> list[str]:
    """Names of the `refused` or `accepted` cases."""
    return sorted(path.parent.name for path in (ROOT / kind).glob(f"*/{CASE}"))


def read(kind: str, name: str) -> dict[str, Any]:
    """One case: `edits`, and `faults` if it is a refused one."""
    case = yaml.safe_load((ROOT / kind / name / CASE).read_text(encoding="utf-8"))
    assert isinstance(case, dict)
    return case


def build(folder: Path, *, kind: str, name: str) -> Path:
    """Lay out a case as an inventory folder called `town` in `folder`."""
    target = folder / "town"
    shutil.copytree(ROOT / "good", target)
    source = ROOT / kind / name
    for path in source.rglob("*"):
        if path.is_file() and path.name != CASE:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    for edit in read(kind, name).get("edits") or []:
        path = target / edit["file"]
        before = path.read_text(encoding="utf-8")
        assert before.count(edit["find"]) == 1, f"{edit['find']!r} must stand once in {edit['file']}"
        path.write_text(before.replace(edit["find"], edit["put"]), encoding="utf-8")
    return target
