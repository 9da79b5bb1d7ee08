"""The role `identity` on a machine, read from outside the role. One `host.run` collects what all tests judge.

Run by `govcloud verify`. Nothing here knows a secret: whether the deploy's own client works shows in the next deploy.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.roles
testinfra_hosts = ["ansible://identity"]

_ROLE = pathlib.Path(__file__).parents[1]
SERVICES = ("keycloak", "haproxy")
FORGED = "203.0.113.77"
"""An address that a client claims to come from."""

GATHER = """
import glob, grp, http.client, json, os, pwd, socket, ssl, stat, subprocess, sys
given = json.loads(sys.argv[1])
host = given["host"]

def run(*argv):
    done = subprocess.run(argv, capture_output=True, timeout=20)
    return done.stdout.decode("utf-8", "replace")

def tls(address, port, version=None):
    context = ssl.create_default_context(cafile="/etc/keycloak/ca.crt")
    if version is not None:
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    return context.wrap_socket(socket.create_connection((address, port), timeout=10), server_hostname=host)

def ask(address, port, path, method="GET", headers={}, body=None):
    connection = http.client.HTTPConnection(host)
    try:
        connection.sock = tls(address, port)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read(20000).decode("utf-8", "replace")
        return {"status": answer.status, "headers": {k.lower(): v for k, v in answer.getheaders()}, "text": text}
    except OSError as error:
        return {"status": 0, "headers": {}, "text": str(error)}
    finally:
        connection.close()

def old(address, port, version):
    try:
        tls(address, port, version).close()
        return "taken"
    except ssl.SSLError as error:
        return str(error)

units = {}
names = "ActiveState,UnitFileState,User,MainPID,NoNewPrivileges,ProtectSystem,CapabilityBoundingSet,NRestarts"
for service in given["services"]:
    units[service] = dict(line.split("=", 1) for line in run("systemctl", "show", "-p", names, service).splitlines())
    status = dict(line.split(":", 1) for line in open("/proc/%s/status" % units[service]["MainPID"]) if ":" in line)
    units[service]["capabilities"] = int(status["CapEff"], 16)
    units[service]["mebibytes"] = int(status["VmRSS"].split()[0]) // 1024
    command = open("/proc/%s/cmdline" % units[service]["MainPID"]).read().split(chr(0))
    units[service]["command"] = command
files = {}
for path in glob.glob("/etc/keycloak/*") + glob.glob("/etc/haproxy/*.pem") + [
    "/etc/keycloak", "/etc/haproxy", "/var/log/keycloak", "/var/log/keycloak/keycloak.jsonl"]:
    found = os.stat(path)
    owner, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name
    files[path] = [oct(stat.S_IMODE(found.st_mode)), owner, group]
zone, admin = given["zone"], given["admin"]
asked = {path: [ask(address, given["zone_port"], path)["status"] for address in zone] for path in given["hidden"]}
form = "grant_type=password&client_id=admin-cli&username=govcloud-verify&password=wrong"
kind = {"Content-Type": "application/x-www-form-urlencoded"}
kind.update({"X-Forwarded-For": given["forged"], "Forwarded": "for=" + given["forged"]})
refused = ask(admin[0], given["admin_port"], "/realms/master/protocol/openid-connect/token", "POST", kind, form)
with open("/var/log/keycloak/keycloak.jsonl", "rb") as file:
    file.seek(max(0, os.path.getsize(file.name) - 200000))
    tail = file.read().decode("utf-8", "replace").splitlines()
