"""A tenant's life on a real platform: drift in what is its own, freeze and thaw, approval, decommission, the record."""

from __future__ import annotations

import pathlib
import subprocess
from typing import Any

import pytest
import yaml

from tests.lab import driver

pytestmark = pytest.mark.lab

EXTERNAL, INTERNAL = ("--side", "external"), ("--side", "internal")
NAMESPACE = "/api/v1/namespaces/finance-prod"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/finance-prod/networkpolicies"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/finance-prod/rolebindings"
STRANGER = {"kind": "User", "name": "mallory", "apiGroup": "rbac.authorization.k8s.io"}


def patch(cloud: driver.Cloud, path: str, body: object) -> None:
    status, answer = cloud.api("external", path, method="PATCH", body=body)
    assert status == 200, answer


def edit(cloud: driver.Cloud, tenant: str, change: Any) -> None:
    """Edit a tenant's file; `change` gets its `spec`."""
    document = yaml.safe_load(cloud.tenant(tenant).read_text(encoding="utf-8"))
    change(document["spec"])
    cloud.tenant(tenant).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="module")
def drifted(lab: Any) -> dict[str, Any]:
    """What `drift`, the deploy after it and the audit log say of a tenant that was tampered with in many ways."""
    cloud: driver.Cloud = lab.cloud
    cloud.run("deploy", *EXTERNAL)
    patch(cloud, NAMESPACE, {"metadata": {"labels": {"govcloud.io/data-class": "general"}}})
    patch(cloud, f"{NAMESPACE}/resourcequotas/tenant", {"spec": {"hard": {"pods": "5000"}}})
    _, binding = cloud.api("external", f"{BINDINGS}/tenant-maintainer")
    patch(cloud, f"{BINDINGS}/tenant-maintainer", {"subjects": [*binding["subjects"], STRANGER]})
    status, _ = cloud.api("external", f"{POLICIES}/default-deny", method="DELETE")
    assert status == 200
    cloud.sql("external-db", "ALTER ROLE finance_prod_budget_rw CREATEDB")
    cloud.sql("external-db", "GRANT CONNECT ON DATABASE finance_prod_budget TO PUBLIC")
    cloud.shell("external-db", "echo '# edited' >> /etc/sysctl.conf")
    cloud.shell("external-db", "nft insert rule inet govcloud input tcp dport 9999 accept")
    return {
        "found": cloud.json("drift", *EXTERNAL, code=4)["findings"],
        "deployed": cloud.json("deploy", *EXTERNAL),
        "after": cloud.json("drift", *EXTERNAL),
        "records": cloud.audited("external"),
    }


EXPECTED = {
    ("external-db", "file /etc/sysctl.conf"),
    ("external-db", "firewall"),
    ("Namespace/finance-prod", 'metadata.labels["govcloud.io/data-class"]'),
    ("ResourceQuota/finance-prod/tenant", "spec.hard.pods"),
    ("RoleBinding/finance-prod/tenant-maintainer", "subjects[1]"),
    ("NetworkPolicy/finance-prod/default-deny", ""),
    ("Role/finance_prod_budget_rw", "create database"),
    ("Database/finance_prod_budget", "grants[public]"),
}


def test_every_kind_of_drift_is_found_with_its_place(drifted: dict[str, Any]) -> None:
    assert {(one["subject"], one["field"]) for one in drifted["found"]} == EXPECTED


def test_the_next_deploy_restores_all_of_it_and_nothing_is_left(drifted: dict[str, Any]) -> None:
    assert {(one["subject"], one["field"]) for one in drifted["deployed"]["repaired"]} == EXPECTED
    assert drifted["deployed"]["drift"] == []
    assert drifted["after"]["findings"] == []


def test_each_repair_is_on_record_with_what_was_there_before_and_after(drifted: dict[str, Any]) -> None:
    told = {
        (record["details"]["subject"], record["details"]["field"]): record["details"]
        for record in drifted["records"]
        if record["action"] == "drift-repaired"
    }
    assert told.keys() >= EXPECTED
    quota = told["ResourceQuota/finance-prod/tenant", "spec.hard.pods"]
    assert (quota["before"], quota["after"]) == ("5k", "80")


