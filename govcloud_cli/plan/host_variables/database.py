"""Variables of the role `database`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import (
    administration,
    controller_files,
    database_servers,
    databases,
    identity_places,
    shards,
)


def of(
    spec: inventory.Inventory, machine: platforms.Machine, side_shards: Sequence[shards.ShardPlan]
) -> dict[str, Any]:
    """Everything that the role is told."""
    own = administration.addresses(machine)
    certificate = database_servers.certificate(machine)
    return {
        "database_listen_addresses": [*administration.zone_addresses(machine), *own],
        "database_admin_listen_addresses": own,
        "database_admin_sources": list(administration.engineers(spec, spec.side_of(machine))),
        "database_tls_certificate_file": controller_files.pki(f"{certificate}.crt"),
        "database_tls_key_file": controller_files.pki(f"{certificate}.key"),
        "database_tls_ca_file": controller_files.pki("services-ca.crt"),
        "database_tenants": [
            # What is frozen is not listed, which also ends the sessions that its pods still have.
            _tenant(database)
            for shard in side_shards
            for database in shard.databases
            if database.machine == machine.id and not database.frozen
        ],
    } | _services(spec, machine)


def _tenant(database: databases.DatabasePlan) -> dict[str, Any]:
    return {
        "database": database.database,
        "access_role": database.access,
        "connections": database.connections,
    }


def _services(spec: inventory.Inventory, machine: platforms.Machine) -> dict[str, Any]:
    """Databases of the platform's own services, on the shared server of their side; they come with a certificate."""
    client = identity_places.of(spec, spec.side_of(machine))
    if client is None or machine.dedicated_to is not None:
        return {}
    sources = administration.single(administration.zone_addresses(client.machine))
    database = {"database": identity_places.DATABASE, "role": identity_places.DATABASE_ROLE, "sources": sources}
    return {"database_services": [database]}
