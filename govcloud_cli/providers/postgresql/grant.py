"""`postgresql:index/grant:Grant`."""

from __future__ import annotations

from typing import ClassVar

from psycopg import sql

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.postgresql import acl, handler, place, privileges, server, shape


class Grant(handler.Handler):
    """All privileges of one role on a database, a schema, or objects of one type in a schema."""

    WHAT = "grant"
    SHAPE: ClassVar[shape.Shape] = {
        "role": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "database": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "objectType": shape.Field(kind="choice", default=shape.REQUIRED, choices=privileges.GRANTED, replaces=True),
        "schema": shape.Field(kind="identifier", replaces=True),
        "objects": shape.Field(kind="names", replaces=True),
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
        found: list[resource.Failure] = []
        if wire.has_unknown(new["objectType"]):
            return ()
        odd = privileges.fault(new)
        if odd is not None:
            found.append(odd)
        whole = new["objectType"] in ("database", "schema")
        if whole and new.get("objects"):
            found.append(resource.Failure(property="objects", reason="must be left out for a database or schema"))
        if new["objectType"] == "database" and new.get("schema"):
            found.append(resource.Failure(property="schema", reason="must be left out for a database"))
        if new["objectType"] != "database" and not new.get("schema"):
            found.append(resource.Failure(property="schema", reason="is required unless objectType is `database`"))
        return tuple(found)

    def identify(self, new: resource.Properties) -> str:
        parts = [new["role"], new["database"], new.get("schema"), new["objectType"], *new.get("objects", ())]
        return "_".join(part for part in parts if part)

    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        if not recorded:
            raise errors.GovcloudError(
                "a grant cannot be imported", where=identifier, remedy="declare it; creating it adopts what is there"
            )
        with place.connection(self.session, self._seat(recorded)) as connection:
            if connection is None or not acl.present(connection, recorded):
                return None
            found = acl.held(connection, recorded)
        return {**recorded, **found}

    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        self._write_privileges(new, words=new["privileges"], existing=bool(old))

    def remove(self, old: resource.Properties) -> None:
        self._write_privileges(old, words=[], existing=True)

    def _seat(self, wanted: resource.Properties) -> str:
        """Return the database to work in: privileges on a database itself are seen from every one."""
        return self.session.settings.database if wanted["objectType"] == "database" else str(wanted["database"])

    def _write_privileges(self, wanted: resource.Properties, *, words: list[str], existing: bool) -> None:
        """Revoke everything and grant `words` in one transaction, so that nobody sees the time between."""
        with place.connection(self.session, self._seat(wanted)) as connection:
            gone = connection is None or not acl.present(connection, wanted)
            if connection is None or (gone and existing and not words):
                return
            if not existing and not gone and acl.held(connection, wanted) == {
                "privileges": words, "withGrantOption": wanted["withGrantOption"]
            }:  # fmt: skip
                return
            target, role = acl.target(wanted), privileges.grantee(wanted["role"])
            with connection.transaction(), server.acting_for(connection, acl.owners(connection, wanted)):
                connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(target, role))
                if words:
                    query = sql.SQL("GRANT {} ON {} TO {}{}")
                    granted = privileges.listed(words)
                    connection.execute(query.format(granted, target, role, privileges.option(wanted)))
