from __future__ import annotations

import base64
import dataclasses
import datetime
import json
from typing import Any

import pytest

from govcloud_cli.governance import lifecycle
from govcloud_cli.model import people, platforms
from govcloud_cli.plan import applications, build, credentials, identity, namespaces, plans, steps
from tests.support import identity_inventories, inventories, tenant_inventories

EXTERNAL, INTERNAL = platforms.Side.EXTERNAL, platforms.Side.INTERNAL
MASTER = bytes(range(32))
OWN = ("govcloud-cli", "govcloud-vpn", "govcloud-portal")
PORTAL = {"portal": {"redirectUris": ["https://portal.example/callback", "https://portal.example/back"]}}
DIRECTORY = {"url": "ldaps://staff.example", "people": "ou=people,dc=example", "bind": "cn=reader,dc=example"}


def planned(**fields: Any) -> identity.IdentityPlan:
    found = identity.plan(identity_inventories.served(**fields), EXTERNAL)
    assert found is not None
    return found


def secrets(**fields: Any) -> dict[str, namespaces.Manifest]:
    scopes = namespaces.scopes(identity_inventories.served(**fields), EXTERNAL)
    found = [manifest for scope in scopes for manifest in applications.secrets(scope)]
    return {f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}": manifest for manifest in found}


def test_a_side_without_the_service_has_no_plan_and_no_secrets() -> None:
    inventory = tenant_inventories.inventory_of(
        tenant_inventories.tenant("finance", applications=[identity_inventories.APPLICATION])
    )
    assert identity.plan(inventory, EXTERNAL) is None
    assert identity.plan(identity_inventories.served(), INTERNAL) is None
    assert [applications.secrets(scope) for scope in namespaces.scopes(inventory, EXTERNAL)] == [()]


def test_the_name_is_the_machines_unless_the_platform_says_another() -> None:
    plan = planned()
    assert (plan.host, plan.issuer) == ("service-id", "https://service-id/realms/govcloud")
    assert plan.admin_url == "https://10.8.0.21:8443"
    assert planned(identity={"host": "id.yunxi.example"}).issuer == "https://id.yunxi.example/realms/govcloud"


def test_organisations_are_a_tree_and_parents_come_first() -> None:
    groups = planned().groups
    assert [(group.name, group.parent) for group in groups[:2]] == [
        ("org:qinghe-city", None),
        ("org:finance-bureau", "org:qinghe-city"),
    ]
    seen: set[str | None] = {None}
    for group in groups:
        assert group.parent in seen
        seen.add(group.name)


def test_tenants_groups_are_flat_and_each_is_there_once() -> None:
    names = [group.name for group in planned().groups if group.name.startswith("finance:")]
    assert names == ["finance:maintainers", "finance:viewers"]


def test_of_the_three_administrators_none_has_anothers_rights_and_only_security_writes_accounts() -> None:
    roles = {group.name: set(group.roles) for group in planned().groups if group.roles}
    assert set(roles) == set(people.DUTY_GROUPS.values())
    system, security, audit = (roles[people.DUTY_GROUPS[duty]] for duty in people.Duty)
    assert all(role.startswith("view-") for role in system | audit)
    assert {role for role in security if not role.startswith("view-")} == {"manage-authorization", "manage-users"}
    assert not system & {"view-users", "view-events"}
    assert "view-events" not in security
    assert "view-clients" not in system | security | audit, "it shows clients' secrets"


def test_our_clients_ask_for_no_more_than_they_need() -> None:
    cli, vpn = planned().clients[:2]
    assert (cli.id, cli.kind, cli.flows, cli.secret) == ("govcloud-cli", "public", ("browser", "device"), None)
    assert cli.audiences == ("kubernetes",)
    assert all(uri.startswith(("http://127.0.0.1/", "http://[::1]/")) for uri in cli.redirect_uris)
    assert (vpn.id, vpn.kind, vpn.flows) == ("govcloud-vpn", "confidential", ("password",))
    assert (vpn.redirect_uris, vpn.secret) == ((), credentials.file_ref("vpn-client"))


def test_the_portal_is_a_client_of_the_platform_where_it_is_asked_for() -> None:
    assert "govcloud-portal" not in {client.id for client in planned().clients}
    (client,) = (one for one in planned(identity=PORTAL).clients if one.id == "govcloud-portal")
    assert (client.kind, client.flows, client.audiences, client.tenant) == ("confidential", ("browser",), (), None)
    assert client.redirect_uris == ("https://portal.example/back", "https://portal.example/callback")
    assert client.secret == credentials.file_ref("portal-client")


def test_an_application_is_a_confidential_client_with_exactly_its_addresses() -> None:
    (client,) = planned().clients[2:]
    assert dataclasses.asdict(client) == {
        "id": "finance-prod-ledger",
        "name": "finance · ledger",
        "kind": "confidential",
        "flows": ("browser",),
        "redirect_uris": ("https://ledger.example/callback",),
        "audiences": (),
        "secret": {"kind": "application", "name": "finance-prod-ledger", "generation": 1},
        "tenant": "finance",
    }


