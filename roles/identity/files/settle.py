"""Settles who administers Keycloak: the deploy's own client and one sealed account, nobody else.

Sent to the machine and run there as root, with what is wanted as JSON on standard input. Says `changed: …` on standard
output for each thing that it changed (in check mode: would change); what is wrong is the last line of standard error.
Where the deploy's secret opens nothing, a temporary administrator opens it, made by Keycloak itself and removed here.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import pathlib
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
from typing import Any

ENGINE = "govcloud-engine"
SEALED = "break-glass"
TEMPORARY = "govcloud-bootstrap-"
MARK = "govcloud.break-glass"
"""Attribute of the engine's client: which password the sealed account was last given, and by whom."""
ENVIRONMENT = pathlib.Path("/run/keycloak-bootstrap/environment")
SERVICE = "keycloak.service"
DAY = 86_400


class RefusedError(Exception):
    """Keycloak answered, and not as it should; the text is for people and holds no secret."""


class Server:
    """Keycloak on this machine's loopback, its certificate verified for the service's name."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        self.host, self.port, self.health_port = wanted["host"], wanted["port"], wanted["health_port"]
        self.context = ssl.create_default_context(cafile=wanted["ca"])
        self.token, self.identity = "", ("", "")

    def request(self, method: str, path: str, body: bytes, kind: str, port: int = 0) -> tuple[int, Any]:
        """Status and JSON content (None if there is none)."""
        connection = http.client.HTTPConnection(self.host)
        plain = socket.create_connection(("127.0.0.1", port or self.port), timeout=30)
        connection.sock = self.context.wrap_socket(plain, server_hostname=self.host)
        try:
            headers = {"Content-Type": kind, "Accept": "application/json"}
            if self.token:
                headers["Authorization"] = f"Bearer {self.token}"
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content[:1] in (b"{", b"[") else None
        finally:
            connection.close()

    def ask(self, method: str, path: str, document: object = None, *, good: tuple[int, ...] = (200, 201, 204)) -> Any:
        """The answer of the administration's API in the realm `master`."""
        body = b"" if document is None else json.dumps(document).encode()
        status, content = self.request(method, f"/admin/realms/master{path}", body, "application/json")
        if status not in good:
            told = content.get("errorMessage") or content.get("error") if isinstance(content, dict) else ""
            asked = f"{method} {path.partition('?')[0]} of the realm master"
            raise RefusedError(f"{asked} was answered {status} {told or ''}".strip())
        return content

    def log_in(self, client: str, secret: str) -> bool:
        """Whether the client's secret opens the realm `master`; its token is used from now on."""
        self.token = ""
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        body = urllib.parse.urlencode(form).encode()
        path = "/realms/master/protocol/openid-connect/token"
        status, content = self.request("POST", path, body, "application/x-www-form-urlencoded")
        if status in (400, 401):
            return False
        if status != 200:
            raise RefusedError(f"a token of the realm master was answered {status}")
        self.token, self.identity = content["access_token"], (client, secret)
        return True

    def ready(self) -> bool:
        """Whether it answers, its database too."""
        self.token = ""
        try:
            status, _ = self.request("GET", "/health/ready", b"", "application/json", self.health_port)
        except (OSError, http.client.HTTPException):
            return False
        return status == 200


def changed(what: str) -> None:
    """Tell the role."""
    sys.stdout.write(f"changed: {what}\n")


def main() -> None:
    """Everything, in order."""
    wanted = json.load(sys.stdin)
    server, check = Server(wanted), bool(wanted["check"])
    secret = wanted["engine_secret"].strip()
    if len(secret) < 32 or len(wanted["break_glass"].strip()) < 16:
        raise RefusedError("the secrets of the deploy's client and of the sealed account are too short")
    try:
        if not open_(server, secret, check=check, seconds=int(wanted["ready_seconds"])):
            changed(f"client {ENGINE}")
            return
        settle_realm(server, wanted, check=check)
        engine = settle_engine(server, secret, check=check)
        if not check and not server.log_in(ENGINE, secret):
            raise RefusedError(f"the client {ENGINE} was made, and its secret opens nothing")
        remove_temporary(server, check=check)
        settle_sealed(server, engine, wanted["break_glass"].strip(), check=check)
    finally:
        shutil.rmtree(ENVIRONMENT.parent, ignore_errors=True)
    refuse_others(server)


