"""Rules that no document answers alone, as functions over every subject of a run; `policies/estate/` names them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from govcloud_cli.compliance.checks import (
    agreements,
    check,
    duties,
    flows,
    infrastructure,
    namespaces,
    network_policies,
    references,
    zones,
)

CHECKS: Mapping[str, check.Check] = MappingProxyType(
    {
        **zones.CHECKS,
        **flows.CHECKS,
        **network_policies.CHECKS,
        **namespaces.CHECKS,
        **duties.CHECKS,
        **infrastructure.CHECKS,
        **references.CHECKS,
        **agreements.CHECKS,
    }
)
"""By the name that a policy gives as `check`. Each is called with the subjects of a run and yields `CheckFailure`s."""
