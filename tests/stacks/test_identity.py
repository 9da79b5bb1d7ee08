"""The stack `identity`, everything about it that can be decided without an engine."""

from __future__ import annotations

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, identity
from stacks.components import realms
from stacks.identity import program
from tests.support import engine, identity_inventories

DIRECTORY = {"url": "ldaps://staff.example", "people": "ou=people,dc=example", "bind": "cn=reader,dc=example"}


def values(reference: credentials.SecretRef) -> str:
    return f"value-of-{reference.kind}/{reference.name}"


@pytest.fixture(scope="module")
def registered() -> list[engine.Registered]:
    inventory = identity_inventories.served(identity={"directory": DIRECTORY})
    plan = identity.plan(inventory, platforms.Side.EXTERNAL)
    assert plan is not None
    access = realms.Access(url=plan.admin_url, client_secret="known-to-nobody", root_certificate="PEM")
    return engine.run(lambda: program.program(plan, access=access, values=values))


def of(registered: list[engine.Registered], kind: str) -> dict[str, engine.Registered]:
    return {item.name: item for item in registered if item.type.endswith(f":{kind}")}


def test_every_resource_names_its_provider(registered: list[engine.Registered]) -> None:
    assert {item.provider for item in registered if item.type.startswith("keycloak:")} == {"keycloak"}


def test_clients_have_their_secrets_and_no_flow_that_was_not_planned(registered: list[engine.Registered]) -> None:
    clients = of(registered, "Client")
    flows = ("standardFlowEnabled", "directAccessGrantsEnabled", "oauth2DeviceAuthorizationGrantEnabled")
    found = {
        name: tuple(clients[name].inputs[flow] for flow in flows)
        for name in clients
        if "fullScopeAllowed" in clients[name].inputs
    }
    assert found == {
        "govcloud-cli": (True, False, True),
        "govcloud-vpn": (False, True, False),
        "finance-prod-ledger": (True, False, False),
    }
    assert "clientSecret" not in clients["govcloud-cli"].inputs
    assert "value-of-secrets/vpn-client" in str(clients["govcloud-vpn"].inputs["clientSecret"])
    assert "value-of-application/finance-prod-ledger" in str(clients["finance-prod-ledger"].inputs["clientSecret"])
    for name in ("govcloud-vpn", "finance-prod-ledger"):
        assert ("clientSecret",) in clients[name].secrets
    for name in found:
        assert clients[name].inputs["fullScopeAllowed"] is False
        assert clients[name].inputs["implicitFlowEnabled"] is False


def test_flows_are_bound_only_when_they_are_whole(registered: list[engine.Registered]) -> None:
    (bindings,) = of(registered, "Bindings").values()
    assert {"auth-otp-form", "direct-grant-validate-otp"} <= {name.rpartition("/")[2] for name in bindings.after}
    executions = of(registered, "Execution")
    for step in ("auth-username-password-form", "auth-otp-form", "direct-grant-validate-otp"):
        assert executions[step].inputs["requirement"] == "REQUIRED"


def test_nobody_sets_his_own_code(registered: list[engine.Registered]) -> None:
    actions = {item.inputs["alias"]: item.inputs["enabled"] for item in of(registered, "RequiredAction").values()}
    for alias in ("CONFIGURE_TOTP", "delete_credential", "webauthn-register"):
        assert actions[alias] is False


def test_the_directory_is_read_over_tls_and_never_written(registered: list[engine.Registered]) -> None:
    (found,) = of(registered, "UserFederation").values()
    assert found.inputs["editMode"] == "READ_ONLY"
    assert found.inputs["connectionUrl"] == "ldaps://staff.example"
    assert found.inputs["useTruststoreSpi"] == "ALWAYS"
    assert "value-of-secrets/directory" in str(found.inputs["bindCredential"])
    assert ("bindCredential",) in found.secrets


def test_every_kind_of_event_is_recorded_whatever_somebody_chose(registered: list[engine.Registered]) -> None:
    (events,) = of(registered, "RealmEvents").values()
    assert (events.inputs["enabledEventTypes"], events.inputs["eventsListeners"]) == ([], ["jboss-logging"])
