"""`keycloak:openid/client:Client` and the scopes that its tokens have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import handler, shape

_FLAGS: Final = {
    "enabled": ("enabled", True),
    "standardFlowEnabled": ("standardFlowEnabled", False),
    "implicitFlowEnabled": ("implicitFlowEnabled", False),
    "directAccessGrantsEnabled": ("directAccessGrantsEnabled", False),
    "serviceAccountsEnabled": ("serviceAccountsEnabled", False),
    "fullScopeAllowed": ("fullScopeAllowed", True),
    "consentRequired": ("consentRequired", None),
    "frontchannelLogoutEnabled": ("frontchannelLogout", None),
    "alwaysDisplayInConsole": ("alwaysDisplayInConsole", None),
}
_ATTRIBUTE_FLAGS: Final = {
    "oauth2DeviceAuthorizationGrantEnabled": ("oauth2.device.authorization.grant.enabled", False),
    "useRefreshTokens": ("use.refresh.tokens", True),
    "useRefreshTokensClientCredentials": ("client_credentials.use_refresh_token", None),
    "backchannelLogoutSessionRequired": ("backchannel.logout.session.required", None),
    "excludeSessionStateFromAuthResponse": ("exclude.session.state.from.auth.response", None),
    "standardTokenExchangeEnabled": ("standard.token.exchange.enabled", None),
    "requireDpopBoundTokens": ("dpop.bound.access.tokens", None),
}
_ATTRIBUTES: Final = {
    "pkceCodeChallengeMethod": "pkce.code.challenge.method",
    "accessTokenLifespan": "access.token.lifespan",
    "clientSessionIdleTimeout": "client.session.idle.timeout",
    "clientSessionMaxLifespan": "client.session.max.lifespan",
    "clientOfflineSessionIdleTimeout": "client.offline.session.idle.timeout",
    "clientOfflineSessionMaxLifespan": "client.offline.session.max.lifespan",
    "oauth2DeviceCodeLifespan": "oauth2.device.code.lifespan",
    "oauth2DevicePollingInterval": "oauth2.device.polling.interval",
    "backchannelLogoutUrl": "backchannel.logout.url",
}
_ACCESS: Final = {
    "PUBLIC": {"publicClient": True, "bearerOnly": False},
    "CONFIDENTIAL": {"publicClient": False, "bearerOnly": False},
    "BEARER-ONLY": {"publicClient": False, "bearerOnly": True},
}


class Client(handler.Realms):
    """An application. With `import` it is one that Keycloak brings, and is never removed."""

    WHAT = "client"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "clientId": shape.Field(at=("clientId",), default=shape.REQUIRED, replaces=True),
        "accessType": shape.Field(
            at=("accessType",), kind="choice", choices={name: name for name in _ACCESS}, default=shape.REQUIRED
        ),
        "name": shape.Field(at=("name",)),
        "description": shape.Field(at=("description",)),
        "rootUrl": shape.Field(at=("rootUrl",)),
        "baseUrl": shape.Field(at=("baseUrl",)),
        "adminUrl": shape.Field(at=("adminUrl",)),
        "clientSecret": shape.Field(at=("secret",), secret=True),
        "clientAuthenticatorType": shape.Field(at=("clientAuthenticatorType",), default="client-secret"),
        "validRedirectUris": shape.Field(at=("redirectUris",), kind="set"),
        "webOrigins": shape.Field(at=("webOrigins",), kind="set"),
        "validPostLogoutRedirectUris": shape.Field(
            at=("attributes", "post.logout.redirect.uris"), kind="set", form="##"
        ),
        "extraConfig": shape.Field(at=("attributes",), kind="map"),
        "import": shape.Field(kind="flag", default=False, replaces=True),
        **{name: shape.Field(at=(there,), kind="flag", default=default) for name, (there, default) in _FLAGS.items()},
        **{
            name: shape.Field(at=("attributes", there), kind="flag", form="text", default=default)
            for name, (there, default) in _ATTRIBUTE_FLAGS.items()
        },
        **{name: shape.Field(at=("attributes", there)) for name, there in _ATTRIBUTES.items()},
    }

    def check(self, new: resource.Properties, *, old: resource.Properties, name: str) -> resource.Checked:
        """See `resource.Handler`; its `name` is a title, and may be missing."""
        del old, name
        checked = shape.check(self.SHAPE, new)
        inputs = shape.concealed(self.SHAPE, checked.inputs)
        return resource.Checked(inputs=inputs, failures=checked.failures or self.faults(checked.inputs))

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        if new.get("clientSecret") is not None and new.get("accessType") == "PUBLIC":
            return (resource.Failure(property="clientSecret", reason="is not for a PUBLIC client, which keeps none"),)
        return ()

    def called(self, new: resource.Properties) -> str:
        return str(new.get("clientId"))

    def sought(self, new: resource.Properties) -> str | None:
        found = self.connection.session.get(self.path(new, "clients"), query={"clientId": new["clientId"]})
        return next((str(one["id"]) for one in found if one["clientId"] == new["clientId"]), None)

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        found = self.connection.session.find(self.path(recorded, "clients", identifier))
        return None if found is None else {**found, "accessType": _access(found)}

    def make(self, new: resource.Properties) -> str:
        if new["import"]:
            raise errors.GovcloudError("Keycloak has no such client to import", remedy="name one that it has")
        body = {**self._represented(new), "protocol": "openid-connect"}
        return str(self.connection.session.post(self.path(new, "clients"), body)["id"])

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        there = {name: value for name, value in live.items() if name != "accessType"}
        whole = shape.merged(there, self._represented(new))
        for gone in set(old.get("extraConfig") or {}) - set(new.get("extraConfig") or {}):
            whole["attributes"][gone] = ""
        # What a client says of its mappers and scopes belongs to resources of their own.
        for apart in ("protocolMappers", "defaultClientScopes", "optionalClientScopes"):
            whole.pop(apart, None)
            there.pop(apart, None)
        if whole != there:
            self.connection.session.put(self.path(new, "clients", identifier), whole)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        if old.get("import") is not True:
            self.connection.session.delete(self.path(old, "clients", identifier))

    def read_back(self, live: handler.Json) -> resource.Properties:
        found = shape.properties(self.SHAPE, live)
        return {**found, "clientSecret": None} if live.get("publicClient") else found

    def computed(self, identifier: str, live: handler.Json) -> resource.Properties:
        del live
        return {"resourceServerId": identifier}

    def _represented(self, new: resource.Properties) -> dict[str, Any]:
        body = shape.represented(self.SHAPE, new)
        access = _ACCESS[body.pop("accessType")]
        return {**body, **access}


class ClientDefaultScopes(handler.Realms):
    """Which scopes a client's tokens have without being asked for; exhaustive."""

    WHAT = "default scopes of client"
    KIND: ClassVar[str] = "default-client-scopes"
    NAMES: ClassVar[str] = "defaultScopes"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "clientId": shape.Field(default=shape.REQUIRED, replaces=True),
        "defaultScopes": shape.Field(at=("defaultScopes",), kind="set", default=shape.REQUIRED),
    }

    def called(self, new: resource.Properties) -> str:
        return str(new.get("clientId"))

    def sought(self, new: resource.Properties) -> str | None:
        return f"{new['realmId']}/{new['clientId']}"

    def live(self, recorded: resource.Properties, identifier: str) -> handler.Json | None:
        del recorded
        realm, _, client = identifier.partition("/")
        found = self.connection.session.find(self.path({"realmId": realm}, "clients", client, self.KIND))
        return None if found is None else {self.NAMES: [scope["name"] for scope in found]}

    def make(self, new: resource.Properties) -> str:
        del new
        raise errors.GovcloudError("the client does not exist", remedy="make the client first")

    def change(
        self, new: resource.Properties, identifier: str, live: handler.Json, *, old: resource.Properties
    ) -> None:
        del identifier, old
        wanted, there = set(new[self.NAMES]), set(live[self.NAMES])
        self._send("DELETE", new, there - wanted)
        self._send("PUT", new, wanted - there)

    def remove(self, old: resource.Properties, identifier: str) -> None:
        realm, _, client = identifier.partition("/")
        self._send("DELETE", {"realmId": realm, "clientId": client}, set(old.get(self.NAMES) or ()))

    def _send(self, method: str, new: resource.Properties, names: set[str]) -> None:
        known: Mapping[str, str] = {}
        if names:
            scopes = self.connection.session.get(self.path(new, "client-scopes"))
            known = {scope["name"]: scope["id"] for scope in scopes}
        for name in sorted(names):
            if name in known:
                path = self.path(new, "clients", new["clientId"], self.KIND, known[name])
                self.connection.session.request(method, path)
            elif method != "DELETE":
                raise errors.GovcloudError(f"the realm has no client scope `{name}`", remedy="name one that it has")


class ClientOptionalScopes(ClientDefaultScopes):
    """Which scopes a client may ask for; exhaustive."""

    WHAT = "optional scopes of client"
    KIND: ClassVar[str] = "optional-client-scopes"
    NAMES: ClassVar[str] = "optionalScopes"
    SHAPE: ClassVar[shape.Shape] = {
        "realmId": shape.Field(default=shape.REQUIRED, replaces=True),
        "clientId": shape.Field(default=shape.REQUIRED, replaces=True),
        "optionalScopes": shape.Field(at=("optionalScopes",), kind="set", default=shape.REQUIRED),
    }


def _access(live: Mapping[str, Any]) -> str:
    if live.get("publicClient"):
        return "PUBLIC"
    return "BEARER-ONLY" if live.get("bearerOnly") else "CONFIDENTIAL"
