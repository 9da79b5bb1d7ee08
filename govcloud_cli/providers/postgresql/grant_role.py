"""`postgresql:index/grantRole:GrantRole`."""

from __future__ import annotations

from typing import ClassVar

from psycopg import sql

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import handler, server, shape


class GrantRole(handler.Handler):
    """Membership of `role` in `grantRole`."""

    WHAT = "membership"
    SHAPE: ClassVar[shape.Shape] = {
        "role": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "grantRole": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "withAdminOption": shape.Field(kind="flag", default=False, replaces=True),
    }

    def identify(self, new: resource.Properties) -> str:
        return f"{new['role']}_{new['grantRole']}_{str(new['withAdminOption']).lower()}"

    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        if not recorded:
            raise errors.GovcloudError(
                "a membership cannot be imported",
                where=identifier,
                remedy="declare it; creating it adopts what is there",
            )
        with self.session.connection() as connection:
            admin = _find(connection, recorded)
            return None if admin is None else {**recorded, "withAdminOption": admin}

    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        del old
        group, member = sql.Identifier(new["grantRole"]), sql.Identifier(new["role"])
        with self.session.connection() as connection, connection.transaction():
            admin = _find(connection, new)
            if admin is None or (new["withAdminOption"] and not admin):
                option = sql.SQL(" WITH ADMIN OPTION" if new["withAdminOption"] else "")
                connection.execute(sql.SQL("GRANT {} TO {}{}").format(group, member, option))
            elif admin and not new["withAdminOption"]:
                connection.execute(sql.SQL("REVOKE ADMIN OPTION FOR {} FROM {}").format(group, member))

    def remove(self, old: resource.Properties) -> None:
        with self.session.connection() as connection:
            if _find(connection, old) is not None:
                query = sql.SQL("REVOKE {} FROM {}")
                connection.execute(query.format(sql.Identifier(old["grantRole"]), sql.Identifier(old["role"])))


def _find(connection: server.Connection, wanted: resource.Properties) -> bool | None:
    """Return whether the membership has the admin option; None if there is no membership."""
    row = connection.execute(
        "SELECT bool_or(m.admin_option) FROM pg_catalog.pg_auth_members m"
        " JOIN pg_catalog.pg_roles g ON g.oid = m.roleid JOIN pg_catalog.pg_roles u ON u.oid = m.member"
        " WHERE g.rolname = %s AND u.rolname = %s",
        (wanted["grantRole"], wanted["role"]),
    ).fetchone()
    return None if row is None else row[0]
