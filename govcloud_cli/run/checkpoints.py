"""Pulumi's state files after a kill: Pulumi writes them without a sync, and refuses a torn one for good."""

from __future__ import annotations

import json
import pathlib

UPDATES = 20
"""Past updates of a stack that are kept."""


def file(state: pathlib.Path, project: str, stack: str) -> pathlib.Path:
    """Where a stack's state is below `state`, there or not."""
    return state / ".pulumi" / "stacks" / project / f"{stack}.json"


def begin(place: pathlib.Path, *, project: str, stack: str) -> None:
    """Write the state of a stack that holds nothing at `place`, as `pulumi stack init` does in a third of a second."""
    place.parent.mkdir(parents=True, exist_ok=True)
    content = {"version": 3, "checkpoint": {"stack": f"organization/{project}/{stack}", "latest": None}}
    place.write_text(json.dumps(content), encoding="ascii")


def prune(state: pathlib.Path, project: str, stack: str) -> None:
    """Keep the newest `UPDATES` of a stack's past updates: Pulumi adds a copy of the state with each, and keeps all."""
    entries = sorted((state / ".pulumi" / "history" / project / stack).glob("*"))
    # `<stack>-<nanoseconds>.history.json` and `.checkpoint.json`, with or without `.attrs`: one update, one time.
    moments = sorted({entry.name.split(".", 1)[0] for entry in entries})
    old = set(moments[:-UPDATES])
    for entry in entries:
        if entry.name.split(".", 1)[0] in old:
            entry.unlink()


def mend(state: pathlib.Path, stack: str) -> str:
    """Put the last whole state of `stack` in the place of a torn one below `state`; return what was done, or "".

    Without a whole one the file goes: our providers adopt what is there, so nothing is made twice or deleted.
    """
    for file in (state / ".pulumi" / "stacks").rglob(f"{stack}.json"):
        if _is_whole(file):
            continue
        backup = file.with_name(f"{file.name}.bak")
        if _is_whole(backup):
            file.write_bytes(backup.read_bytes())
            return f"{file} was torn by a killed run; the state before it is back"
        file.unlink()
        return f"{file} was torn by a killed run; what it recorded is looked for and adopted"
    return ""


def _is_whole(file: pathlib.Path) -> bool:
    try:
        return isinstance(json.loads(file.read_bytes()), dict)
    except (OSError, ValueError):
        return False
