"""`keycloak:index/group:Group`, `…/role:Role`, and which roles a group gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.keycloak import handler, shape

_PLENTY = "100000"


class Group(handler.Realms):
    """A group. Name, parent and attributes change in place; its subgroups go with it."""

    WHAT = "group"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "name": shape.Field(at=("name",), default=shape.REQUIRED),
        "parentId": shape.Field(at=("parentId",)),
        "description": shape.Field(at=("description",)),
        "attributes": shape.Field(at=("attributes",), kind="map", form="lists"),
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("name"))

    def sought(self, new: resource.Properties) -> str | None:
        parent = new.get("parentId")
        where = self.path(new, "groups", parent, "children") if parent else self.path(new, "groups")
        # Flat: the top level's search would else answer with the trees in which a name is somewhere.
        query = {"search": new["name"], "exact": "true", "max": _PLENTY, "populateHierarchy": "false"}
        for found in self.connection.session.get(where, query=query):
            if found["name"] == new["name"] and (found.get("parentId") or None) == (parent or None):
                return str(found["id"])
        return None

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(self.path(recorded, "groups", identifier))
        return None if found is None else {**found, "parentId": found.get("parentId") or None}

    def make(self, new: resource.Properties) -> str:
        wanted = shape.represented(self.SHAPE, new)
        parent = wanted.pop("parentId", None)
        where = self.path(new, "groups", parent, "children") if parent else self.path(new, "groups")
        return str(self.connection.session.post(where, wanted)["id"])

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        wanted = shape.represented(self.SHAPE, new)
        parent = wanted.pop("parentId", None)
        if (live.get("parentId") or None) != (parent or None):
            where = self.path(new, "groups", parent, "children") if parent else self.path(new, "groups")
            self.connection.session.post(where, {"id": identifier, "name": live["name"]})
        whole = shape.merged({**live, "parentId": parent}, wanted)
        for gone in set(old.get("attributes") or {}) - set(new.get("attributes") or {}):
            whole["attributes"].pop(gone, None)
        if whole != {**live, "parentId": parent}:
            self.connection.session.put(self.path(new, "groups", identifier), whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        self.connection.session.delete(self.path(old, "groups", identifier))

    def computed(self, identifier: str, live: handler.Json) -> resource.Properties:
        del identifier
        return {"path": live.get("path", "")}


class Role(handler.Realms):
    """A role of a realm or, with `clientId`, of a client. With `import` it is Keycloak's own, and is never removed."""

    WHAT = "role"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "clientId": shape.Field(replaces=True),
        "name": shape.Field(at=("name",), default=shape.REQUIRED, replaces=True),
        "description": shape.Field(at=("description",)),
        "attributes": shape.Field(at=("attributes",), kind="map", form="lists"),
        "import": shape.Field(kind="flag", default=False, replaces=True),
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("name"))

    def _place(self, new: resource.Properties, *parts: str) -> str:
        owner = ("clients", str(new["clientId"])) if new.get("clientId") else ()
        return self.path(new, *owner, "roles", *parts)

    def sought(self, new: resource.Properties) -> str | None:
        found = self.connection.session.find(self._place(new, new["name"]))
        return None if found is None else str(found["id"])

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(self.path(recorded, "roles-by-id", identifier))
        return None if found is None else dict(found)

    def make(self, new: resource.Properties) -> str:
        if new["import"]:
            raise errors.GovcloudError("Keycloak has no such role to import", remedy="name one that it has")
        self.connection.session.post(self._place(new), shape.represented(self.SHAPE, new))
        return str(self.sought(new))

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del old
        whole = shape.merged(live, shape.represented(self.SHAPE, new))
        if whole != live:
            self.connection.session.put(self.path(new, "roles-by-id", identifier), whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        if old.get("import") is not True:
            self.connection.session.delete(self.path(old, "roles-by-id", identifier))


class GroupRoles(handler.Realms):
    """The roles that members of a group have; exhaustive unless said otherwise."""

    WHAT = "roles of group"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "groupId": shape.Field(default=shape.REQUIRED, replaces=True),
        "roleIds": shape.Field(at=("roleIds",), kind="set", default=shape.REQUIRED),
        "exhaustive": shape.Field(kind="flag", default=True),
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("groupId"))

    def sought(self, new: resource.Properties) -> str | None:
        return f"{new['realmId']}/{new['groupId']}"

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        realm, _, group = identifier.partition("/")
        found = self.connection.session.find(self.path({"realmId": realm}, "groups", group, "role-mappings"))
        if found is None:
            return None
        roles = [*(found.get("realmMappings") or ())]
        for client in (found.get("clientMappings") or {}).values():
            roles.extend(client["mappings"])
        asked = recorded.get("roleIds")
        partly = recorded.get("exhaustive") is False and not wire.has_unknown(asked)
        ids = [role["id"] for role in roles if not partly or role["id"] in (asked or ())]
        return {"roleIds": ids}

    def make(self, new: resource.Properties) -> str:
        del new
        raise errors.GovcloudError("the group does not exist", remedy="make the group first")

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del identifier
        wanted, there = set(new["roleIds"]), set(live["roleIds"])
        dropped = there - wanted if new["exhaustive"] else set(old.get("roleIds") or ()) - wanted
        # Rights are taken before others are given.
        self._send("DELETE", new, sorted(dropped))
        self._send("POST", new, sorted(wanted - there))

    def remove(self, old: resource.Properties, identifier: str) -> None:
        realm, _, group = identifier.partition("/")
        self._send("DELETE", {"realmId": realm, "groupId": group}, old.get("roleIds") or ())

    def _send(self, method: str, new: resource.Properties, roles: Iterable[str]) -> None:
        """Map or unmap `roles`, those of each client with one request."""
        by_place: dict[str, list[Any]] = {}
        for identifier in roles:
            role = self.connection.session.find(self.path(new, "roles-by-id", identifier))
            if role is None:
                if method == "DELETE":
                    continue
                raise errors.GovcloudError(f"there is no role {identifier}", remedy="run again with a refresh")
            place = ("clients", role["containerId"]) if role["clientRole"] else ("realm",)
            path = self.path(new, "groups", new["groupId"], "role-mappings", *place)
            by_place.setdefault(path, []).append({"id": role["id"], "name": role["name"]})
        for path, found in by_place.items():
            self.connection.session.request(method, path, found)
