"""What the role `identity` does to the realm of administrators, with a Keycloak that is a table."""

from __future__ import annotations

import importlib.util
import io
import json
import pathlib
import types
from typing import Any

import pytest

from govcloud_cli import resources
from govcloud_cli.model import people
from govcloud_cli.plan import identity

SECRET, OTHER = "s" * 64, "o" * 64
PASSWORD = "p" * 64
WANTED = {
    "check": False,
    "host": "id.example",
    "port": 8444,
    "health_port": 9000,
    "ca": "/ca.crt",
    "admin_url": "https://192.0.2.1:8443",
    "event_days": 200,
    "ready_seconds": 30,
    "engine_secret": SECRET + "\n",
    "break_glass": PASSWORD + "\n",
}


class Keycloak:
    """The realm `master` as far as the program asks for it."""

    def __init__(self) -> None:
        self.running = False
        self.empty = True
        self.realm: dict[str, Any] = {"attributes": {}}
        self.clients: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.admins: set[str] = set()
        self.credentials: dict[str, list[dict[str, Any]]] = {}
        self.passwords: dict[str, str] = {}
        self.logouts = 0
        self.writes: list[str] = []
        self.bootstraps: list[str] = []

    def ask(self, method: str, path: str, document: Any = None) -> Any:  # noqa: PLR0912 - a table
        if method != "GET":
            self.writes.append(f"{method} {path.partition('?')[0]}")
        path, _, query = path.partition("?")
        parts = path.strip("/").split("/")
        match method, parts:
            case "GET", [""]:
                return json.loads(json.dumps(self.realm))
            case "PUT", [""]:
                self.realm.update(document)
            case "GET", ["clients"]:
                name = query.partition("clientId=")[2].partition("&")[0]
                found = [one for one in self.clients.values() if name in one["clientId"]]
                return json.loads(json.dumps(found))
            case ("POST", ["clients"]) | ("PUT", ["clients", _]):
                self.clients[document["clientId"]] = {**document, "id": document["clientId"]}
            case "DELETE", ["clients", name]:
                del self.clients[name]
            case "GET", ["clients", name, "service-account-user"]:
                return {"id": f"service-account-{name}"}
            case "GET", ["users"]:
                return [{**user} for user in self.users.values()]
            case "POST", ["users"]:
                self.users[document["username"]] = {**document, "id": document["username"]}
            case "PUT", ["users", name, "reset-password"]:
                self.passwords[name] = document["value"]
                self.credentials[name] = [{"id": str(len(self.writes)), "type": "password", "createdDate": 1}]
            case "POST", ["users", _, "logout"]:
                self.logouts += 1
            case "GET", ["users", name, "credentials"]:
                return self.credentials.get(name, [])
            case "DELETE", ["users", name, "credentials", _]:
                self.credentials[name] = []
            case "GET", ["users", name, "role-mappings", "realm"]:
                return [{"name": "admin"}] if name in self.admins else []
            case "POST", ["users", name, "role-mappings", "realm"]:
                self.admins.add(name)
            case "GET", ["roles", "admin"]:
                return {"name": "admin"}
            case _:
                raise AssertionError(f"{method} {path} is not in the table")
        return None


@pytest.fixture
def keycloak() -> Keycloak:
    return Keycloak()


@pytest.fixture
def settle(keycloak: Keycloak, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> types.ModuleType:
    """The program, with the table in the place of Keycloak and of systemd."""
    path = resources.folder("roles") / "identity" / "files" / "settle.py"
    spec = importlib.util.spec_from_file_location("settle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Server:
        def __init__(self, _wanted: object) -> None:
            self.identity = ("", "")

        def log_in(self, client: str, secret: str) -> bool:
            self.identity = (client, secret)
            return keycloak.clients.get(client, {}).get("secret") == secret

        def ready(self) -> bool:
            return keycloak.running

        def ask(self, method: str, path: str, document: object = None) -> Any:
            return keycloak.ask(method, path, document)

    def temporary() -> None:
        given = dict(line.split("=", 1) for line in module.ENVIRONMENT.read_text().splitlines())
        name = given["KC_BOOTSTRAP_ADMIN_CLIENT_ID"]
        keycloak.clients[name] = {
            "id": name,
            "clientId": name,
            "secret": given["KC_BOOTSTRAP_ADMIN_CLIENT_SECRET"],
            "serviceAccountsEnabled": True,
        }
        keycloak.bootstraps.append(name)

    def systemctl(*arguments: str, check: bool = True) -> int:
        if arguments[0] == "is-active":
            return 0 if keycloak.running else 3
        if arguments[1] == "keycloak-bootstrap.service":
            keycloak.running = False
            temporary()
            return 0
        keycloak.running = True
        if keycloak.empty and module.ENVIRONMENT.exists():
            temporary()
        keycloak.empty = False
        return 0

    monkeypatch.setattr(module, "Server", Server)
    monkeypatch.setattr(module, "systemctl", systemctl)
    monkeypatch.setattr(module, "restarts", lambda: 0)
    monkeypatch.setattr(module, "ENVIRONMENT", tmp_path / "bootstrap" / "environment")
    return module


def run(
    settle: types.ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **given: object
) -> list[str]:
    """What one run says that it changed."""
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({**WANTED, **given})))
    settle.main()
    assert not settle.ENVIRONMENT.parent.exists(), "nothing of the temporary administrator is left"
    told = capsys.readouterr().out
    assert not [value for value in (SECRET, OTHER, PASSWORD) if value in told]
    return told.splitlines()


