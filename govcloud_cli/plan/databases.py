"""A tenant's databases, and how its pods learn to reach them."""

from __future__ import annotations

import dataclasses

from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms, tenants
from govcloud_cli.plan import credentials, database_servers, namespaces, services

PORT = services.port(platforms.Service.DATABASE)
"""The pooler's; tenants never reach PostgreSQL itself."""

ADMIN_ROLE = "govcloud_admin"
"""The platform's own role, which makes all others; as `roles/database` names it."""
POOLER_ROLE = "pgbouncer_auth"
"""The role with which the pooler looks up a tenant's verifier in his database; as `roles/database` names it."""
TEMPLATE = "template1"
"""What databases are copied from: `roles/database` puts the pooler's look-up function there."""
LOCALE = "C.UTF-8"
"""The template's, so that of every copy."""

PLATFORM_CONNECTIONS = 3
"""A database takes these beyond its tenant's: for the pooler's look-up and a deploy while the tenant uses all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatabasePlan:
    """One database and its roles. Only `rw` and `ro` log in, and only members of `access` may connect."""

    tenant: str
    environment: str
    id: str
    """The database's id in the tenant's file."""
    zone: str
    side: platforms.Side
    database: str
    """Name in PostgreSQL; the roles' names begin with it and stay within 63 bytes."""
    owner: str
    rw: str
    ro: str
    access: str
    connections: int
    """Most connections of the tenant at once: the limit of each login role and of the pooler."""
    machine: str
    """Id of the machine that holds it."""
    dedicated: bool
    """Whether that machine holds nobody else's."""
    extensions: tuple[str, ...]
    """PostgreSQL's names of them, ordered."""
    host: str
    """IPv4 address of the pooler; must be among its certificate's names."""
    port: int
    frozen: bool
    """Whether nobody logs in: neither pooler nor server lists it, its login roles are locked, its data stays."""
    generation: int = 1
    """Of its login roles' passwords; who could read one and left takes along a former one (`plan.rotations`)."""

    @property
    def connection_limit(self) -> int:
        """The limit of the database as a whole."""
        return self.connections + PLATFORM_CONNECTIONS


def plan(scope: namespaces.Scope) -> tuple[DatabasePlan, ...]:
    """The databases of one tenant's environment, ordered by id."""
    ordered = sorted(scope.environment.databases, key=lambda database: database.id)
    return tuple(_plan(scope, database) for database in ordered)


def plans(inventory: inventories.Inventory, side: platforms.Side) -> tuple[DatabasePlan, ...]:
    """Every database of one side, ordered by tenant, environment and id."""
    return tuple(found for scope in namespaces.scopes(inventory, side) for found in plan(scope))


def database_name(tenant: str, environment: str, identifier: str) -> str:
    """The name in PostgreSQL, e.g. `finance_prod_ledger`: at most 55 bytes, and no two databases share one."""
    # Ids have no underscore and a database's has no dash, so the last two parts say which environment and database.
    return f"{tenant}_{environment}_{identifier}".replace("-", "_")


def interfaces(scope: namespaces.Scope) -> tuple[platforms.Interface, ...]:
    """Where an environment reaches its databases: once for each server that holds one."""
    servers = [_server(scope, database) for database in scope.environment.databases]
    found = {server.machine.id: server.interface for server in servers}
    return tuple(found[machine] for machine in sorted(found))


def secrets(scope: namespaces.Scope) -> tuple[namespaces.Manifest, ...]:
    """One Secret per database and login role: `database-<id>-rw` and `database-<id>-ro`."""
    return tuple(
        _secret(scope, database, suffix=suffix, role=role)
        for database in plan(scope)
        for suffix, role in (("rw", database.rw), ("ro", database.ro))
    )


def _server(scope: namespaces.Scope, database: tenants.Database) -> database_servers.Server:
    own = scope.tenant.metadata.id if database.tier is tenants.DatabaseTier.DEDICATED else None
    return database_servers.server(scope.inventory, scope.zone, dedicated_to=own)


def _plan(scope: namespaces.Scope, database: tenants.Database) -> DatabasePlan:
    server = _server(scope, database)
    tenant, environment = scope.tenant.metadata.id, scope.environment.name.value
    name = database_name(tenant, environment, database.id)
    return DatabasePlan(
        tenant=tenant,
        environment=environment,
        id=database.id,
        zone=scope.zone.id,
        side=scope.zone.side,
        database=name,
        owner=f"{name}_owner",
        rw=f"{name}_rw",
        ro=f"{name}_ro",
        access=f"{name}_access",
        connections=database.connections,
        machine=server.machine.id,
        dedicated=server.machine.dedicated_to is not None,
        extensions=tuple(sorted(extension.value for extension in database.extensions)),
        host=str(server.interface.address),
        port=PORT,
        frozen=scope.frozen is not None,
    )


def _secret(scope: namespaces.Scope, database: DatabasePlan, *, suffix: str, role: str) -> namespaces.Manifest:
    name = f"database-{database.id}-{suffix}"
    mount = f"/var/run/govcloud/{name}"
    authority = f"{database.host}:{database.port}"
    place = f"@{authority}/{database.database}?"
    query = f"sslmode=verify-full&sslrootcert={mount}/ca.crt"
    secret = credentials.password_ref(role)
    return scope.manifest(
        "Secret",
        name,
        labels={f"{namespaces.PREFIX}database": database.id, f"{namespaces.PREFIX}database-role": suffix},
        # The URI names the authority's file, so it is ready only where the Secret is mounted here.
        annotations={f"{namespaces.PREFIX}mount-path": mount},
        type="Opaque",
        data={
            "host": credentials.encoded(database.host),
            "port": credentials.encoded(str(database.port)),
            "dbname": credentials.encoded(database.database),
            "username": credentials.encoded(role),
            "password": credentials.SecretText((secret,)),
            "sslmode": credentials.encoded("verify-full"),
            "ca.crt": credentials.SecretText((credentials.AUTHORITY,)),
            "uri": credentials.SecretText((f"postgresql://{role}:", secret, f"{place}{query}")),
        },
    )
