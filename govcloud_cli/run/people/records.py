"""What the audit log says of a sync's changes."""

from __future__ import annotations

from typing import Any

from govcloud_cli.governance import people_changes


def counts(changes: people_changes.Changes) -> dict[str, int]:
    """How many of each; `leave` counts also those who were shut out and not yet done with."""
    return {
        "join": len(changes.joins),
        "move": len(changes.moves),
        "leave": len(changes.leaves),
        "return": len(changes.returns),
        "accounts": changes.accounts,
    }


def leaving(leave: people_changes.Leave) -> dict[str, Any]:
    """A leaver, for the audit."""
    return {"person": leave.person, "reason": leave.reason, "groups": leave.groups, "rotate": leave.rotate}


def moving(move: people_changes.Move) -> dict[str, Any]:
    """A mover, for the audit."""
    told: dict[str, Any] = {"person": move.person, "added": move.added, "removed": move.removed}
    optional = {"name": move.name, "rotate": move.rotate, "adopted": move.adopted, "heldTwoDuties": move.conflict}
    return told | {name: value for name, value in optional.items() if value}
