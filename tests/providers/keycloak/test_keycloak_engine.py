"""Every resource type against a real Keycloak: made, adopted, changed, drifted, mended and removed twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.keycloak import failures, session
from tests.support import keycloak

pytestmark = pytest.mark.engine

REALM, OTHER_REALM = "types", "other"
AT = f"/admin/realms/{REALM}"
Api = session.Session
Values = dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """The life of one resource."""

    type: str
    made: Values
    changed: Values
    """Laid over `made`."""
    drift: Callable[[Api, str], object]
    """Changes by hand what has this id, in the same property as `changed`."""
    stays: bool = False
    """Deleting it leaves something that can be read."""


def _groups(api: Api, name: str) -> str:
    found = api.get(f"{AT}/groups", query={"search": name, "exact": "true"})
    return str(found[0]["id"] if found else api.post(f"{AT}/groups", {"name": name})["id"])


def _client(api: Api, name: str) -> str:
    found = api.get(f"{AT}/clients", query={"clientId": name})
    return str(found[0]["id"] if found else api.post(f"{AT}/clients", {"clientId": name})["id"])


def _role(api: Api, name: str) -> Values:
    return dict(api.get(f"{AT}/clients/{_client(api, 'realm-management')}/roles/{name}"))


def _merge(path: str, **values: Any) -> Callable[[Api, str], object]:
    """Return what changes `values` of the object at `path`."""

    def change(api: Api, identifier: str) -> None:
        where = f"{AT}/{path.format(id=identifier)}".rstrip("/")
        api.put(where, {**api.get(where), **values})

    return change


def _config(path: str, **values: Any) -> Callable[[Api, str], object]:
    def change(api: Api, identifier: str) -> None:
        where = f"{AT}/{path.format(id=identifier)}"
        found = api.get(where)
        api.put(where, {**found, "config": {**found["config"], **values}})

    return change


def _give(role: str) -> Callable[[Api, str], object]:
    def change(api: Api, identifier: str) -> None:
        found = _role(api, role)
        place = f"{AT}/groups/{identifier.partition('/')[2]}/role-mappings/clients/{found['containerId']}"
        api.post(place, [{"id": found["id"], "name": found["name"]}])

    return change


def _attach(kind: str, scope: str) -> Callable[[Api, str], object]:
    def change(api: Api, identifier: str) -> None:
        scopes = {one["name"]: one["id"] for one in api.get(f"{AT}/client-scopes")}
        api.put(f"{AT}/clients/{identifier.partition('/')[2]}/{kind}/{scopes[scope]}")

    return change


def _requirement(api: Api, identifier: str) -> None:
    where = f"{AT}/authentication/flows/steps/executions"
    (entry,) = (one for one in api.get(where) if identifier in (one["id"], one.get("flowId")))
    api.put(where, {**entry, "requirement": "DISABLED"})


def cases(api: Api) -> Mapping[str, Case]:
    """One case a type. The realm that all but the first live in exists."""
    in_realm = {"realmId": REALM}
    member = {**in_realm, "clientId": _client(api, "mapped")}
    step = {**in_realm, "parentFlowAlias": "steps"}
    if not any(flow["alias"] == "steps" for flow in api.get(f"{AT}/authentication/flows")):
        flow = {"alias": "steps", "providerId": "basic-flow", "topLevel": True, "builtIn": False}
        api.post(f"{AT}/authentication/flows", flow)
    directory = {
        "connectionUrl": "ldaps://localhost:1",
        "usersDn": "ou=people,dc=example",
        "usernameLdapAttribute": "uid",
        "rdnLdapAttribute": "uid",
        "uuidLdapAttribute": "entryUUID",
        "userObjectClasses": ["person", "inetOrgPerson"],
        "bindDn": "cn=reader,dc=example",
        "bindCredential": "secret-of-the-reader",
        "connectionTimeout": "5s",
    }
    return {
        "realm": Case(
            type="Realm",
            made={
                "realm": OTHER_REALM,
                "displayName": "One",
                "sslRequired": "all",
                "accessTokenLifespan": "45s",
                "ssoSessionMaxLifespan": "8h",
                "passwordPolicy": "length(12) and notUsername(undefined)",
                "attributes": {"adminEventsExpiration": "15552000"},
                "otpPolicy": {"digits": 6, "codeReusable": False},
                "internationalization": {"supportedLocales": ["zh-CN", "en"], "defaultLocale": "zh-CN"},
                "securityDefenses": {
                    "headers": {"xFrameOptions": "DENY"},
                    "bruteForceDetection": {"maxLoginFailures": 5, "bruteForceStrategy": "LINEAR"},
                },
            },
            changed={"securityDefenses": {"bruteForceDetection": {"maxLoginFailures": 4}}},
            drift=lambda api, _: api.put(f"/admin/realms/{OTHER_REALM}", {"bruteForceProtected": False}),
        ),
        "events": Case(
            type="RealmEvents",
            made={**in_realm, "eventsEnabled": True, "eventsExpiration": 15552000, "adminEventsEnabled": True},
            changed={"adminEventsDetailsEnabled": True},
            drift=_merge("events/config", adminEventsDetailsEnabled=True, adminEventsEnabled=False),
            stays=True,
        ),
        "action": Case(
            type="RequiredAction",
            made={**in_realm, "alias": "CONFIGURE_TOTP", "enabled": False},
            changed={"enabled": True},
            drift=_merge("authentication/required-actions/CONFIGURE_TOTP", enabled=True),
            stays=True,
        ),
        "group": Case(
            type="Group",
            made={**in_realm, "name": "org:treasury", "attributes": {"kind": "bureau"}},
            changed={"parentId": _groups(api, "org:province"), "attributes": {"kind": "office"}},
            drift=_merge("groups/{id}", name="org:somebody"),
        ),
        "role": Case(
            type="Role",
            made={**in_realm, "name": "clerk", "description": "a"},
            changed={"description": "b"},
            drift=_merge("roles-by-id/{id}", description="c"),
        ),
        "group-roles": Case(
            type="GroupRoles",
            made={**in_realm, "groupId": _groups(api, "auditors"), "roleIds": [_role(api, "view-events")["id"]]},
            changed={"roleIds": [_role(api, "view-events")["id"], _role(api, "view-users")["id"]]},
            drift=_give("manage-users"),
            stays=True,
        ),
        "client": Case(
            type="Client",
            made={
                **in_realm,
                "clientId": "ledger",
                "accessType": "CONFIDENTIAL",
                "standardFlowEnabled": True,
                "fullScopeAllowed": False,
                "clientSecret": "secret-of-the-ledger",
                "validRedirectUris": ["https://ledger.example/callback"],
                "webOrigins": [],
                "pkceCodeChallengeMethod": "S256",
                "accessTokenLifespan": "45",
                "validPostLogoutRedirectUris": ["https://ledger.example/"],
                "extraConfig": {"acr.loa.map": "{}"},
            },
            changed={"validRedirectUris": ["https://ledger.example/back"], "clientSecret": "secret-of-the-other"},
            drift=_merge("clients/{id}", redirectUris=["*"], secret="known-to-all"),
        ),
        "default-scopes": Case(
            type="ClientDefaultScopes",
            made={**member, "defaultScopes": ["basic", "profile"]},
            changed={"defaultScopes": ["basic", "profile", "acr"]},
            drift=_attach("default-client-scopes", "roles"),
            stays=True,
        ),
        "optional-scopes": Case(
            type="ClientOptionalScopes",
            made={**member, "optionalScopes": []},
            changed={"optionalScopes": ["phone"]},
            drift=_attach("optional-client-scopes", "offline_access"),
            stays=True,
        ),
        "groups-mapper": Case(
            type="GroupMembershipProtocolMapper",
            made={**member, "name": "groups", "claimName": "groups", "fullPath": False},
            changed={"claimName": "roles"},
            drift=_config(f"clients/{member['clientId']}/protocol-mappers/models/{{id}}", **{"full.path": "true"}),
        ),
        "audience-mapper": Case(
            type="AudienceProtocolMapper",
            made={**member, "name": "kubernetes", "includedCustomAudience": "kubernetes", "addToIdToken": False},
            changed={"includedCustomAudience": "others"},
            drift=_config(
                f"clients/{member['clientId']}/protocol-mappers/models/{{id}}", **{"included.custom.audience": "x"}
            ),
        ),
        "flow": Case(
            type="Flow",
            made={**in_realm, "alias": "ours", "description": "a"},
            changed={"description": "b"},
            drift=_merge("authentication/flows/{id}", description="c"),
        ),
        "execution": Case(
            type="Execution",
            made={**step, "authenticator": "auth-otp-form", "requirement": "REQUIRED", "priority": 20},
            changed={"requirement": "ALTERNATIVE"},
            drift=_requirement,
        ),
        "subflow": Case(
            type="Subflow",
            made={**step, "alias": "steps-forms", "requirement": "ALTERNATIVE", "priority": 30},
            changed={"priority": 40},
            drift=_requirement,
        ),
        "bindings": Case(
            type="Bindings",
            made={**in_realm, "browserFlow": "steps"},
            changed={"directGrantFlow": "steps"},
            drift=_merge("", browserFlow="browser"),
            stays=True,
        ),
        "federation": Case(
            type="UserFederation",
            made={**in_realm, **directory, "name": "staff"},
            changed={"connectionTimeout": "10s", "bindCredential": "secret-of-the-writer"},
            drift=_config("components/{id}", editMode=["WRITABLE"]),
        ),
    }


NAMES = (
    *("realm", "events", "action", "group", "role", "group-roles", "client", "default-scopes", "optional-scopes"),
    *("groups-mapper", "audience-mapper", "flow", "execution", "subflow", "bindings", "federation"),
)


@pytest.fixture(scope="module", autouse=True)
def _realm(keycloak_server: keycloak.Running) -> Iterator[None]:
    with keycloak_server.without(REALM, OTHER_REALM) as api:
        api.post("/admin/realms", {"realm": REALM, "enabled": True})
        yield


@pytest.fixture
def case(request: pytest.FixtureRequest, api: Api) -> Case:
    return cases(api)[request.param]


def _checked(handler: resource.Handler, values: Values) -> Values:
    checked = handler.check(values, old={}, name="named-by-the-program")
    assert checked.failures == ()
    return dict(_plain(checked.inputs))


def _plain(values: Any) -> Any:
    """What the engine would hand back: secrets unwrapped."""
    if isinstance(values, wire.Secret):
        return values.value
    return {name: _plain(value) for name, value in values.items()} if isinstance(values, dict) else values


def _settled(state: resource.State) -> resource.State:
    return dataclasses.replace(state, outputs=_plain(state.outputs), inputs=_plain(state.inputs))


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_a_resource_lives_through_change_drift_adoption_and_removal(
    case: Case, api: Api, handlers: Mapping[str, resource.Handler]
) -> None:
    handler = handlers[case.type]
    new = _checked(handler, case.made)

    made = _settled(handler.create(new, preview=False))
    assert made.id
    seen = handler.read(made)
    assert seen is not None
    assert handler.diff(_settled(seen), new).changed == (), "what was made is what was asked for"

    again = _settled(handler.create(new, preview=False))
    assert again.id == made.id, "what a killed run left is adopted"

    case.drift(api, made.id)
    seen = handler.read(made)
    assert seen is not None
    found = handler.diff(_settled(seen), new)
    assert found.changed, "what was changed by hand is found"
    assert not found.replace
    mended = _settled(handler.update(_settled(seen), new, preview=False))
    seen = handler.read(mended)
    assert seen is not None
    assert handler.diff(_settled(seen), new).changed == (), "and mended"

    other = _checked(handler, {**case.made, **case.changed})
    assert handler.diff(mended, other).changed
    changed = _settled(handler.update(mended, other, preview=False))
    seen = handler.read(changed)
    assert seen is not None
    assert handler.diff(_settled(seen), other).changed == ()
    assert handler.update(changed, new, preview=True).id == made.id, "a preview keeps the id"

    handler.delete(changed)
    handler.delete(changed)
    assert (handler.read(changed) is None) != case.stays


@pytest.mark.parametrize("case", NAMES, indirect=True)
def test_a_preview_of_a_creation_has_no_effect_even_with_values_that_are_not_known(
    case: Case, handlers: Mapping[str, resource.Handler]
) -> None:
    handler = handlers[case.type]
    new = _checked(handler, {name: wire.UNKNOWN if name.endswith("Id") else value for name, value in case.made.items()})
    assert handler.create(new, preview=True).id == ""


def test_what_keycloak_brings_is_taken_over_and_stays(api: Api, handlers: Mapping[str, resource.Handler]) -> None:
    console = {"realmId": REALM, "clientId": "security-admin-console", "accessType": "PUBLIC", "import": True}
    values = {**console, "standardFlowEnabled": True, "clientSessionIdleTimeout": "600"}
    client = handlers["Client"]
    state = _settled(client.create(_checked(client, values), preview=False))
    client.delete(state)
    assert api.get(f"{AT}/clients/{state.id}")["attributes"]["client.session.idle.timeout"] == "600"
    role = handlers["Role"]
    management = _client(api, "realm-management")
    wanted = {"realmId": REALM, "clientId": management, "name": "view-users", "import": True}
    found = role.create(_checked(role, wanted), preview=False)
    role.delete(_settled(found))
    assert api.get(f"{AT}/roles-by-id/{found.id}")["name"] == "view-users"
    for handler, odd in ((client, {**console, "clientId": "nobody"}), (role, {**wanted, "name": "nothing"})):
        with pytest.raises(errors.GovcloudError, match="no such"):
            handler.create(_checked(handler, odd), preview=False)


def test_a_group_whose_name_another_tree_has_is_not_that_one(
    api: Api, handlers: Mapping[str, resource.Handler]
) -> None:
    parent = _groups(api, "org:a")
    inner = api.post(f"{AT}/groups/{parent}/children", {"name": "org:twin"})["id"]
    group = handlers["Group"]
    outer = group.create(_checked(group, {"realmId": REALM, "name": "org:twin"}), preview=False)
    assert outer.id != inner
    assert (
        group.create(_checked(group, {"realmId": REALM, "name": "org:twin", "parentId": parent}), preview=False).id
        == inner
    )


def test_a_mapper_of_another_kind_is_refused(api: Api, handlers: Mapping[str, resource.Handler]) -> None:
    client = _client(api, "odd")
    body = {"name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper"}
    api.post(f"{AT}/clients/{client}/protocol-mappers/models", {**body, "config": {}})
    handler = handlers["GroupMembershipProtocolMapper"]
    with pytest.raises(errors.GovcloudError, match="cannot be adopted"):
        handler.create(
            _checked(handler, {"realmId": REALM, "clientId": client, "name": "groups", "claimName": "groups"}),
            preview=False,
        )


def test_a_refusal_tells_what_and_why_and_never_a_secret(handlers: Mapping[str, resource.Handler]) -> None:
    client = handlers["Client"]
    values = {"realmId": REALM, "clientId": "bad", "accessType": "CONFIDENTIAL", "clientSecret": "very-secret-text"}
    with pytest.raises(failures.ApiError) as caught:
        client.create(_checked(client, {**values, "validRedirectUris": ["javascript:alert(1)"]}), preview=False)
    assert caught.value.where == "client bad"
    assert "redirect" in str(caught.value.cause).lower()
    assert "very-secret-text" not in repr((caught.value, caught.value.cause, caught.value.remedy))


def test_a_token_is_renewed_when_the_server_no_longer_takes_it(keycloak_server: keycloak.Running) -> None:
    with keycloak_server.session() as one:
        one.get(AT)
        one._transport._token = one._transport._token[:-8] + "AAAAAAAA"  # as after a restart
        assert one.get(AT)["realm"] == REALM


def test_who_answers_is_verified_and_who_asks_is_told_what_keycloak_says(keycloak_server: keycloak.Running) -> None:
    untrusting = session.Session(keycloak_server.url, keycloak.CLIENT, keycloak.SECRET)
    with untrusting, pytest.raises(failures.UnreachableError, match="not trusted"):
        untrusting.get(AT)
    unknown = session.Session(keycloak_server.url, keycloak.CLIENT, "a-wrong-secret", keycloak_server.ca)
    with unknown, pytest.raises(failures.ApiError) as caught:
        unknown.get(AT)
    assert caught.value.status == 401
    assert "a-wrong-secret" not in repr(vars(caught.value))
