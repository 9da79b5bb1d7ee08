"""`keycloak:openid/…ProtocolMapper`: what a client's tokens say."""

from __future__ import annotations

from typing import Any, ClassVar

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import handler, shape


def _flag(name: str, *, default: bool = True) -> shape.Field:
    return shape.Field(at=("config", name), kind="flag", form="text", default=default)


_PLACE: shape.Shape = {
    "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
    "clientId": shape.Field(replaces=True),
    "clientScopeId": shape.Field(replaces=True),
    "name": shape.Field(at=("name",), default=shape.REQUIRED, replaces=True),
}


class Mapper(handler.Realms):
    """A mapper of a client or of a client scope; its settings change in place."""

    MAPPER: ClassVar[str]
    """Keycloak's name of the kind."""
    WHAT = "protocol mapper"

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        if (new.get("clientId") is None) == (new.get("clientScopeId") is None):
            return (resource.Failure(property="clientId", reason="or `clientScopeId` is required, and not both"),)
        return ()

    def called(self, new: resource.Properties) -> str:
        return str(new.get("name"))

    def _models(self, new: resource.Properties, *parts: str) -> str:
        client = new.get("clientId")
        owner = ("clients", str(client)) if client else ("client-scopes", str(new.get("clientScopeId")))
        return self.path(new, *owner, "protocol-mappers", "models", *parts)

    def sought(self, new: resource.Properties) -> str | None:
        for found in self.connection.session.get(self._models(new)):
            if found["name"] == new["name"]:
                if found["protocolMapper"] != self.MAPPER:
                    raise errors.GovcloudError(
                        f"a mapper of this name exists and cannot be adopted: it is a {found['protocolMapper']}",
                        remedy="rename or remove the one that exists",
                    )
                return str(found["id"])
        return None

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(self._models(recorded, identifier))
        return None if found is None else dict(found)

    def make(self, new: resource.Properties) -> str:
        return str(self.connection.session.post(self._models(new), self.represented(new))["id"])

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del old
        whole = shape.merged(live, self.represented(new))
        if whole != live:
            self.connection.session.put(self._models(new, identifier), whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        self.connection.session.delete(self._models(old, identifier))

    def represented(self, new: resource.Properties) -> dict[str, Any]:
        """Return the part of the representation that `new` decides."""
        body = shape.represented(self.SHAPE, new)
        return {**body, "protocol": "openid-connect", "protocolMapper": self.MAPPER}


class GroupMembership(Mapper):
    """The groups of whoever logs in."""

    MAPPER = "oidc-group-membership-mapper"
    SHAPE: ClassVar[shape.Shape] = {
        **_PLACE,
        "claimName": shape.Field(at=("config", "claim.name"), default=shape.REQUIRED),
        "fullPath": _flag("full.path"),
        "addToIdToken": _flag("id.token.claim"),
        "addToAccessToken": _flag("access.token.claim"),
        "addToUserinfo": _flag("userinfo.token.claim"),
        "addToTokenIntrospection": _flag("introspection.token.claim", default=False),
    }

    def represented(self, new: resource.Properties) -> dict[str, Any]:
        body = super().represented(new)
        # Keycloak adds it when the mapper is first used, and would look changed by hand.
        body["config"]["multivalued"] = "true"
        return body


class Audience(Mapper):
    """Whom a token is for besides its client."""

    MAPPER = "oidc-audience-mapper"
    SHAPE: ClassVar[shape.Shape] = {
        **_PLACE,
        "includedClientAudience": shape.Field(at=("config", "included.client.audience")),
        "includedCustomAudience": shape.Field(at=("config", "included.custom.audience")),
        "addToIdToken": _flag("id.token.claim"),
        "addToAccessToken": _flag("access.token.claim"),
        "addToTokenIntrospection": _flag("introspection.token.claim"),
    }

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        if (new.get("includedClientAudience") is None) == (new.get("includedCustomAudience") is None):
            reason = "or `includedCustomAudience` is required, and not both"
            return (*super().faults(new), resource.Failure(property="includedClientAudience", reason=reason))
        return super().faults(new)
