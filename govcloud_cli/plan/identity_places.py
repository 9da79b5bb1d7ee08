"""Where a side's identity service is, and what it is called: what machines and certificates need to know of it."""

from __future__ import annotations

import dataclasses

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import administration, services

REALM = "govcloud"
"""The one realm for people."""
PORT = services.port(platforms.Service.IDENTITY)
"""In the zones, and on the management network for `govcloud login`: log-in and account pages only."""
ADMIN_PORT = services.IDENTITY_ADMIN_PORT
"""In the management network: everything, the admin console and its API included."""

BREAK_GLASS_SECRET = "break-glass"  # noqa: S105 (a file's name)
"""File in the side's `secrets/` with the password of the sealed account; there while roles run."""
TOOL = "keycloak"
"""The prebuilt Keycloak among the tools, one archive."""
DATABASE = "keycloak"
DATABASE_ROLE = "keycloak"
DATABASE_CERTIFICATE = "identity-database"
"""What the certificate is called by which it logs in there, without `.crt`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """One side's identity service, as others reach it."""

    machine: platforms.Machine
    host: str
    """Name in addresses and certificates."""
    issuer: str
    """`https://<host>/realms/govcloud`: what tokens say in `iss`."""
    admin_url: str
    """`https://<management address>:8443`, from where the platform is administered."""


def of(spec: inventory.Inventory, side: platforms.Side) -> Place | None:
    """The service of `side`; None if it has none."""
    machine = services.machine_of(spec, side, platforms.Service.IDENTITY)
    if machine is None:
        return None
    host = spec.platform.spec.identity.host or machine.id
    return Place(
        machine=machine,
        host=host,
        issuer=f"https://{host}/realms/{REALM}",
        admin_url=f"https://{administration.reached_at(machine)}:{ADMIN_PORT}",
    )


def certificate(machine: str) -> str:
    """What the service's own certificate is called, without `.crt`."""
    return f"identity-{machine}"
