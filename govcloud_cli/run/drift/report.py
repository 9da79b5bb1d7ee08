"""A look in words, and as a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from govcloud_cli.run.drift import findings, looking


def summary(look: looking.Look) -> str:
    """One line: what was looked at, what drifted, what could not be looked at."""
    services = look.services
    counts = (
        *((look.machines.count, "machines"), (services.objects, "objects"), (services.databases, "databases")),
        (services.realm, "parts of the realm"),
    )
    parts = [f"{count} {noun}" for count, noun in counts if count]
    if look.found:
        parts.append(f"drift: {findings.shortly(look.found)}")
    elif not look.unread:
        parts.append("nothing drifted")
    if look.unread:
        parts.append("could not look at " + ", ".join(one.subject for one in look.unread))
    return "; ".join(parts)


def document(
    *,
    found: Sequence[findings.Finding],
    repaired: Sequence[findings.Finding],
    unread: Sequence[findings.Unread],
    pending: Sequence[str],
) -> dict[str, Any]:
    """What `govcloud drift --json` prints; `findings` are those that are left."""
    return {
        "drifted": bool(found),
        "complete": not unread,
        "findings": [finding.to_json() for finding in found],
        "repaired": [finding.to_json() for finding in repaired],
        "unread": [one.to_json() for one in unread],
        "pending": list(pending),
    }
