"""What is recorded of a realm, with a Keycloak that is two answers; `test_keycloak_engine` has a real one."""

from __future__ import annotations

import types
from typing import Any, cast

import pytest

from govcloud_cli.providers import resource
from govcloud_cli.providers.keycloak import configuration, realm_settings

ALL = ["LOGIN", "LOGIN_ERROR", "LOGOUT"]
"""What Keycloak tells where nobody chose."""


class Server:
    """The events' configuration of one realm."""

    def __init__(self, chosen: list[str]) -> None:
        self.chosen = chosen
        self.sent: list[dict[str, Any]] = []

    def find(self, path: str) -> Any:
        assert path == "/admin/realms/govcloud/events/config"
        flags = {"adminEventsEnabled": False, "adminEventsDetailsEnabled": False, "eventsExpiration": 0}
        return {**flags, "eventsEnabled": True, "enabledEventTypes": self.chosen or ALL}

    def get(self, path: str) -> Any:
        assert path == "/admin/realms/govcloud"
        return {"realm": "govcloud", "enabledEventTypes": self.chosen}

    def put(self, _: str, body: dict[str, Any]) -> None:
        self.sent.append(body)
        self.chosen = body["enabledEventTypes"]


@pytest.mark.parametrize(("chosen", "sent"), [([], 0), (["REGISTER"], 1)], ids=["nobody", "somebody"])
def test_types_that_somebody_chose_are_all_again_and_nothing_is_sent_where_nobody_did(
    chosen: list[str], sent: int
) -> None:
    server = Server(chosen)
    events = realm_settings.RealmEvents(cast("configuration.Connection", types.SimpleNamespace(session=server)))
    given = {"realmId": "govcloud", "eventsEnabled": True, "enabledEventTypes": []}
    wanted = events.check(given, old={}, name="e").inputs
    state = resource.State(id="govcloud", outputs={}, inputs=wanted)
    seen = events.read(state)
    assert seen is not None
    assert seen.inputs["enabledEventTypes"] == chosen
    assert len(events.diff(seen, wanted).changed) == sent
    events.update(state, wanted, preview=False)
    assert [body["enabledEventTypes"] for body in server.sent] == [[]] * sent
