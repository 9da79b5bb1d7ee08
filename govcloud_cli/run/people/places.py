"""Where a side's identity service is administered from, and with what."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from govcloud_cli import errors
from govcloud_cli.model import platforms, tenants
from govcloud_cli.plan import identity, plans
from govcloud_cli.providers.keycloak import session, transport
from govcloud_cli.run import decisions, reach, sites, workspace
from govcloud_cli.run.keycloak import connection


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """One side with an identity service."""

    site: sites.Site
    plan: plans.SidePlan
    identity: identity.IdentityPlan

    @property
    def side(self) -> platforms.Side:
        """The side."""
        return self.plan.side

    @property
    def folder(self) -> workspace.SideFolder:
        """The side's folder."""
        return self.site.space.side(self.side)

    @property
    def applied(self) -> tuple[tenants.Tenant, ...]:
        """The side's tenants as they were last applied, where they were."""
        known = decisions.load(self.folder).tenants
        found = (known.get(one.metadata.id) for one in self.tenants)
        return tuple(one.applied for one in found if one is not None and one.applied is not None)

    @property
    def tenants(self) -> tuple[tenants.Tenant, ...]:
        """The tenants of the side."""
        spec = self.site.spec
        return tuple(one for one in spec.tenants if spec.zone(one.spec.zone).side is self.side)

    @contextlib.contextmanager
    def opened(self, *, patience: float = transport.PATIENCE) -> Iterator[session.Api]:
        """The admin API; `patience`: seconds for a service that does not answer.

        Raises `errors.GovcloudError` where the service was never deployed, or does not answer.
        """
        server = connection.Server.of(self.folder, self.identity.admin_url, patience=patience)
        with connection.opened(server, reach.of(self.plan)) as api:
            yield api


def within(site: sites.Site, plan: plans.Plan) -> tuple[Place, ...]:
    """The services of the plan's sides."""
    return tuple(Place(site=site, plan=side, identity=side.identity) for side in plan.sides if side.identity)


def of(site: sites.Site, plan: plans.Plan) -> tuple[Place, ...]:
    """The services of the plan's sides. Raises `errors.UsageError` if there is none."""
    found = within(site, plan)
    if not found:
        raise errors.UsageError(
            f"environment {site.spec.environment} has no identity service on the chosen side",
            where="spec.machines of platform.yaml",
            remedy="give a machine the service identity",
        )
    return found
