"""What drifted: one finding per field, with what it should be and what it is."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any

_LONGEST = 2000
"""Characters of one text: whoever changes a thing decides how long it is."""


class Part(enum.StrEnum):
    """Where something drifted."""

    MACHINE = "machine"
    CLUSTER = "cluster"
    DATABASE = "database"
    REALM = "realm"
    """The identity service, the realm `master` included."""


class What(enum.StrEnum):
    """How it differs."""

    CHANGED = "changed"
    MISSING = "missing"
    """It was planned, and is gone."""
    EXTRA = "extra"
    """Somebody added it to what is ours."""
    ORPHAN = "orphan"
    """It says that it is ours, and no plan knows it. Nothing deletes it: people do, once they know what it is."""
    DELETING = "deleting"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is otherwise than it was last applied."""

    side: str
    part: Part
    subject: str
    """`internal-db`; `NetworkPolicy/finance-prod/default-deny`; `Role/finance_prod_ledger_rw`, `Database/…`;
    `Client/govcloud-vpn`, `User/master/…`."""
    what: What
    field: str = ""
    """`file /etc/x`, `unit y`, `firewall`; `subjects[1].name`; `connection limit`. Empty for a thing as a whole."""
    expected: Any = None
    """JSON; None for what should not be there, and for what is withheld."""
    found: Any = None
    """JSON; None for what is not there, and for what is withheld."""
    withheld: bool = False
    """It is a secret: that it differs is all that is told."""
    tenant: str = ""
    step: str = ""
    """The step that restores it: `roles`, `identity`, `platform`, `tenants-03`. Empty where people have to."""
    mend: Mapping[str, str] | None = None
    """What no stack knows of, and the run takes back by itself."""

    def to_json(self) -> dict[str, Any]:
        """As verbs print it and the audit log keeps it; values are cut to 2,000 characters."""
        return {
            "side": self.side,
            "part": self.part.value,
            "subject": self.subject,
            "what": self.what.value,
            "field": self.field,
            "expected": _bounded(self.expected),
            "found": _bounded(self.found),
            "withheld": self.withheld,
            "tenant": self.tenant,
            "repairedBy": self.step,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unread:
    """What could not be looked at, so that nobody may say that it did not drift."""

    side: str
    part: Part
    subject: str
    """`internal-db`, `cluster`, `realm`, `databases on internal-db`, `passwords on internal-db`, `Database/…`."""
    reason: str
    steps: tuple[str, ...] = ()
    """The stacks that would see what is there; none where they would see no more than we did."""

    def to_json(self) -> dict[str, Any]:
        """As verbs print it."""
        return {"side": self.side, "part": self.part.value, "subject": self.subject, "reason": self.reason}


def shortly(found: Sequence[Finding], *, most: int = 3) -> str:
    """The first few in words, for one line."""
    told = [f"{finding.subject} {finding.field}".strip() + f" {finding.what}" for finding in found[:most]]
    return ", ".join(told) + (f" and {len(found) - most} more" if len(found) > most else "")


def _bounded(value: Any) -> Any:
    """Cut texts, however deep: values come from whoever changed the thing."""
    match value:
        case str() if len(value) > _LONGEST:
            return f"{value[:_LONGEST]}… ({len(value)} characters)"
        case Mapping():
            return {str(name): _bounded(item) for name, item in value.items()}
        case list() | tuple():
            return [_bounded(item) for item in value]
    return value
