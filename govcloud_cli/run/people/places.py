"""Where a side's identity service is administered from, and with what."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import identity, plans
from govcloud_cli.run import reach, sites, workspace
from govcloud_cli.run.people import connection


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """One side with an identity service."""

    site: sites.Site
    plan: plans.SidePlan
    machine: platforms.Machine

    @property
    def side(self) -> platforms.Side:
        """The side."""
        return self.plan.side

    @property
    def folder(self) -> workspace.SideFolder:
        """The side's folder."""
        return self.site.space.side(self.side)

    @property
    def host(self) -> str:
        """What people call the service."""
        return self.site.spec.platform.spec.identity.host or self.machine.id

    @property
    def admin_url(self) -> str:
        """`https://<management address>:8443`."""
        address = self.machine.management or self.machine.interfaces[0].address
        return f"https://{address}:{identity.ADMIN_PORT}"

    @contextlib.contextmanager
    def opened(self) -> Iterator[connection.Api]:
        """The admin API. Raises `errors.GovcloudError` where the service was never deployed, or does not answer."""
        try:
            secret = (self.folder.secrets / identity.ENGINE_SECRET).read_text(encoding="ascii").strip()
            authority = (self.folder.pki / "services-ca.crt").read_text(encoding="ascii")
        except FileNotFoundError as error:
            raise errors.GovcloudError(
                f"the identity service of the {self.side.value} side was never deployed",
                where=str(error.filename),
                remedy="run `govcloud deploy` first",
            ) from None
        server = connection.Server(url=self.admin_url, secret=secret, ca=authority)
        with connection.opened(server, reach.of(self.plan)) as api:
            yield api


def of(site: sites.Site, plan: plans.SidePlan) -> Place | None:
    """The service of the plan's side; None if it has none."""
    machines = site.spec.platform.spec.machines
    found = (
        machine
        for machine in machines
        if platforms.Service.IDENTITY in machine.services and site.spec.side_of(machine) is plan.side
    )
    machine = next(found, None)
    return None if machine is None else Place(site=site, plan=plan, machine=machine)