def test_the_program_calls_its_accounts_as_the_platform_does(settle: types.ModuleType) -> None:
    assert settle.SEALED == people.BREAK_GLASS
    assert settle.ENGINE == identity.ENGINE_CLIENT
    assert all(people.is_reserved(name) for name in (settle.SEALED, settle.ENGINE, settle.TEMPORARY))


def test_an_empty_keycloak_ends_with_the_deploys_client_and_the_sealed_account_alone(
    settle: types.ModuleType,
    keycloak: Keycloak,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run(settle, capsys, monkeypatch)[0] == "changed: started Keycloak"
    assert list(keycloak.clients) == ["govcloud-engine"]
    assert list(keycloak.users) == ["break-glass"]
    assert keycloak.admins == {"service-account-govcloud-engine", "break-glass"}
    assert keycloak.passwords == {"break-glass": PASSWORD}
    assert keycloak.realm["attributes"]["frontendUrl"] == WANTED["admin_url"]
    assert keycloak.realm["eventsExpiration"] >= 180 * 86_400
    assert len(keycloak.bootstraps) == 1

    before = len(keycloak.writes)
    assert run(settle, capsys, monkeypatch) == []
    assert len(keycloak.writes) == before
    assert len(keycloak.bootstraps) == 1, "no second temporary administrator"


@pytest.mark.parametrize(
    ("field", "value"), [("enabledEventTypes", ["REGISTER"]), ("eventsListeners", []), ("eventsEnabled", False)]
)
def test_what_keeps_log_ins_from_the_audit_is_put_back(
    settle: types.ModuleType,
    keycloak: Keycloak,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    field: str,
    value: object,
) -> None:
    run(settle, capsys, monkeypatch)
    right = keycloak.realm[field]
    keycloak.realm[field] = value
    assert run(settle, capsys, monkeypatch) == [f"changed: realm master: {field}"]
    assert keycloak.realm[field] == right


def test_another_secret_is_set_through_a_temporary_administrator(
    settle: types.ModuleType,
    keycloak: Keycloak,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(settle, capsys, monkeypatch)
    assert run(settle, capsys, monkeypatch, check=True, engine_secret=OTHER) == ["changed: client govcloud-engine"]
    assert len(keycloak.bootstraps) == 1, "check mode makes none"
    told = run(settle, capsys, monkeypatch, engine_secret=OTHER)
    assert "changed: client govcloud-engine: secret" in told
    assert keycloak.clients["govcloud-engine"]["secret"] == OTHER
    assert list(keycloak.clients) == ["govcloud-engine"]


@pytest.mark.parametrize("tampered", [False, True], ids=["another password", "a password that somebody else set"])
def test_the_sealed_account_gets_its_password_back_and_loses_its_sessions(
    settle: types.ModuleType,
    keycloak: Keycloak,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    tampered: bool,
) -> None:
    run(settle, capsys, monkeypatch)
    logouts = keycloak.logouts
    if tampered:
        keycloak.credentials["break-glass"] = [{"id": "other", "type": "password", "createdDate": 2}]
    wanted = PASSWORD if tampered else OTHER
    assert run(settle, capsys, monkeypatch, break_glass=wanted) == ["changed: account break-glass: password"]
    assert (keycloak.passwords["break-glass"], keycloak.logouts) == (wanted, logouts + 1)
    assert run(settle, capsys, monkeypatch, break_glass=wanted) == []


def test_a_temporary_administrator_that_a_killed_run_left_is_removed(
    settle: types.ModuleType,
    keycloak: Keycloak,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(settle, capsys, monkeypatch)
    name = "govcloud-bootstrap-0123"
    keycloak.clients[name] = {"id": name, "clientId": name, "serviceAccountsEnabled": True}
    assert run(settle, capsys, monkeypatch) == ["changed: removed a temporary administrator"]
    assert list(keycloak.clients) == ["govcloud-engine"]


@pytest.mark.parametrize("kind", ["account", "client"])
def test_whoever_else_administers_is_named_and_nothing_goes_on(
    settle: types.ModuleType,
    keycloak: Keycloak,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    run(settle, capsys, monkeypatch)
    if kind == "account":
        keycloak.users["mallory"] = {"id": "mallory", "username": "mallory"}
    else:
        keycloak.clients["mallory"] = {"id": "mallory", "clientId": "mallory", "serviceAccountsEnabled": True}
    with pytest.raises(settle.RefusedError, match="mallory"):
        run(settle, capsys, monkeypatch)


@pytest.mark.parametrize("given", [{"engine_secret": "short"}, {"break_glass": ""}])
def test_a_secret_that_is_too_short_is_refused_before_anything_is_asked(
    settle: types.ModuleType,
    keycloak: Keycloak,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
) -> None:
    with pytest.raises(settle.RefusedError, match="too short"):
        run(settle, capsys, monkeypatch, **given)
    assert keycloak.writes == []
