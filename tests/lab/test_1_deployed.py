"""A deployed lab, as its users and its neighbours meet it."""

from __future__ import annotations

import base64
import json
import pathlib
import re
import stat
from typing import Any

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, databases
from tests.lab import conftest, driver

pytestmark = pytest.mark.lab

# Argument: [[address, port], …]; prints those that answered, be it with a refusal.
REACHED = """
import concurrent.futures, json, socket, sys
def reached(target):
    try:
        with socket.create_connection(target, timeout=2):
            return True
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
targets = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(64) as pool:
    print(json.dumps([t for t, seen in zip(targets, pool.map(reached, map(tuple, targets))) if seen]))
"""
SIGN_IN = """
import json, psycopg, sys
try:
    with psycopg.connect(**json.load(sys.stdin), prepare_threshold=None) as connection:
        print(json.dumps(connection.execute("SELECT current_database()").fetchone()[0]))
except psycopg.OperationalError as error:
    print(json.dumps(str(error)))
"""


def targets(cloud: driver.Cloud, *chosen: str) -> list[list[Any]]:
    """Every address of the chosen machines, with every port that something of ours listens on."""
    found = []
    for machine in cloud.site.spec.platform.spec.machines:
        if machine.id in chosen:
            addresses = {str(address) for nic in machine.interfaces for address in (nic.address, nic.address6)}
            addresses |= {str(address) for address in (machine.management, machine.management6) if address}
            found += [[address, port] for address in sorted(addresses) for port in (22, 2379, 5432, 6432, 6443)]
    return found


def access(cloud: driver.Cloud, side: platforms.Side, role: str, database: str) -> dict[str, Any]:
    """Parameters of psycopg for a tenant's role, through the pooler."""
    folder, server = cloud.space.side(side), cloud.sides[side.value].database
    assert server is not None
    master = bytes.fromhex((folder.secrets / "master").read_text().strip())
    return {
        "host": str(server.management),
        "port": 6432,
        "user": role,
        "password": credentials.password(master, role, 1),
        "dbname": database,
        "sslmode": "verify-full",
        "sslrootcert": str(folder.pki / "services-ca.crt"),
        "connect_timeout": 10,
    }


def test_deploy_ends_with_a_summary(lab: conftest.Lab) -> None:
    for part in ("Deployed 'lab' in", "Zones: ", "Machines: ", "10.20.0.11:6432/tcp", "Tenants: 17", "Checks passed"):
        assert part in lab.summary, part


def test_the_hosts_own_network_gains_loopback_listeners_and_nothing_else(lab: conftest.Lab) -> None:
    assert driver.host_links() == lab.links
    gained = driver.listeners() - lab.listeners
    assert gained
    assert all(listener.startswith("127.0.0.1:") for listener in gained), gained


def test_an_unchanged_deploy_says_so_and_why(cloud: driver.Cloud) -> None:
    document = cloud.json("deploy", "--expect-no-changes")
    assert (document["ok"], document["changed"]) == (True, False)
    names = [step["name"] for step in document["steps"]]
    assert {"prepare", "internal/network", "external/roles", "external/stacks", "verify"} <= set(names)
    for step in document["steps"]:
        assert not step["changed"], step
        assert step["note"], f"{step['name']} does not tell why nothing was done"
    assert "No changes." in cloud.run("deploy").stdout
    plan = cloud.json("plan")
    assert (plan["changed"], plan["summary"]) == (False, {"add": 0, "change": 0, "destroy": 0})


def test_every_probe_comes_out_as_planned_in_both_families(cloud: driver.Cloud) -> None:
    document = cloud.json("verify")
    probes = document["probes"]
    identities = [probe["id"] for probe in probes]
    assert driver.wrong(document) == {}
    assert len(probes) >= 100
    assert len(set(identities)) == len(identities)
    for kind in ("packet/", "database/", "namespace/", "role/"):
        assert any(identity.startswith(kind) for identity in identities), kind
    for family in ("/v4", "/v6"):
        packets = [probe for probe in probes if probe["id"].endswith(family)]
        assert {probe["seen"] for probe in packets} >= {"open", "blocked"}, family


def test_status_shows_everything_healthy_within_its_memory(cloud: driver.Cloud) -> None:
    document = cloud.json("status")
    assert document["deployed"]
    assert {zone["name"]: zone["cidr"] for zone in document["zones"]}.keys() == {"internal", "external", "internet"}
    assert len(document["machines"]) == 10
    assert all(machine["running"] and machine["zone"] and machine["address"] for machine in document["machines"])
    assert 0 < sum(machine["residentBytes"] for machine in document["machines"]) < 4 << 30
    services = document["services"]
    assert {service["name"] for service in services} == {"database", "identity", "kubernetes", "sslvpn", "time"}
    for service in services:
        assert service["healthy"], service
        assert {"zone", "machine", "address", "port"} <= service.keys()
    assert len(document["tenants"]) == 17
    assert all(tenant["namespaces"] and tenant["zone"] for tenant in document["tenants"])
    assert any(tenant["databases"] for tenant in document["tenants"])


def test_a_command_on_a_machine_exits_as_it_did_there(cloud: driver.Cloud) -> None:
    assert cloud.shell("internet-client", "hostname") == "internet-client\n"
    cloud.run("exec", "internet-client", "--", "bash", "-c", "exit 7", code=7)


def test_a_misspelt_machine_is_told_its_neighbour(cloud: driver.Cloud) -> None:
    refused = cloud.run("exec", "external-dbb", "--", "true", code=2)
    assert "did you mean external-db?" in refused.stderr