@pytest.fixture(scope="module")
def frozen(lab: Any, drifted: dict[str, Any]) -> dict[str, Any]:
    """What was seen of taxation while it was frozen, and after its thaw."""
    cloud: driver.Cloud = lab.cloud
    cloud.run("tenant freeze", "taxation", "--reason", "an incident is being looked into")
    cloud.run("deploy", *EXTERNAL)
    _, quota = cloud.api("external", "/api/v1/namespaces/taxation-prod/resourcequotas/tenant")
    _, policies = cloud.api("external", "/apis/networking.k8s.io/v1/namespaces/taxation-prod/networkpolicies")
    like = "LIKE 'taxation%'"
    seen = {
        "pods": quota["spec"]["hard"]["pods"],
        "policies": [item["metadata"]["name"] for item in policies["items"]],
        "logins": cloud.sql("external-db", f"SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname {like}"),
        "databases": cloud.sql("external-db", f"SELECT datname FROM pg_database WHERE datname {like}"),
        "verified": cloud.json("verify", *EXTERNAL),
    }
    cloud.run("tenant thaw", "taxation")
    cloud.run("deploy", *EXTERNAL)
    return {**seen, "thawed": cloud.json("verify", *EXTERNAL), "records": cloud.audited("external")}


def test_a_frozen_tenant_gets_no_pods_no_log_in_and_no_way_in(frozen: dict[str, Any]) -> None:
    assert frozen["pods"] == "0"
    assert frozen["policies"] == ["default-deny"]
    assert frozen["logins"] == []


def test_a_frozen_tenants_data_is_kept_and_the_others_are_as_before(frozen: dict[str, Any]) -> None:
    assert frozen["databases"]
    assert driver.wrong(frozen["verified"]) == {}
    forbidden = [probe["id"] for probe in frozen["verified"]["probes"] if probe["expected"] == "forbidden"]
    assert any("taxation" in probe for probe in forbidden)


def test_after_a_thaw_everything_is_as_it_was_and_both_are_on_record(frozen: dict[str, Any]) -> None:
    assert driver.wrong(frozen["thawed"]) == {}
    actions = [record["action"] for record in frozen["records"] if record["tenant"] == "taxation"]
    assert actions.index("tenant-frozen") < actions.index("tenant-thawed")


