"""A planned database as Pulumi resources of the official PostgreSQL SDK."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator

import pulumi

from govcloud_cli.plan import credentials, databases, services
from stacks.components import manifests

with warnings.catch_warnings():
    # The SDK deprecates a class of its own, which we do not use, whenever it is imported.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pulumi_postgresql as postgresql

PUBLIC = "public"
"""PostgreSQL's name for everybody, and of the schema that every database begins with."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a database server as the platform: by client certificate, over TLS that checks the server's name."""

    host: str
    """Must be among the names of the server's certificate."""
    port: int = services.POSTGRES_PORT
    """PostgreSQL's own port; administration does not go through the pooler."""
    username: str = databases.ADMIN_ROLE
    database: str = "postgres"
    root_certificate: str
    """Path of the PEM file with the authority that signed the server's certificate."""
    client_certificate: str
    """Path of the PEM file with the certificate of `username`."""
    client_key: str
    """Path of its key."""

    def provider(self, name: str = "postgresql") -> pulumi.ProviderResource:
        """The provider; `name` is the shared server's."""
        provider: pulumi.ProviderResource = postgresql.Provider(
            name,
            host=self.host,
            port=self.port,
            username=self.username,
            database=self.database,
            superuser=False,
            sslmode="verify-full",
            sslrootcert=self.root_certificate,
            clientcert=postgresql.ProviderClientcertArgs(cert=self.client_certificate, key=self.client_key),
        )
        return provider


class Database(pulumi.ComponentResource):
    """A database, its roles, and who may do what in it."""

    def __init__(
        self,
        plan: databases.DatabasePlan,
        *,
        values: manifests.Values,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`opts` names the provider."""
        super().__init__("govcloud:tenants:Database", plan.database, None, opts)
        self._plan = plan
        self._values = pulumi.Output.secret(values)
        self._child = pulumi.ResourceOptions(parent=self, provider=opts.provider)
        self._last: pulumi.Resource | None = None
        for step in (
            self._roles,
            self._memberships,
            self._database,
            self._connect,
            self._schema,
            self._defaults,
            self._extensions,
        ):
            for resource in step():
                # PostgreSQL refuses concurrent changes of one catalogue row, so a database's resources go one by one.
                self._last = resource
        self.register_outputs({"name": plan.database})

    def _opts(self, *, ignore_changes: list[str] | None = None) -> pulumi.ResourceOptions:
        after = [] if self._last is None else [self._last]
        own = pulumi.ResourceOptions(depends_on=after, ignore_changes=ignore_changes)
        return pulumi.ResourceOptions.merge(self._child, own)

    def _roles(self) -> Iterator[pulumi.Resource]:
        plan = self._plan
        for name in (plan.access, plan.owner):
            yield postgresql.Role(name, name=name, login=False, opts=self._opts(ignore_changes=["roles"]))
        for name in (plan.rw, plan.ro):
            yield postgresql.Role(
                name,
                name=name,
                login=not plan.frozen,
                password=self._password(name),
                connection_limit=plan.connections,
                # Memberships are resources of their own; the role must not take them back.
                opts=self._opts(ignore_changes=["roles"]),
            )

    def _memberships(self) -> Iterator[pulumi.Resource]:
        plan = self._plan
        # The platform's role is no superuser: only as a member of the owner may it grant what is the owner's.
        pairs = ((plan.rw, plan.access), (plan.ro, plan.access), (databases.ADMIN_ROLE, plan.owner))
        for member, role in pairs:
            yield postgresql.GrantRole(f"{role}/{member}", role=member, grant_role=role, opts=self._opts())

    def _database(self) -> Iterator[pulumi.Resource]:
        plan = self._plan
        self._home = postgresql.Database(
            plan.database,
            name=plan.database,
            owner=plan.owner,
            template=databases.TEMPLATE,
            encoding="UTF8",
            lc_collate=databases.LOCALE,
            lc_ctype=databases.LOCALE,
            connection_limit=plan.connection_limit,
            opts=self._opts(),
        )
        yield self._home

    def _connect(self) -> Iterator[pulumi.Resource]:
        plan = self._plan
        yield self._grant("database", PUBLIC, [])
        yield self._grant("database", databases.POOLER_ROLE, ["CONNECT"])
        yield self._grant("database", plan.access, ["CONNECT"])
        yield self._grant("database", plan.rw, ["TEMPORARY"])

    def _schema(self) -> Iterator[pulumi.Resource]:
        plan = self._plan
        yield self._grant("schema", PUBLIC, [])
        yield self._grant("schema", plan.owner, ["CREATE", "USAGE"])
        # An application brings its own tables. It makes them as itself: the owner could lift the connection limit.
        yield self._grant("schema", plan.rw, ["CREATE", "USAGE"])
        yield self._grant("schema", plan.ro, ["USAGE"])

    def _defaults(self) -> Iterator[pulumi.Resource]:
        plan = self._plan
        for maker, user, tables, sequences in (
            (plan.owner, plan.rw, ["DELETE", "INSERT", "SELECT", "UPDATE"], ["SELECT", "UPDATE", "USAGE"]),
            (plan.owner, plan.ro, ["SELECT"], ["SELECT"]),
            (plan.rw, plan.ro, ["SELECT"], ["SELECT"]),
        ):
            for kind, privileges in (("table", tables), ("sequence", sequences)):
                yield postgresql.DefaultPrivileges(
                    f"{plan.database}/{kind}/{maker}/{user}",
                    database=plan.database,
                    schema=PUBLIC,
                    owner=maker,
                    role=user,
                    object_type=kind,
                    privileges=privileges,
                    opts=self._opts(),
                )

    def _extensions(self) -> Iterator[pulumi.Resource]:
        for name in self._plan.extensions:
            # The platform's role makes and so owns them: the tenant's use them, and can neither alter nor drop them.
            yield postgresql.Extension(
                f"{self._plan.database}/extension/{name}",
                name=name,
                database=self._plan.database,
                schema=PUBLIC,
                # One whose types are in use cannot be dropped by itself; with its database it goes anyway.
                opts=pulumi.ResourceOptions.merge(self._opts(), pulumi.ResourceOptions(deleted_with=self._home)),
            )

    def _grant(self, kind: str, role: str, privileges: list[str]) -> pulumi.Resource:
        """Give `role` exactly `privileges` on the database or its schema `public`; an empty list takes all away."""
        grant: pulumi.Resource = postgresql.Grant(
            f"{self._plan.database}/{kind}/{role}",
            database=self._plan.database,
            schema=PUBLIC if kind == "schema" else None,
            object_type=kind,
            role=role,
            privileges=privileges,
            opts=self._opts(),
        )
        return grant

    def _password(self, role: str) -> pulumi.Output[str]:
        reference = credentials.password_ref(role, self._plan.generation)
        return self._values.apply(lambda value_of: value_of(reference))