def open_(server: Server, secret: str, *, check: bool, seconds: int) -> bool:
    """Log in as the deploy's client, else as a temporary administrator made for it; False: check mode makes none."""
    running = systemctl("is-active", "--quiet", SERVICE, check=False) == 0
    if running:
        wait(server, seconds)
        if server.log_in(ENGINE, secret):
            return True
    if check:
        return False
    client, temporary = TEMPORARY + secrets.token_hex(8), secrets.token_urlsafe(48)
    ENVIRONMENT.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(ENVIRONMENT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"KC_BOOTSTRAP_ADMIN_CLIENT_ID={client}\nKC_BOOTSTRAP_ADMIN_CLIENT_SECRET={temporary}\n")
    if not running:
        # An empty database gets its temporary administrator at the first start; one that was in use does not.
        changed("started Keycloak")
        start(server, seconds)
        if server.log_in(ENGINE, secret) or server.log_in(client, temporary):
            return True
    systemctl("start", "keycloak-bootstrap.service")
    start(server, seconds)
    if not server.log_in(client, temporary):
        raise RefusedError("Keycloak made a temporary administrator and does not know it")
    return True


def start(server: Server, seconds: int) -> None:
    systemctl("start", SERVICE)
    wait(server, seconds)


def wait(server: Server, seconds: int) -> None:
    end = time.monotonic() + seconds
    before = restarts()
    while not server.ready():
        if restarts() - before > 3:
            raise RefusedError(f"Keycloak ends soon after each start: see `journalctl -u {SERVICE}`")
        if time.monotonic() > end:
            raise RefusedError(f"Keycloak was not ready within {seconds} s: see `journalctl -u {SERVICE}`")
        time.sleep(0.5)


def restarts() -> int:
    """How often systemd has restarted it by itself since somebody started it."""
    argv = ["systemctl", "show", "--value", "--property=NRestarts", SERVICE]
    return int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def settle_realm(server: Server, wanted: dict[str, Any], *, check: bool) -> None:
    """What the realm `master` is like: administrators only, over the management network, watched."""
    seen = server.ask("GET", "")
    days = int(wanted["event_days"])
    settings = {
        "displayName": "GovCloud administration",
        "sslRequired": "all",
        "registrationAllowed": False,
        "resetPasswordAllowed": False,
        "rememberMe": False,
        "bruteForceProtected": True,
        "permanentLockout": False,
        "failureFactor": 5,
        "waitIncrementSeconds": 300,
        "maxFailureWaitSeconds": 1800,
        "maxDeltaTimeSeconds": 43200,
        "passwordPolicy": "length(16) and notUsername(undefined) and passwordHistory(5)",
        "accessTokenLifespan": 60,
        "ssoSessionIdleTimeout": 900,
        "ssoSessionMaxLifespan": 14400,
        "eventsEnabled": True,
        # None chosen: all. Whoever chose some, or took the log away, would keep the others from the audit.
        "enabledEventTypes": [],
        "eventsListeners": ["jboss-logging"],
        "eventsExpiration": days * DAY,
        "adminEventsEnabled": True,
        "adminEventsDetailsEnabled": False,
    }
    # Log-in of the administration stays in the management network, the console's too.
    attributes = {"frontendUrl": wanted["admin_url"], "adminEventsExpiration": str(days * DAY)}
    different = [name for name, value in settings.items() if seen.get(name) != value]
    different += [name for name, value in attributes.items() if seen.get("attributes", {}).get(name) != value]
    if different:
        changed(f"realm master: {', '.join(sorted(different))}")
        if not check:
            merged = {**seen.get("attributes", {}), **attributes}
            server.ask("PUT", "", {**settings, "realm": "master", "attributes": merged})
            # The realm has another address now, for which the token was not issued.
            server.log_in(*server.identity)


def settle_engine(server: Server, secret: str, *, check: bool) -> dict[str, Any]:
    """The deploy's client: a service account with its secret, no log-in of people; as it was read."""
    wanted = {
        "name": "GovCloud deploy",
        "enabled": True,
        "protocol": "openid-connect",
        "clientAuthenticatorType": "client-secret",
        "publicClient": False,
        "bearerOnly": False,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": True,
    }
    found = server.ask("GET", f"/clients?clientId={ENGINE}")
    seen = found[0] if found else {}
    different = [name for name, value in wanted.items() if seen.get(name) != value]
    if seen.get("secret") != secret:
        different.append("secret")
    if different:
        changed(f"client {ENGINE}: {', '.join(different) if seen else 'new'}")
        if check:
            return seen
        document = {**seen, **wanted, "clientId": ENGINE, "secret": secret}
        if seen:
            server.ask("PUT", f"/clients/{seen['id']}", document)
        else:
            server.ask("POST", "/clients", document)
        seen = server.ask("GET", f"/clients?clientId={ENGINE}")[0]
    account = server.ask("GET", f"/clients/{seen['id']}/service-account-user")
    grant_admin(server, account["id"], f"client {ENGINE}", check=check)
    return dict(seen)


