"""The three administrators (三员) of a real platform: who may look, who may act, and that nobody is two of them."""

from __future__ import annotations

import pytest
import yaml

from tests.lab import driver

pytestmark = pytest.mark.lab

SYSTEM, SECURITY, AUDITOR = "system-administrators", "security-administrators", "auditors"
READ = (
    "/api/v1/namespaces/finance-prod/pods",
    "/apis/networking.k8s.io/v1/namespaces/finance-prod/networkpolicies",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
)
WRITES = (
    ("POST", "/api/v1/namespaces/finance-prod/pods"),
    ("POST", "/api/v1/namespaces/finance-prod/configmaps"),
    ("DELETE", "/api/v1/namespaces/finance-prod/events"),
    ("PATCH", "/api/v1/namespaces/finance-prod"),
    ("DELETE", "/apis/networking.k8s.io/v1/namespaces/finance-prod/networkpolicies/default-deny"),
    ("DELETE", "/apis/rbac.authorization.k8s.io/v1/namespaces/finance-prod/rolebindings/nobody"),
    ("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/nobody"),
    ("DELETE", "/apis/storage.k8s.io/v1/storageclasses/nobody"),
)
# What each may do of the writes above: he gets as far as that there is no such thing.
MAY: dict[str, tuple[str, ...]] = {
    SYSTEM: ("storageclasses",),
    SECURITY: ("rolebindings", "validatingadmissionpolicies"),
    AUDITOR: (),
}


@pytest.mark.parametrize("side", ["external", "internal"])
def test_each_sees_all_but_secrets_and_does_his_own_and_nothing_else(cloud: driver.Cloud, side: str) -> None:
    file = cloud.run("kubeconfig", "--side", side).stdout.strip()
    for group in MAY:
        judge(cloud, group, side, file)


def judge(cloud: driver.Cloud, group: str, side: str, file: str) -> None:
    tenant = "finance" if side == "external" else "police-cases"
    who = f"govcloud:{group}"
    for path in READ:
        assert cloud.api(side, path.replace("finance-", f"{tenant}-"), group=who, file=file)[0] == 200, path
    assert cloud.api(side, f"/api/v1/namespaces/{tenant}-prod/secrets", group=who, file=file)[0] == 403
    for method, path in WRITES:
        if path.endswith("default-deny") and group == SECURITY:
            continue
        body: object = {} if method != "DELETE" else None
        place = path.replace("finance-", f"{tenant}-")
        status, _ = cloud.api(side, place, group=who, method=method, body=body, file=file)
        allowed = any(f"/{kind}/" in path for kind in MAY[group])
        assert status == (404 if allowed else 403), (method, path, status)


def test_who_runs_the_platform_cannot_alter_its_audit_unseen(cloud: driver.Cloud) -> None:
    log = cloud.space.path / "external" / "audit" / "log.jsonl"
    before = log.read_bytes()
    lines = before.splitlines(keepends=True)
    for change in (b"".join(lines[:-1]), b"".join(lines[1:]), before.replace(b'"deploy-began"', b'"deploy-begun"', 1)):
        try:
            log.write_bytes(change)
            assert cloud.json("audit verify", "--side", "external", code=1)["ok"] is False
        finally:
            log.write_bytes(before)
    assert cloud.json("audit verify", "--side", "external")["ok"]


def test_nobody_has_two_of_the_duties(cloud: driver.Cloud) -> None:
    file = cloud.inventory / "people.yaml"
    before = file.read_text(encoding="utf-8")
    document = yaml.safe_load(before)
    chosen = next(one for one in document["spec"]["people"] if one.get("duty") == "system")
    try:
        for extra in ({"duty": ["system", "audit"]}, {"groups": ["govcloud:auditors"]}):
            chosen_before = dict(chosen)
            chosen.update(extra)
            file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
            told = cloud.run("validate", code=2)
            assert "spec.people[0]" in told.stdout + told.stderr
            chosen.clear()
            chosen.update(chosen_before)
        document["spec"]["people"].append({**chosen, "duty": "audit"})
        file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
        cloud.run("validate", code=2)
    finally:
        file.write_text(before, encoding="utf-8")
