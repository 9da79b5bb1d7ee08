"""A realm as the platform makes it, and one of attackers, on a test's Keycloak; and who may get tokens there."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli.plan import identity, identity_places
from tests.support import accounts, keycloak, logging_in

Json = dict[str, Any]
GROUPS = ("finance:developers", "archives:owners", "govcloud:auditors")


def password_token(server: keycloak.Running, client: str, account: str, *, realm: str = identity_places.REALM) -> str:
    """The access token of an account without one-time codes, by a client of `realm` for tests."""
    form = {"grant_type": "password", "client_id": client, "username": account, "password": "Correct-Horse-42"}
    status, answer = logging_in.Person(server, realm).token(**form)
    assert status == 200, answer
    return str(answer["access_token"])


def realm(name: str, people: Mapping[accounts.Account, Sequence[str]], *, clients: Sequence[Json]) -> Json:
    """A realm as Keycloak imports it, with the settings that `stacks/identity` gives ours."""
    users = [{**account.complete(), "groups": list(groups)} for account, groups in people.items()]
    plain = [{key: value for key, value in user.items() if key != "credentials"} for user in users]
    for user, shown in zip(users, plain, strict=True):
        shown["username"] = f"{user['username']}.program"
        shown["email"] = f"program.{user['email']}"
        shown["credentials"] = [{"type": "password", "value": "Correct-Horse-42", "temporary": False}]
    return {
        "realm": name,
        "enabled": True,
        "sslRequired": "all",
        "accessTokenLifespan": identity.TOKEN_SECONDS,
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
        "oauth2DevicePollingInterval": 1,
        "oauth2DeviceCodeLifespan": 60,
        **accounts.POLICY,
        "groups": [{"name": group} for group in GROUPS],
        "clients": list(clients),
        "users": [*users, *plain],
    }


def cli() -> Json:
    """The client of `govcloud login`."""
    return client(
        identity.CLI_CLIENT,
        standardFlowEnabled=True,
        directAccessGrantsEnabled=False,
        redirectUris=["http://127.0.0.1/callback"],
        attributes={
            "oauth2.device.authorization.grant.enabled": "true",
            "pkce.code.challenge.method": "S256",
            "access.token.lifespan": str(identity.TOKEN_SECONDS),
        },
    )


def client(
    identifier: str,
    *,
    audience: str | None = identity.KUBERNETES_AUDIENCE,
    groups: bool = True,
    claims: Mapping[str, object] | None = None,
    **more: object,
) -> Json:
    """A public client; by itself one that gets tokens by password, for attacks. `claims` are put into its tokens."""
    mappers = [_mapper("groups", "oidc-group-membership-mapper", **{"full.path": "false", "claim.name": "groups"})]
    mappers = mappers if groups else []
    if audience is not None:
        mappers.append(_mapper("audience", "oidc-audience-mapper", **{"included.custom.audience": audience}))
    for name, value in (claims or {}).items():
        kind = "String" if isinstance(value, str) else "JSON"
        text = value if isinstance(value, str) else json.dumps(value)
        fields = {"claim.name": name, "claim.value": text, "jsonType.label": kind}
        mappers.append(_mapper(f"claim-{name}", "oidc-hardcoded-claim-mapper", **fields))
    return {
        "clientId": identifier,
        "publicClient": True,
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": True,
        "fullScopeAllowed": False,
        "defaultClientScopes": ["basic", "profile"],
        "optionalClientScopes": [],
        "protocolMappers": mappers,
        **more,
    }


def _mapper(name: str, kind: str, **config: str) -> Json:
    said = {"access.token.claim": "true", "id.token.claim": str(kind != "oidc-audience-mapper").lower(), **config}
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": said}


def changed(token: str, **claims: object) -> str:
    """The token with other claims under its old signature."""
    head, payload, signature = token.split(".")
    found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return ".".join((head, encoded({**found, **claims}), signature))


def unsigned(token: str, algorithm: str = "none") -> str:
    """The token without a signature, saying so."""
    return ".".join((encoded({"alg": algorithm, "typ": "JWT"}), token.split(".")[1], ""))


def encoded(document: Json) -> str:
    """A part of a JSON Web Token."""
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