def test_the_internet_reaches_no_service_and_no_internal_address(cloud: driver.Cloud) -> None:
    inner = [machine.id for machine in cloud.site.spec.platform.spec.machines if machine.id != "internet-client"]
    assert cloud.python("internet-client", REACHED, targets(cloud, *inner)) == []


def test_the_sides_of_the_air_gap_reach_nothing_of_each_other(cloud: driver.Cloud) -> None:
    internal, external = cloud.sides["internal"], cloud.sides["external"]
    for client, others in (("internal-client", external.hosts), ("external-client", internal.hosts)):
        assert cloud.python(client, REACHED, targets(cloud, *(host.name for host in others))) == [], client


@pytest.mark.parametrize(
    ("client", "allowed"),
    [
        ("external-client", [["10.20.0.11", 6432], ["fd20::11", 6432], ["10.20.0.12", 6443], ["fd20::12", 6443]]),
        ("internal-client", [["10.10.0.11", 6432], ["fd10::11", 6432], ["10.10.0.12", 6443], ["fd10::12", 6443]]),
    ],
)
def test_a_zones_own_clients_reach_what_is_declared_and_only_that(
    cloud: driver.Cloud, client: str, allowed: list[list[Any]]
) -> None:
    side = cloud.sides[client.removesuffix("-client")]
    own = targets(cloud, *(host.name for host in side.hosts if host.name != client))
    assert sorted(cloud.python(client, REACHED, own)) == sorted(allowed)


def test_a_tenants_database_user_opens_its_own_database_and_no_other(cloud: driver.Cloud) -> None:
    side = platforms.Side.EXTERNAL
    planned = databases.plans(cloud.site.spec, side)
    own, other = planned[0], next(plan for plan in planned if plan.database.startswith("health"))
    assert cloud.beside("external", SIGN_IN, access(cloud, side, own.rw, own.database)) == own.database
    for foreign in (other.database, "postgres"):
        seen = cloud.beside("external", SIGN_IN, access(cloud, side, own.rw, foreign))
        assert "FATAL" in seen, f"{own.rw} got into {foreign}: {seen}"
    stolen = {**access(cloud, side, own.rw, own.database), "password": "guessed"}
    assert "FATAL" in cloud.beside("external", SIGN_IN, stolen)
    assert "SSL required" in cloud.beside(
        "external", SIGN_IN, {**access(cloud, side, own.rw, own.database), "sslmode": "disable"}
    )


def test_a_tenants_group_reads_its_namespace_and_no_other(cloud: driver.Cloud) -> None:
    for group, namespace, status in (
        ("finance:viewers", "finance-prod", 200),
        ("finance:viewers", "health-prod", 403),
        ("finance:owners", "health-prod", 403),
        ("nobody", "finance-prod", 403),
    ):
        seen, _ = cloud.api("external", f"/api/v1/namespaces/{namespace}/configmaps", group=group)
        assert seen == status, (group, namespace)


@pytest.mark.parametrize(("side", "namespace"), [("external", "finance-prod"), ("internal", "archives-prod")])
def test_the_kubeconfig_works_from_this_host(cloud: driver.Cloud, side: str, namespace: str) -> None:
    status, document = cloud.api(side, "/api/v1/namespaces")
    assert status == 200
    assert namespace in {item["metadata"]["name"] for item in document["items"]}


# A key with its body: our policies' own text names the heading alone. In JSON its line ends are escaped, once or twice.
PRIVATE_KEY = re.compile(r"PRIVATE KEY-----(?:\s|\\+[nr])*[A-Za-z0-9+/=]{16}")


def own_files(cloud: driver.Cloud) -> list[pathlib.Path]:
    """What GovCloud wrote beside the machines' disks."""
    return [path for path in cloud.space.path.rglob("*") if "machines" not in path.relative_to(cloud.folder).parts]


def test_nobody_else_on_the_host_reads_what_a_run_keeps(cloud: driver.Cloud) -> None:
    disks = [path for side in ("internal", "external") for path in (cloud.space.path / side).glob("machines")]
    for path in [cloud.space.path, *own_files(cloud), *disks]:
        status = path.lstat()
        if not stat.S_ISLNK(status.st_mode):
            assert stat.S_IMODE(status.st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_no_password_and_no_private_key_is_in_logs_state_or_plan(cloud: driver.Cloud) -> None:
    secrets: list[str] = []
    for side in platforms.Side:
        master = (cloud.space.side(side).secrets / "master").read_text().strip()
        secrets += [master, (cloud.space.side(side).secrets / "pulumi-passphrase").read_text().strip()]
        for plan in databases.plans(cloud.site.spec, side):
            secrets += [credentials.password(bytes.fromhex(master), role, 1) for role in (plan.rw, plan.ro)]
    secrets += [base64.b64encode(secret.encode()).decode() for secret in secrets]
    kept = {"pki", "ssh", "secrets"}
    # A link leads to our own sources, which know what a key looks like.
    own = [path for path in own_files(cloud) if path.is_file() and not path.is_symlink()]
    texts = {str(path): path for path in own if not kept & set(path.relative_to(cloud.folder).parts)}
    assert any("state" in name for name in texts)
    assert any("logs" in name for name in texts)
    contents = {name: path.read_text(encoding="utf-8", errors="replace") for name, path in texts.items()}
    contents["plan"] = json.dumps(cloud.json("plan"))
    for name, content in contents.items():
        found = [secret[:6] for secret in secrets if secret in content]
        assert found == [], f"{name} holds a secret"
        assert PRIVATE_KEY.search(content) is None, f"{name} holds a private key"
