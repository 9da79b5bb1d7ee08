"""A realm as parts and fields, from a Keycloak of few words."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli.providers.keycloak import parts

AT = "/admin/realms/r"
EXPORT: dict[str, Any] = {
    "id": "1",
    "passwordPolicy": "length(12)",
    "keycloakVersion": "26",
    "smtpServer": {},
    "supportedLocales": ["zh", "en"],
    "requiredActions": [{"alias": "A", "enabled": False}, {"alias": "B", "enabled": True}],
    "identityProviders": [{"alias": "evil", "internalId": "9", "enabled": True}],
    "roles": {"realm": [{"id": "2", "name": "x"}], "client": {"app": [{"name": "own"}]}},
    "groups": [
        {
            "id": "3",
            "name": "org",
            "path": "/org",
            "subGroups": [{"id": "4", "name": "finance:owners", "path": "/org/finance:owners", "subGroups": []}],
        },
        {"id": "5", "name": "finance:owners", "path": "/finance:owners", "subGroups": []},
    ],
}
CLIENTS: list[dict[str, Any]] = [
    {"id": "6", "clientId": "app", "secret": "s3cret", "attributes": {"client.secret.creation.time": "1"}},
    {"id": "7", "clientId": "realm-management"},
]


class Server:
    """Answers what a look asks."""

    def __init__(self) -> None:
        self.export, self.clients = copy.deepcopy(EXPORT), copy.deepcopy(CLIENTS)
        self.users: list[dict[str, Any]] = []

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        del query
        answers = {
            f"{AT}/clients": copy.deepcopy(self.clients),
            f"{AT}/clients/7/roles": [{"name": "realm-admin"}, {"name": "view-users"}],
            f"{AT}/clients/7/roles/realm-admin/users": self.users,
            f"{AT}/clients/7/roles/view-users/users": [],
        }
        return answers[path]

    def find(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        del query
        return {} if path == AT else None

    def request(self, method: str, path: str, json: Any = None, *, query: Mapping[str, str] | None = None) -> Any:
        assert (method, path) == ("POST", f"{AT}/partial-export")
        return copy.deepcopy(self.export)


@pytest.fixture
def server() -> Server:
    return Server()


def read(server: Server) -> dict[str, dict[str, Any]]:
    return parts.read(server, "r", seal=lambda secret: f"<{len(secret)}>")


def test_every_part_has_a_name_and_every_field_a_place(server: Server) -> None:
    found = read(server)
    assert list(found) == [
        "Client/app",
        "Client/realm-management",
        "Group//org/finance:owners",
        "Group/finance:owners",
        "Group/org",
        "IdentityProvider/evil",
        "Realm/r",
    ]
    assert found["Realm/r"] == {
        "passwordPolicy": "length(12)",
        "requiredActions[A].alias": "A",
        "requiredActions[A].enabled": False,
        "requiredActions[B].alias": "B",
        "requiredActions[B].enabled": True,
        "roles.realm[x].name": "x",
        "supportedLocales": ["en", "zh"],
    }


def test_a_secret_is_only_told_by_its_seal_and_what_log_ins_write_not_at_all(server: Server) -> None:
    assert read(server)["Client/app"] == {"clientId": "app", "secret": "sealed:<6>", "roles[own].name": "own"}


def test_a_group_that_has_the_name_of_another_is_a_part_of_its_own(server: Server) -> None:
    server.export["groups"][0]["subGroups"].clear()
    assert "Group//org/finance:owners" not in read(server)


def test_what_was_made_anew_as_it_was_is_the_same(server: Server) -> None:
    before = read(server)
    server.clients[0]["id"] = "another"
    server.export["roles"]["realm"][0]["id"] = "another"
    server.export["requiredActions"].reverse()
    assert read(server) == before


def test_who_has_a_right_over_the_realm_himself_is_a_part(server: Server) -> None:
    server.users.append({"username": "mallory\x1b[2J"})
    assert read(server)["User/mallory?[2J"] == {"realm-management/realm-admin": True}


def test_of_a_realm_that_is_not_there_nothing_is_told(server: Server) -> None:
    assert parts.read(server, "another", seal=str) == {}


JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=5),
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(strategies.sampled_from(("alias", "name", "x", "id", "secret")), inner, max_size=4)
    ),
    max_leaves=20,
)


@hypothesis.given(JSON)
def test_any_representation_has_fields_whose_places_a_terminal_may_have(document: Any) -> None:
    found = list(parts._fields({"a": document}, "", lambda _: "s"))
    assert all(place.isprintable() for place, _ in found)
    assert all(not isinstance(value, dict) for _, value in found)
