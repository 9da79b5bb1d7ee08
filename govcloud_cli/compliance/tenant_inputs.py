"""A tenant as rules see it: its request as it was written, and the facts of the platform that it hangs on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.governance import jurisdiction, lifecycle
from govcloud_cli.model import base, platforms, policies, tenants
from govcloud_cli.model import inventory as inventories

Json = Any

_LEVELS = {policies.Profile.BASELINE: 2, policies.Profile.MLPS_L2: 2, policies.Profile.MLPS_L3: 3}
"""MLPS level that a profile holds a platform to; the others say nothing of it."""


def subjects_of(
    spec: inventories.Inventory,
    sides: Collection[platforms.Side],
    *,
    place_of: Callable[[str], subjects.Place],
) -> Iterator[subjects.Subject]:
    """Every tenant on these sides; `place_of`: tenant -> the place of its file."""
    facts = _Facts(spec)
    for tenant in spec.tenants:
        if facts.zones[tenant.spec.zone].side in sides:
            identifier = tenant.metadata.id
            yield subjects.Subject(
                input=policies.Input.TENANT,
                key=f"tenant:{identifier}",
                document=written(tenant) | {"context": facts.context(tenant)},
                place=place_of(identifier),
            )


def written(model: base.Model) -> dict[str, Json]:
    """As YAML would say it, defaults included; what is left out is not there."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


class _Facts:
    """What tenants' documents say of the platform."""

    def __init__(self, spec: inventories.Inventory) -> None:
        platform = spec.platform.spec
        self._spec = spec
        self._tenants = {one.metadata.id: one for one in spec.tenants}
        self._organisations = {one.id: one for one in platform.organisations}
        self._frozen = lifecycle.frozen(spec.freezes)
        self.zones = {one.id: one for one in platform.zones}
        self._shared = {
            "environment": spec.environment,
            "substrate": platform.substrate,
            "zones": [{"id": one.id, "kind": one.kind.value, "side": one.side.value} for one in platform.zones],
            "needsApproval": spec.needs_approval,
        }
        level = _LEVELS.get(platform.policies.profile)
        if level is not None:
            self._shared["platformLevel"] = level

    def context(self, tenant: tenants.Tenant) -> Json:
        """What a tenant hangs on."""
        identifier, zone = tenant.metadata.id, self.zones[tenant.spec.zone]
        line = self._line(tenant.spec.organisation)
        return self._shared | {
            "zone": written(zone) | {"side": zone.side.value},
            "organisation": line[0],
            "ancestors": line[1:],
            "peers": self._peers(tenant),
            "approvers": [one.id for one in jurisdiction.deciders(jurisdiction.owner(tenant, self._spec), self._spec)],
            "frozen": [one.name.value for one in tenant.spec.environments if (identifier, one.name) in self._frozen],
        }

    def _line(self, start: str) -> list[Json]:
        """An organisation and all above it; the inventory's checks guarantee that this ends."""
        found: list[Json] = []
        current: str | None = start
        while current is not None and len(found) <= len(self._organisations):
            one = self._organisations[current]
            found.append({"id": one.id, "level": one.level.value, "budget": one.budget is not None})
            current = one.parent
        return found

    def _peers(self, tenant: tenants.Tenant) -> Json:
        """The tenants that it has allowances for."""
        named = dict.fromkeys(allowance.peer.tenant for allowance in tenant.spec.network.allow)
        known = [self._tenants[name] for name in named if name is not None and name in self._tenants]
        return {
            one.metadata.id: {
                "zone": one.spec.zone,
                "kind": self.zones[one.spec.zone].kind.value,
                "mlps": one.spec.mlps,
                "dataClass": one.spec.data_class.value,
                "environments": [environment.name.value for environment in one.spec.environments],
            }
            for one in known
        }
