"""How a run signs in to a database server as the platform: by client certificate, over TLS that checks its name."""

from __future__ import annotations

from typing import Any

from govcloud_cli.model import platforms
from govcloud_cli.plan import database_servers, databases, services
from govcloud_cli.run import workspace


def of(machine: platforms.Machine, folder: workspace.SideFolder) -> dict[str, Any]:
    """The inputs of a `pulumi_postgresql.Provider` for the server on `machine`.

    As `stacks.components.databases.Access`, which is not to be had without Pulumi.
    """
    return {
        "host": database_servers.management(machine),
        "port": services.POSTGRES_PORT,
        "username": databases.ADMIN_ROLE,
        "database": "postgres",
        "sslmode": "verify-full",
        "sslrootcert": str(folder.pki / "services-ca.crt"),
        "clientcert": {"cert": str(folder.pki / "database-admin.crt"), "key": str(folder.pki / "database-admin.key")},
    }
