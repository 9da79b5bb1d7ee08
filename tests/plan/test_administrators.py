from __future__ import annotations

from collections.abc import Iterator

import pytest

from govcloud_cli.plan import access, administrators

ROLES = [administrators.SYSTEM, administrators.SECURITY, administrators.AUDITOR]
Grant = tuple[str, str, str]


def grants(name: str) -> Iterator[Grant]:
    """Group, resource and verb of everything that a role allows."""
    (role,) = (role for role in administrators.roles() if role["metadata"]["name"] == name)
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb


def written(name: str) -> set[Grant]:
    return {grant for grant in grants(name) if grant[2] not in access.READ}


@pytest.mark.parametrize("name", ROLES)
def test_none_sees_a_secret_or_gets_into_a_pod_or_reads_what_it_logs(name: str) -> None:
    for _, resource, _ in grants(name):
        assert resource.partition("/")[0] != "secrets"
        assert resource not in {"pods/exec", "pods/attach", "pods/portforward", "pods/log", "serviceaccounts/token"}


@pytest.mark.parametrize("name", ROLES)
def test_none_may_become_another_or_names_anything_by_wildcard(name: str) -> None:
    for group, resource, verb in grants(name):
        assert verb not in {"escalate", "bind", "impersonate", "approve", "sign", "govern", "deletecollection", "*"}
        assert "*" not in group
        assert "*" not in resource


def test_nobody_changes_what_another_does() -> None:
    system, security = ({grant[:2] for grant in written(name)} for name in ROLES[:2])
    assert system
    assert security
    assert not system & security
    assert written(administrators.AUDITOR) == set()


def test_none_gives_rights_but_who_administers_security_withdraws_them() -> None:
    found = {grant for name in ROLES for grant in written(name) if grant[0] == access.RBAC}
    assert found == {(access.RBAC, "rolebindings", "delete")}


def test_none_brings_a_workload_of_his_own() -> None:
    made = {grant[1] for name in ROLES for grant in written(name) if grant[2] in access.WRITE}
    assert not made & {"pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs"}


def test_webhooks_and_namespaces_and_nodes_are_nobodys() -> None:
    changed = {grant[1] for name in ROLES for grant in written(name)}
    assert not changed & {"validatingwebhookconfigurations", "mutatingwebhookconfigurations", "namespaces", "nodes"}


@pytest.mark.parametrize("name", ROLES)
def test_each_reads_what_the_auditor_reads(name: str) -> None:
    assert set(grants(administrators.AUDITOR)) <= set(grants(name))