print(json.dumps({
    "units": units, "files": files, "hidden": asked, "refused": refused["status"],
    "bootstrap": os.path.exists("/run/keycloak-bootstrap"),
    "listeners": run("ss", "-Hltnp"),
    "events": [line for line in tail if "govcloud-verify" in line],
    "health": [ask(address, given["admin_port"], "/health/ready") for address in admin],
    "console": [ask(address, given["admin_port"], "/admin/master/console/")["status"] for address in admin],
    "api": [ask(address, given["admin_port"], "/admin/realms")["status"] for address in admin],
    "issuer": ask(admin[0], given["admin_port"], "/realms/master/.well-known/openid-configuration",
                  headers={"X-Forwarded-Host": "evil.example", "Host": "evil.example"})["text"],
    "old": [old(zone[0], given["zone_port"], version) for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)],
    "database": open("/etc/keycloak/keycloak.conf").read(),
}))
"""

HIDDEN = (
    "/",
    "/admin/master/console/",
    "/admin/realms",
    "/health/ready",
    "/metrics",
    "/realms/master/.well-known/openid-configuration",
    "/realms/govcloud/../master/.well-known/openid-configuration",
    "/realms/govcloud/%2e%2e/master/.well-known/openid-configuration",
    "/realms/govcloud/..;/master/.well-known/openid-configuration",
    "/resources/..%2fadmin/realms",
    "//admin/realms",
    "/realms/govcloud/clients-registrations/default",
)


@pytest.fixture(scope="module")
def variables(host: Any) -> dict[str, Any]:
    """The host's variables over the role's defaults."""
    defaults = yaml.safe_load((_ROLE / "defaults" / "main.yml").read_text())
    given = {name: value for name, value in host.ansible.get_variables().items() if name.startswith("identity_")}
    return {**defaults, **given}


@pytest.fixture(scope="module")
def seen(host: Any, variables: dict[str, Any]) -> dict[str, Any]:
    """What the machine says."""
    given = {
        "host": variables["identity_host"],
        "services": SERVICES,
        "zone": variables["identity_listen_addresses"],
        "zone_port": variables["identity_port"],
        "admin": variables["identity_admin_listen_addresses"],
        "admin_port": variables["identity_admin_port"],
        "hidden": HIDDEN,
        "forged": FORGED,
    }
    with host.sudo():
        done = host.run("python3 -W ignore -c %s %s", GATHER, json.dumps(given))
    assert done.rc == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_on_boot_under_its_own_account_and_confined(seen: dict[str, Any], service: str) -> None:
    unit = seen["units"][service]
    assert (unit["ActiveState"], unit["UnitFileState"]) == ("active", "enabled")
    assert (unit["NoNewPrivileges"], unit["ProtectSystem"], unit["User"]) == ("yes", "strict", service)
    # CAP_NET_BIND_SERVICE, for the proxy's port.
    assert unit["capabilities"] == {"keycloak": 0, "haproxy": 1 << 10}[service]


def test_keycloak_keeps_to_the_memory_that_it_was_given(seen: dict[str, Any], variables: dict[str, Any]) -> None:
    assert seen["units"]["keycloak"]["mebibytes"] < variables["identity_heap_mebibytes"] + 640


def test_only_the_proxy_listens_beyond_loopback_and_only_where_it_should(
    seen: dict[str, Any], variables: dict[str, Any]
) -> None:
    ours = [line.split() for line in seen["listeners"].splitlines() if '("java"' in line or '("haproxy"' in line]
    places = {(line[3].rpartition(":")[0].strip("[]"), int(line[3].rpartition(":")[2])) for line in ours}
    beyond = {place for place in places if place[0] not in ("127.0.0.1", "::1", "::ffff:127.0.0.1")}
    everywhere = variables["identity_listen_addresses"] + variables["identity_admin_listen_addresses"]
    zones = {(address, variables["identity_port"]) for address in everywhere}
    admin = {(address, variables["identity_admin_port"]) for address in variables["identity_admin_listen_addresses"]}
    assert beyond == zones | admin


def test_it_is_healthy_and_asks_for_https_for_good(seen: dict[str, Any]) -> None:
    for answer in seen["health"]:
        assert answer["status"] == 200, answer
        assert json.loads(answer["text"])["status"] == "UP"
        assert answer["headers"]["strict-transport-security"].startswith("max-age=31536000")


@pytest.mark.parametrize("path", HIDDEN)
def test_nobody_in_a_zone_sees_what_is_for_administrators(seen: dict[str, Any], path: str) -> None:
    assert set(seen["hidden"][path]) == {403}, "by the proxy, not by Keycloak for want of such a page"


def test_it_is_administered_over_the_management_network(seen: dict[str, Any]) -> None:
    assert set(seen["console"]) == {200}
    assert set(seen["api"]) == {401}, "nobody without a token"


def test_no_request_decides_what_the_service_is_called(seen: dict[str, Any], variables: dict[str, Any]) -> None:
    assert "evil.example" not in seen["issuer"]
    address = variables["identity_admin_listen_addresses"][0]
    assert f"{address}:{variables['identity_admin_port']}" in seen["issuer"].split("/realms/")[0]


def test_a_refused_log_in_is_recorded_with_the_address_it_came_from(seen: dict[str, Any]) -> None:
    assert seen["refused"] == 401
    assert seen["events"], "the refused log-in is in the file"
    record = json.loads(seen["events"][-1])
    assert "LOGIN_ERROR" in record["message"]
    assert FORGED not in "".join(seen["events"]), "what a client says about its address is dropped"


def test_there_is_no_temporary_administrator_left(seen: dict[str, Any]) -> None:
    assert not seen["bootstrap"]


def test_old_tls_is_refused(seen: dict[str, Any]) -> None:
    for told in seen["old"]:
        assert "alert protocol version" in told.lower()


def test_the_database_knows_it_by_its_certificate_alone(seen: dict[str, Any]) -> None:
    assert "sslmode=verify-full" in seen["database"]
    assert "sslcert=" in seen["database"]
    assert "password" not in seen["database"]


def test_keys_are_for_their_service_alone(seen: dict[str, Any]) -> None:
    for path, (mode, owner, group) in seen["files"].items():
        service = path.split("/")[2] if path.startswith("/etc/") else "keycloak"
        if path.startswith("/var/log/"):
            assert (mode, owner) == ("0o600" if path.endswith(".jsonl") else "0o700", "keycloak"), path
        else:
            folder = path.count("/") == 2
            assert (mode, owner, group) == ("0o750" if folder else "0o640", "root", service), path


def test_no_secret_is_in_a_command_line(seen: dict[str, Any]) -> None:
    for service in SERVICES:
        assert not [part for part in seen["units"][service]["command"] if "secret" in part.lower()]
