"""What a rule for change classes is given and what it answers; the rules are in `changes` and `environment_changes`."""

from __future__ import annotations

import dataclasses
import datetime

from govcloud_cli.governance import usage
from govcloud_cli.model import tenants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that changed."""

    automatic: bool
    """False: a person decides."""
    reason: str
    """A sentence."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One tenant before and after."""

    before: tenants.Tenant
    after: tenants.Tenant
    decided: tenants.Tenant | None
    """As a person last decided it; None: nothing is on record."""
    usage: usage.Usage
    today: datetime.date

    @property
    def has_prod(self) -> bool:
        """Whether what holds for the whole tenant reaches production."""
        names = {one.name for tenant in (self.before, self.after) for one in tenant.spec.environments}
        return tenants.EnvironmentName.PROD in names


def automatic(reason: str) -> Finding:
    """Nobody has to look at it."""
    return Finding(automatic=True, reason=f"{reason}.")


def person(reason: str) -> Finding:
    """A person decides."""
    return Finding(automatic=False, reason=f"{reason}: a person decides.")
