"""What a real Keycloak tells of log-ins, asked as a collection asks it: directly, and by the worker."""

from __future__ import annotations

import datetime
import json
import pathlib

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import identity, identity_places
from govcloud_cli.run import reach, workspace
from govcloud_cli.run.access import collecting
from tests.support import keycloak, people_realm

pytestmark = pytest.mark.engine
NOW = datetime.datetime(2026, 11, 23, 8, 0, tzinfo=datetime.UTC)


class Here(reach.Reach):
    """A way with a prefix that leads to where we are."""

    @property
    def prefix(self) -> tuple[str, ...]:
        return ("env",)


@pytest.mark.parametrize("way", [reach.Reach(namespace=None), Here(namespace=None)], ids=["directly", "by the worker"])
def test_who_was_refused_is_told_once(
    keycloak_server: keycloak.Running, tmp_path: pathlib.Path, way: reach.Reach
) -> None:
    folder = workspace.SideFolder(path=tmp_path, side=platforms.Side.EXTERNAL)
    workspace.write(workspace.make_folder(folder.secrets) / identity.ENGINE_SECRET, keycloak.SECRET)
    workspace.write(workspace.make_folder(folder.pki) / "services-ca.crt", keycloak_server.ca)
    source = collecting.Identity(url=keycloak_server.url, folder=folder, way=way)
    with keycloak_server.without(identity_places.REALM) as api:
        people_realm.make(api)
        api.put(f"{people_realm.ADMIN}/events/config", {"eventsEnabled": True, "enabledEventTypes": ["LOGIN_ERROR"]})
        api.post(f"{people_realm.ADMIN}/users", {"username": "li.wei", "enabled": True})
        assert not people_realm.log_in(keycloak_server, "li.wei", "Wrong-Horse-7777").ok

        taken = source.take({}, now=NOW)

        told = [json.loads(line.data) for line in taken.lines]
        assert [(one["person"], one["event"]) for one in told if one["event"] == "refused"] == [("li.wei", "refused")]
        assert [one for one in source.take(taken.cursor, now=NOW).lines if b"refused" in one.data] == []