def grant_admin(server: Server, account: str, what: str, *, check: bool) -> None:
    path = f"/users/{account}/role-mappings/realm"
    if any(role["name"] == "admin" for role in server.ask("GET", path)):
        return
    changed(f"{what}: may administer")
    if not check:
        server.ask("POST", path, [server.ask("GET", "/roles/admin")])


def remove_temporary(server: Server, *, check: bool) -> None:
    """Temporary administrators, also those that a killed run left."""
    for client in server.ask("GET", f"/clients?clientId={TEMPORARY}&search=true"):
        if client["clientId"].startswith(TEMPORARY):
            changed("removed a temporary administrator")
            if not check:
                server.ask("DELETE", f"/clients/{client['id']}")


def settle_sealed(server: Server, engine: dict[str, Any], password: str, *, check: bool) -> None:
    """The account for emergencies: there, with the given password, and none of its sessions older than that."""
    wanted = {
        "enabled": True,
        "emailVerified": True,
        "email": "break-glass@govcloud.invalid",
        "firstName": "Break",
        "lastName": "Glass",
    }
    found = server.ask("GET", f"/users?username={SEALED}&exact=true")
    seen = found[0] if found else {}
    different = [name for name, value in wanted.items() if seen.get(name) != value]
    if different:
        changed(f"account {SEALED}: {', '.join(different) if seen else 'new'}")
        if check:
            return
        document = {**wanted, "username": SEALED, "requiredActions": []}
        server.ask("PUT" if seen else "POST", f"/users/{seen['id']}" if seen else "/users", document)
        seen = server.ask("GET", f"/users?username={SEALED}&exact=true")[0]
    grant_admin(server, seen["id"], f"account {SEALED}", check=check)
    if engine.get("attributes", {}).get(MARK) == mark(server, seen["id"], password):
        return
    changed(f"account {SEALED}: password")
    if check:
        return
    for credential in server.ask("GET", f"/users/{seen['id']}/credentials"):
        server.ask("DELETE", f"/users/{seen['id']}/credentials/{credential['id']}")
    server.ask(
        "PUT", f"/users/{seen['id']}/reset-password", {"type": "password", "value": password, "temporary": False}
    )
    server.ask("POST", f"/users/{seen['id']}/logout")
    attributes = {**engine.get("attributes", {}), MARK: mark(server, seen["id"], password)}
    server.ask("PUT", f"/clients/{engine['id']}", {**engine, "attributes": attributes})


def mark(server: Server, account: str, password: str) -> str:
    """What is true of the account as long as nobody has set another password, or added another way to log in.

    The password is no person's but 256 random bits, so a digest of it gives nothing away.
    """
    credentials = server.ask("GET", f"/users/{account}/credentials")
    state = sorted([one["id"], one["type"], one.get("createdDate", 0)] for one in credentials)
    return hashlib.sha256(json.dumps(["govcloud break-glass", password, state]).encode()).hexdigest()


def refuse_others(server: Server) -> None:
    """Whoever else could administer everything: an account, or a client that logs in by itself."""
    accounts = [one["username"] for one in server.ask("GET", "/users?max=100")]
    clients = [one["clientId"] for one in server.ask("GET", "/clients?max=1000") if one.get("serviceAccountsEnabled")]
    others = sorted({*accounts} - {SEALED}) + sorted({*clients} - {ENGINE})
    if others:
        raise RefusedError(
            f"the realm master has other administrators: {', '.join(others)}; remove them, and deploy again"
        )


def systemctl(*arguments: str, check: bool = True) -> int:
    done = subprocess.run(["systemctl", *arguments], check=False, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RefusedError(f"systemctl {' '.join(arguments)} failed: see `journalctl -u {arguments[-1]}`")
    return done.returncode


if __name__ == "__main__":
    try:
        main()
    except (
        RefusedError,
        OSError,
        http.client.HTTPException,
        subprocess.SubprocessError,
        KeyError,
        ValueError,
    ) as error:
        # Of anything but our own words only the kind is told: a message may hold what was sent.
        told = str(error) if isinstance(error, RefusedError) else f"Keycloak could not be asked: {type(error).__name__}"
        sys.exit(told)
