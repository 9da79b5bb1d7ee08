"""`keycloak:authentication/…`: what somebody must show to log in."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Final

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import handler, shape

_REQUIREMENT: Final = shape.Field(
    at=("requirement",),
    kind="choice",
    choices={name: name for name in ("REQUIRED", "ALTERNATIVE", "CONDITIONAL", "DISABLED")},
    default="DISABLED",
)
_PROVIDER: Final = shape.Field(
    at=("providerId",),
    kind="choice",
    choices={name: name for name in ("basic-flow", "client-flow")},
    default="basic-flow",
    replaces=True,
)


class Flow(handler.Realms):
    """A flow of its own, to be filled with executions and bound to a way of logging in."""

    WHAT = "authentication flow"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "alias": shape.Field(at=("alias",), default=shape.REQUIRED, replaces=True),
        "description": shape.Field(at=("description",)),
        "providerId": _PROVIDER,
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("alias"))

    def sought(self, new: resource.Properties) -> str | None:
        flows = self.connection.session.get(self.path(new, "authentication", "flows"))
        found = next((flow for flow in flows if flow["alias"] == new["alias"]), None)
        if found is not None and found["builtIn"]:
            raise errors.GovcloudError("this is the name of a flow of Keycloak's own", remedy="choose another alias")
        return None if found is None else str(found["id"])

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(self.path(recorded, "authentication", "flows", identifier))
        return None if found is None else dict(found)

    def make(self, new: resource.Properties) -> str:
        body = {**shape.represented(self.SHAPE, new), "topLevel": True, "builtIn": False}
        return str(self.connection.session.post(self.path(new, "authentication", "flows"), body)["id"])

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del old
        whole = shape.merged(live, shape.represented(self.SHAPE, new))
        if whole != live:
            self.connection.session.put(self.path(new, "authentication", "flows", identifier), whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        self.connection.session.delete(self.path(old, "authentication", "flows", identifier))


class Execution(handler.Realms):
    """One step of a flow."""

    WHAT = "authentication execution"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "parentFlowAlias": shape.Field(default=shape.REQUIRED, replaces=True),
        "authenticator": shape.Field(at=("providerId",), default=shape.REQUIRED, replaces=True),
        "requirement": _REQUIREMENT,
        "priority": shape.Field(at=("priority",), kind="number"),
    }

    def called(self, new: resource.Properties) -> str:
        return f"{new.get('parentFlowAlias')}/{new.get('authenticator')}"

    def sought(self, new: resource.Properties) -> str | None:
        for entry in self.entries(new):
            if entry.get("level") == 0 and entry.get("providerId") == new["authenticator"]:
                return str(entry["id"])
        return None

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        return next((entry for entry in self.entries(recorded) if entry["id"] == identifier), None)

    def make(self, new: resource.Properties) -> str:
        where = self.path(new, "authentication", "flows", new["parentFlowAlias"], "executions", "execution")
        return str(self.connection.session.post(where, {"provider": new["authenticator"]})["id"])

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del identifier, old
        whole = shape.merged(live, shape.represented(self.SHAPE, new))
        if whole != live:
            where = self.path(new, "authentication", "flows", new["parentFlowAlias"], "executions")
            self.connection.session.put(where, whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        self.connection.session.delete(self.path(old, "authentication", "executions", identifier))

    def entries(self, new: resource.Properties) -> list[dict[str, Any]]:
        """Return the steps of the parent, with those of its subflows; none if there is no such flow."""
        where = self.path(new, "authentication", "flows", new["parentFlowAlias"], "executions")
        return list(self.connection.session.find(where) or ())


class Subflow(Execution):
    """A flow that is one step of another."""

    WHAT = "authentication subflow"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "parentFlowAlias": shape.Field(default=shape.REQUIRED, replaces=True),
        "alias": shape.Field(at=("displayName",), default=shape.REQUIRED, replaces=True),
        "description": shape.Field(at=("description",)),
        "providerId": dataclasses.replace(_PROVIDER, at=()),
        "requirement": _REQUIREMENT,
        "priority": shape.Field(at=("priority",), kind="number"),
    }

    def called(self, new: resource.Properties) -> str:
        return f"{new.get('parentFlowAlias')}/{new.get('alias')}"

    def sought(self, new: resource.Properties) -> str | None:
        for entry in self.entries(new):
            if entry.get("level") == 0 and entry.get("displayName") == new["alias"] and entry.get("flowId"):
                return str(entry["flowId"])
        return None

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        return next((entry for entry in self.entries(recorded) if entry.get("flowId") == identifier), None)

    def make(self, new: resource.Properties) -> str:
        where = self.path(new, "authentication", "flows", new["parentFlowAlias"], "executions", "flow")
        body = {"alias": new["alias"], "type": new["providerId"], "description": new.get("description", "")}
        self.connection.session.post(where, {**body, "provider": "registration-page-form"})
        return str(self.sought(new))

    def remove(self, old: resource.Properties, identifier: str) -> None:
        found = self.live(old, identifier)
        if found is not None:
            super().remove(old, found["id"])


class Bindings(handler.Realms):
    """Which flow serves which way of logging in. Deleting it gives Keycloak's own flows back their places."""

    WHAT = "authentication bindings of realm"
    BUILT_IN: ClassVar[dict[str, str]] = {
        "browserFlow": "browser",
        "directGrantFlow": "direct grant",
        "registrationFlow": "registration",
        "resetCredentialsFlow": "reset credentials",
        "clientAuthenticationFlow": "clients",
    }
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        **{name: shape.Field(at=(name,)) for name in BUILT_IN},
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("realmId"))

    def sought(self, new: resource.Properties) -> str | None:
        return str(new["realmId"])

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(self.path({"realmId": identifier, **recorded}))
        return None if found is None else dict(found)

    def make(self, new: resource.Properties) -> str:
        del new
        raise errors.GovcloudError("the realm does not exist", remedy="make the realm first")

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del identifier
        back = {name: flow for name, flow in self.BUILT_IN.items() if old.get(name) and not new.get(name)}
        whole = shape.merged(live, {**back, **shape.represented(self.SHAPE, new)})
        if whole != live:
            self.connection.session.put(self.path(new), whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        live = self.live(old, identifier)
        if live is not None:
            self.change({"realmId": identifier}, identifier, live, old=old)