@pytest.fixture(scope="module")
def governed(lab: Any, frozen: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> driver.Cloud:
    """The lab where one person asks and another decides."""
    cloud: driver.Cloud = lab.cloud
    keys = tmp_path_factory.mktemp("keys")
    for name in ("zhao.min", "chen.jing"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    public = {name: (keys / f"{name}.pub").read_text().split()[:2] for name in ("zhao.min", "chen.jing")}
    people = [
        {
            "id": "chen.jing",
            "displayName": "陈静",
            "accounts": {"ci": ["chenjing"]},
            "keys": [" ".join(public["chen.jing"])],
        },
        {
            "id": "zhao.min",
            "displayName": "赵敏",
            "accounts": {"ci": ["zhaomin"]},
            "keys": [" ".join(public["zhao.min"])],
            "approves": ["yunxi", "yunxi-finance", "yunxi-police"],
        },
    ]
    document = {"apiVersion": "govcloud/v1", "kind": "People", "spec": {"people": people}}
    (cloud.inventory / "people.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    KEYS.update({name: keys / name for name in public})
    return cloud


KEYS: dict[str, pathlib.Path] = {}


def test_growth_in_prod_is_not_deployed_before_somebody_else_signed_for_it(governed: driver.Cloud) -> None:
    edit(governed, "secretariat", lambda spec: spec["environments"][0].update(quota="m"))
    refused = governed.run("deploy", *INTERNAL, code=3)
    assert "govcloud request submit secretariat" in refused.stderr
    governed.run("request submit", "secretariat", actor="chenjing")
    governed.run("deploy", *INTERNAL, code=3)
    governed.run("request approve", "secretariat", "--key", str(KEYS["chen.jing"]), "--yes", code=3)
    governed.run("request approve", "secretariat", "--key", str(KEYS["zhao.min"]), "--yes")
    edit(governed, "secretariat", lambda spec: spec["environments"][0].update(quota="l"))
    assert "secretariat" in governed.run("deploy", *INTERNAL, code=3).stderr
    edit(governed, "secretariat", lambda spec: spec["environments"][0].update(quota="m"))
    assert governed.json("deploy", *INTERNAL)["changed"]
    _, quota = governed.api("internal", "/api/v1/namespaces/secretariat-prod/resourcequotas/tenant")
    assert quota["spec"]["hard"]["pods"] == "40"
    told = {record["action"]: record for record in governed.audited("internal") if record["tenant"] == "secretariat"}
    assert told["request-approved"]["person"] == "zhao.min"
    assert told["tenant-applied"]["details"]["approver"] == "zhao.min"
    assert governed.json("request status", "secretariat")["requests"][0]["state"] == "PROVISIONED"


def test_a_tenant_is_decommissioned_by_a_second_person_and_nothing_of_it_is_left(governed: driver.Cloud) -> None:
    table = "CREATE TABLE public.boxes AS SELECT generate_series(1, 100) AS id"
    governed.shell("internal-db", f"cd / && runuser -u postgres -- psql -d archives_prod_holdings -qc '{table}'")
    governed.run("tenant decommission", "archives", "--yes", code=3)
    governed.run("request submit", "archives", "--decommission", actor="chenjing")
    governed.run("request approve", "archives", "--key", str(KEYS["zhao.min"]), "--yes")
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "boxes"}}
    claim["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    path = "/api/v1/namespaces/archives-prod/persistentvolumeclaims"
    status, answer = governed.api("internal", path, method="POST", body=claim)
    assert status == 201, answer
    assert "boxes" in governed.run("tenant decommission", "archives", "--yes", code=1).stderr
    status, _ = governed.api("internal", f"{path}/boxes", method="DELETE")
    assert status == 200
    patch_finalizers(governed, f"{path}/boxes")
    done = governed.json("tenant decommission", "archives", "--yes")
    assert not governed.tenant("archives").exists()
    assert governed.api("internal", "/api/v1/namespaces/archives-prod")[0] == 404
    left = governed.sql("internal-db", "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles")
    assert not [name for name in left if name.startswith("archives")]
    dumps = list(pathlib.Path(done["backup"]).rglob("*.dump"))
    assert any(b"boxes" in dump.read_bytes() for dump in dumps)
    actions = [record["action"] for record in governed.audited("internal") if record["tenant"] == "archives"]
    assert actions[-3:] == ["decommission-began", "tenant-removed", "decommission-ended"]
    assert not governed.json("deploy", *INTERNAL)["changed"]


def patch_finalizers(cloud: driver.Cloud, path: str) -> None:
    """Let go what the protection controller holds: there are no pods that could use it."""
    if cloud.api("internal", path)[0] == 200:
        cloud.api("internal", path, method="PATCH", body={"metadata": {"finalizers": None}})


def test_a_log_whose_end_was_cut_stops_deploys_until_it_is_put_back(governed: driver.Cloud) -> None:
    log = governed.space.path / "internal" / "audit" / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    try:
        report = governed.json("audit verify", "--side", "internal", code=1)
        assert not report["ok"]
        assert report["logs"][0]["verdict"] == "tampered"
        assert "audit" in governed.run("deploy", *INTERNAL, code=1).stderr
    finally:
        log.write_bytes(whole)
    governed.audited("internal")


def test_no_secret_of_the_platform_is_in_what_it_writes_down(governed: driver.Cloud) -> None:
    master = (governed.space.path / "internal" / "secrets" / "master").read_text().strip()
    for side in ("internal", "external"):
        folder = governed.space.path / side
        for name in ("audit/log.jsonl", "applied.json", "decisions.json", "seen.json"):
            text = (folder / name).read_text(encoding="utf-8")
            assert master not in text
