"""An identity service in memory, as far as the people sync asks it, for tests of the verbs."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
import json
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from govcloud_cli.commands import runs
from govcloud_cli.model import people, platforms
from govcloud_cli.providers.keycloak import failures, session
from govcloud_cli.run import sites, workspace
from govcloud_cli.run.people import places
from tests.support import inventories

NOW = datetime.datetime(2026, 11, 22, 8, 0, tzinfo=datetime.UTC)
_USER = r"/admin/realms/(?:govcloud|master)/users/([^/]+)"


class Service(session.Api):
    """Users, groups and what was asked for."""

    def __init__(self, groups: list[str]) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.groups = {f"g-{name}": name for name in groups}
        self.calls: list[tuple[str, str]] = []
        self.refuses: Callable[[str, str], bool] = lambda *_: False
        self._numbers = itertools.count(1)

    def add(self, name: str, *groups: str, enabled: bool = True, shown: str = "") -> str:
        """Make a user; return its id."""
        identifier = f"u-{next(self._numbers)}"
        self.users[identifier] = {
            "id": identifier,
            "username": name,
            "firstName": shown or name,
            "enabled": enabled,
            "groups": set(groups),
            "credentials": [],
            "sessions": 1,
        }
        return identifier

    def user(self, name: str) -> dict[str, Any]:
        """The user of that name."""
        return next(one for one in self.users.values() if one["username"] == name)

    def get(self, path: str, *, query: Mapping[str, str] | None = None) -> Any:
        """See `session.Api`."""
        first = int((query or {}).get("first", 0))
        if path.endswith("/users"):
            wanted, prefix = (query or {}).get("username"), (query or {}).get("exact") == "false"
            found = (one for one in self.users.values() if wanted in {None, one["username"][: len(wanted or "")]})
            return [self._told(one) for one in found if prefix or wanted in {None, one["username"]}][first:]
        if path.endswith("/groups"):
            return [{"id": key, "name": name, "path": f"/{name}"} for key, name in self.groups.items()][first:]
        if members := re.search(r"/groups/([^/]+)/members$", path):
            name = self.groups[members[1].replace("%3A", ":")]
            return [self._told(one) for one in self.users.values() if name in one["groups"]][first:]
        if path.endswith("/client-session-stats"):
            return []
        user = self._user(path)
        if path.endswith("/credentials"):
            return list(user["credentials"])
        if path.endswith("/sessions"):
            return [{"start": 0, "lastAccess": 0, "ipAddress": "10.20.0.9"}] * user["sessions"]
        raise NotImplementedError(path)

    def post(self, path: str, body: Any = None) -> Any:
        """See `session.Api`."""
        self._heard("POST", path)
        if path.endswith("/partialImport"):
            for one in body["users"]:
                self.add(one["username"], *(path.rpartition("/")[2] for path in one["groups"]), shown=one["firstName"])
        elif path.endswith("/logout"):
            self._user(path)["sessions"] = 0
        else:
            raise NotImplementedError(path)

    def put(self, path: str, body: Any = None) -> Any:
        """See `session.Api`."""
        self._heard("PUT", path)
        user = self._user(path)
        if found := re.search(r"/groups/([^/]+)$", path):
            user["groups"].add(self.groups[found[1].replace("%3A", ":")])
        elif path.endswith("/reset-password"):
            if len(body["value"]) < 12:
                raise failures.ApiError("refused", status=400, cause=f"too short: {body['value']}")
            user["password"] = body["value"]
            user["credentials"].append({"id": "c-password", "type": "password", "createdDate": 0})
        elif "credentials" in body:
            number = next(self._numbers)
            user["credentials"].append({"id": f"c-{number}", "type": "otp", "createdDate": 0})
        else:
            user.update(body)

    def request(self, method: str, path: str, json: Any = None, *, query: Mapping[str, str] | None = None) -> Any:
        """See `session.Api`: what is found, or deleted."""
        if method == "GET":
            return self.get(path, query=query)
        self._heard(method, path)
        user = self._user(path)
        if found := re.search(r"/groups/([^/]+)$", path):
            user["groups"].discard(self.groups[found[1].replace("%3A", ":")])
        elif found := re.search(r"/credentials/([^/]+)$", path):
            user["credentials"] = [one for one in user["credentials"] if one["id"] != found[1]]
        elif path.endswith(f"/users/{user['id']}"):
            del self.users[user["id"]]
        else:
            raise NotImplementedError(path)
        return None

    def _heard(self, method: str, path: str) -> None:
        if self.refuses(method, path):
            raise failures.ApiError("Keycloak refused (HTTP 500)", status=500)
        self.calls.append((method, path))

    def _user(self, path: str) -> dict[str, Any]:
        found = re.match(_USER, path)
        if found is None:
            raise NotImplementedError(path)
        return self.users[found[1]]

    def _told(self, user: dict[str, Any]) -> dict[str, Any]:
        told = {name: user[name] for name in ("id", "username", "firstName", "enabled")}
        told["createdTimestamp"] = user.get("made", 0) * 1000
        return {
            **told,
            "federationLink": user.get("federationLink"),
            "lastName": user.get("lastName", ""),
            "totp": any(c["type"] == "otp" for c in user["credentials"]),
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment:
    """The lab's external side with an identity service, as the verbs find it."""

    site: sites.Site
    service: Service

    @property
    def folder(self) -> workspace.SideFolder:
        """The side's folder."""
        return self.site.space.side(platforms.Side.EXTERNAL)

    def says(self, monkeypatch: pytest.MonkeyPatch, *rows: dict[str, Any]) -> Environment:
        """The same with other people in people.yaml."""
        known = tuple(people.Person.model_validate_json(json.dumps(row)) for row in rows)
        site = dataclasses.replace(self.site, spec=dataclasses.replace(self.site.spec, people=known))
        monkeypatch.setattr(sites, "load", lambda *_, **__: site)
        return dataclasses.replace(self, site=site)


def environment(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment of nobody, whose clock stands at `NOW`."""
    spec = inventories.lab()
    plan = inventories.lab_plan()
    side = next(one for one in plan.sides if one.side is platforms.Side.EXTERNAL)
    found = dataclasses.replace(plan, sides=(dataclasses.replace(side, network=None, vpn=None),))
    space = workspace.Workspace(path=tmp_path / ".govcloud" / "lab")
    site = sites.Site(spec=dataclasses.replace(spec, people=()), space=space, sides=(platforms.Side.EXTERNAL,))
    service = Service([group.name for group in side.identity.groups] if side.identity else [])

    @contextlib.contextmanager
    def opened(_: places.Place, **__: float) -> Iterator[Service]:
        yield service

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(places.Place, "opened", opened)
    monkeypatch.setattr(workspace, "locate", lambda _: space)
    monkeypatch.setattr(sites, "plan", lambda *_, **__: found)
    monkeypatch.setattr(sites, "load", lambda *_, **__: site)
    monkeypatch.setattr(runs, "now", lambda: NOW)
    return Environment(site=site, service=service)
