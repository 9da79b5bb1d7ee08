"""Drift (漂移): what became otherwise on machines, in clusters, databases and realms than it was last applied.

`look` asks; `mend` and the steps of a deploy restore. What differs because the plan changed is no drift.
"""

from __future__ import annotations

from govcloud_cli.run.drift.findings import Finding, Part, Unread, What, shortly
from govcloud_cli.run.drift.looking import (
    NOTHING,
    Look,
    MachinesLook,
    ServicesLook,
    keep_realm,
    look,
    look_at_machines,
    look_at_services,
    unknown,
)
from govcloud_cli.run.drift.machines import ROLES, Snapshot, differences
from govcloud_cli.run.drift.machines import look as ask_machines
from govcloud_cli.run.drift.mending import mend
from govcloud_cli.run.drift.realms import is_outdated as is_realm_outdated
from govcloud_cli.run.drift.realms import restorers
from govcloud_cli.run.drift.report import document, summary
from govcloud_cli.run.drift.subjects import Subject

__all__ = (
    "NOTHING",
    "ROLES",
    "Finding",
    "Look",
    "MachinesLook",
    "Part",
    "ServicesLook",
    "Snapshot",
    "Subject",
    "Unread",
    "What",
    "ask_machines",
    "differences",
    "document",
    "is_realm_outdated",
    "keep_realm",
    "look",
    "look_at_machines",
    "look_at_services",
    "mend",
    "restorers",
    "shortly",
    "summary",
    "unknown",
)