def test_pods_learn_who_they_are_from_a_secret_of_their_namespace() -> None:
    found = secrets()
    assert list(found) == ["finance-prod/application-ledger"]
    value_of = credentials.resolver(master=MASTER, ca="PEM")
    data = credentials.resolve(found["finance-prod/application-ledger"], value_of)["data"]
    texts = {name: base64.b64decode(text).decode() for name, text in data.items()}
    assert texts["issuer"] == "https://service-id/realms/govcloud"
    assert texts["clientId"] == "finance-prod-ledger"
    assert texts["ca.crt"] == "PEM"
    assert len(texts["clientSecret"]) == 43
    assert texts["clientSecret"] == value_of(credentials.application_ref("finance-prod-ledger"))


def test_an_applications_secret_is_its_own_and_no_databases_password() -> None:
    value_of = credentials.resolver(master=MASTER, ca="PEM")
    found = {
        value_of(credentials.application_ref("a")),
        value_of(credentials.application_ref("b")),
        value_of(credentials.password_ref("a")),
    }
    assert len(found) == 3


def test_nobody_logs_in_to_what_is_frozen() -> None:
    environments = [{"name": "test", "expiresOn": "2026-12-31"}, {"name": "prod"}]
    trial = {**identity_inventories.APPLICATION, "id": "trial", "environment": "test"}
    fields: dict[str, Any] = {"environments": environments, "applications": [identity_inventories.APPLICATION, trial]}
    inventory = identity_inventories.served(**fields)
    on_the_day = lifecycle.settled(inventory, today=datetime.date(2026, 12, 31))
    after = lifecycle.settled(inventory, today=datetime.date(2027, 1, 1))
    clients = [
        [client.id for client in (identity.plan(one, EXTERNAL) or planned()).clients[2:]] for one in (on_the_day, after)
    ]
    assert clients == [["finance-prod-ledger", "finance-test-trial"], ["finance-prod-ledger"]]
    assert [len(applications.secrets(scope)) for scope in namespaces.scopes(after, EXTERNAL)] == [1, 0]


def test_the_directorys_password_is_only_named() -> None:
    plan = planned(identity={"directory": DIRECTORY})
    assert plan.directory == identity.Directory(
        url="ldaps://staff.example",
        people="ou=people,dc=example",
        bind="cn=reader,dc=example",
        account="uid",
        secret=credentials.file_ref("directory"),
    )


def test_the_step_is_between_roles_and_platform_and_changes_where_the_plan_does() -> None:
    before, after = (
        steps.identity_entries(planned(applications=apps), {}) for apps in ([identity_inventories.APPLICATION], [])
    )
    assert [(change.action.value, change.entry) for change in steps.changes(after, before)] == [
        ("-", "Client/finance-prod-ledger")
    ]
    assert "Realm/govcloud" in before
    lab = inventories.lab_plan().sides[0]
    with_identity = dataclasses.replace(lab, identity=planned())
    facts = steps.Facts(
        code={kind.value: "" for kind in steps.StepKind},
        roles={role: "" for host in lab.hosts for role in host.roles},
        certificates={lab.side: ""},
    )
    names = [step.name for step in steps.of(with_identity, facts)]
    assert names.index("roles") + 1 == names.index("identity") == names.index("platform") - 1
    assert "identity" not in [step.name for step in steps.of(dataclasses.replace(lab, identity=None), facts)]


def test_a_whole_plan_has_it() -> None:
    found = build.build(identity_inventories.served(), places={}, sides=(EXTERNAL,), today=datetime.date(2026, 11, 1))
    assert found.sides[0].identity == planned()
    assert json.loads(plans_text(found.sides[0].identity))["clients"][-1]["secret"]["name"] == "finance-prod-ledger"


def plans_text(value: Any) -> str:
    assert plans.digest(value)
    return json.dumps(dataclasses.asdict(value))


@pytest.mark.parametrize("name", ["org:finance-bureau", "govcloud:auditors"])
def test_tenants_cannot_name_groups_of_ours(name: str) -> None:
    with pytest.raises(ValueError, match="a group of the platform itself"):
        tenant_inventories.tenant("finance", members=[{"group": name, "role": "owner"}])


def test_another_value_of_a_secret_is_another_entry_of_whoever_uses_it() -> None:
    found = planned(identity={"directory": DIRECTORY, **PORTAL})
    before = steps.identity_entries(found, {})
    changed = {
        name: {
            entry for entry, digest in steps.identity_entries(found, {name: "other"}).items() if digest != before[entry]
        }
        for name in ("vpn-client", "portal-client", "directory", steps.DERIVED, "identity-engine")
    }
    assert changed == {
        "vpn-client": {"Client/govcloud-vpn"},
        "portal-client": {"Client/govcloud-portal"},
        "directory": {"Realm/govcloud"},
        steps.DERIVED: {f"Client/{client.id}" for client in found.clients if client.id not in OWN},
        "identity-engine": set(),
    }
    assert changed[steps.DERIVED]
