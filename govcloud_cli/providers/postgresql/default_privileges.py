"""`postgresql:index/defaultPrivileges:DefaultPrivileges`."""

from __future__ import annotations

from typing import ClassVar

from psycopg import sql

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.postgresql import acl, handler, place, privileges, server, shape


class DefaultPrivileges(handler.Handler):
    """The privileges that `role` gets on objects that `owner` makes from now on."""

    WHAT = "default privileges"
    SHAPE: ClassVar[shape.Shape] = {
        "role": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "owner": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "database": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "schema": shape.Field(kind="identifier", replaces=True),
        "objectType": shape.Field(kind="choice", default=shape.REQUIRED, choices=privileges.PRESET, replaces=True),
        "privileges": shape.Field(kind="names", default=shape.REQUIRED, choices=privileges.WORDS),
        "withGrantOption": shape.Field(kind="flag", default=False, replaces=True),
    }

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        checked = super().check(new, old=old, name=name)
        kind = privileges.KINDS.get(checked.inputs.get("objectType", ""))
        words = checked.inputs.get("privileges")
        if checked.failures or kind is None or wire.has_unknown(words):
            return checked
        return resource.Checked(inputs={**checked.inputs, "privileges": privileges.expanded(kind, words or ())})

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        if wire.has_unknown(new["objectType"]):
            return ()
        odd = privileges.fault(new)
        found = [] if odd is None else [odd]
        if new["objectType"] == "schema" and new.get("schema"):
            found.append(resource.Failure(property="schema", reason="must be left out where objectType is `schema`"))
        return tuple(found)

    def identify(self, new: resource.Properties) -> str:
        parts = [new["role"], new["database"], new.get("schema") or "noschema", new["owner"], new["objectType"]]
        return "_".join(parts)

    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        if not recorded:
            raise errors.GovcloudError(
                "default privileges cannot be imported",
                where=identifier,
                remedy="declare them; creating adopts what is there",
            )
        with place.connection(self.session, recorded["database"]) as connection:
            if connection is None or not _present(connection, recorded):
                return None
            return {**recorded, **_held(connection, recorded)}

    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        del old
        self._write_defaults(new, words=new["privileges"])

    def remove(self, old: resource.Properties) -> None:
        self._write_defaults(old, words=[])

    def _write_defaults(self, wanted: resource.Properties, *, words: list[str]) -> None:
        with place.connection(self.session, wanted["database"]) as connection:
            if connection is None or (not words and not _present(connection, wanted)):
                return
            schema = wanted.get("schema")
            plural = sql.SQL(privileges.KINDS[wanted["objectType"]].plural)
            role = privileges.grantee(wanted["role"])
            head = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {}{} ").format(
                sql.Identifier(wanted["owner"]),
                sql.SQL(" IN SCHEMA {}").format(sql.Identifier(schema)) if schema else sql.SQL(""),
            )
            with connection.transaction(), server.acting_for(connection, [wanted["owner"]]):
                connection.execute(head + sql.SQL("REVOKE ALL ON {} FROM {}").format(plural, role))
                if words:
                    tail = sql.SQL("GRANT {} ON {} TO {}{}")
                    granted = privileges.listed(words)
                    connection.execute(head + tail.format(granted, plural, role, privileges.option(wanted)))


def _present(connection: server.Connection, wanted: resource.Properties) -> bool:
    return acl.present(connection, wanted) and acl.present(connection, {**wanted, "role": wanted["owner"]})


def _held(connection: server.Connection, wanted: resource.Properties) -> resource.Properties:
    """Return what `role` gets. Without an entry PostgreSQL's own defaults count, but within a schema nothing does."""
    rows = connection.execute(
        "SELECT a.privilege_type, a.is_grantable FROM pg_roles owner"
        " LEFT JOIN pg_namespace n ON n.nspname = %(schema)s"
        ' LEFT JOIN pg_default_acl d ON d.defaclrole = owner.oid AND d.defaclobjtype = %(letter)s::"char"'
        "  AND d.defaclnamespace = coalesce(n.oid, 0)"
        " CROSS JOIN LATERAL aclexplode(coalesce(d.defaclacl, CASE WHEN n.oid IS NULL"
        "  THEN acldefault(CASE %(letter)s WHEN 'S' THEN 's' ELSE %(letter)s END::\"char\", owner.oid) END)) a"
        " WHERE owner.rolname = %(owner)s AND a.grantee ="
        "  CASE WHEN lower(%(role)s) = 'public' THEN 0 ELSE (SELECT oid FROM pg_roles WHERE rolname = %(role)s) END",
        {
            "schema": wanted.get("schema"),
            "letter": privileges.KINDS[wanted["objectType"]].letter,
            "owner": wanted["owner"],
            "role": wanted["role"],
        },
    ).fetchall()
    words = sorted({str(row[0]) for row in rows})
    option = all(row[1] for row in rows) if rows and wanted["role"] != wanted["owner"] else wanted["withGrantOption"]
    return {"privileges": words, "withGrantOption": option}
