from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import access, cluster, namespaces
from tests.support import freezes, tenant_inventories

READ = {"get", "list", "watch"}


def grants(manifest: namespaces.Manifest) -> Iterator[tuple[str, str, str]]:
    """Group, resource and verb of everything that a role allows."""
    for rule in manifest["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    yield group, resource, verb


def role(name: str) -> namespaces.Manifest:
    inventory = tenant_inventories.golden()
    manifests = cluster.manifests(inventory, platforms.Side.EXTERNAL)
    return next(item for item in manifests if item["kind"] == "ClusterRole" and item["metadata"]["name"] == name)


TENANT_ROLES = ["govcloud:tenant-owner", "govcloud:tenant-maintainer", "govcloud:tenant-viewer"]


@pytest.mark.parametrize("name", TENANT_ROLES)
def test_no_tenant_writes_what_confines_it(name: str) -> None:
    confining = {
        "resourcequotas", "limitranges", "networkpolicies", "roles", "rolebindings", "clusterroles",
        "clusterrolebindings", "namespaces", "endpoints", "endpointslices", "validatingadmissionpolicies",
    }  # fmt: skip
    written = {(resource, verb) for _, resource, verb in grants(role(name)) if verb not in READ}
    assert not {resource for resource, _ in written} & confining


@pytest.mark.parametrize("name", [*TENANT_ROLES, "govcloud:auditor"])
def test_no_role_may_become_another_or_names_anything_by_wildcard(name: str) -> None:
    for group, resource, verb in grants(role(name)):
        assert verb not in {"escalate", "bind", "impersonate", "approve", "sign", "govern", "*"}
        assert "*" not in group
        assert "*" not in resource


@pytest.mark.parametrize("name", ["govcloud:tenant-viewer", "govcloud:auditor"])
def test_who_only_looks_changes_nothing_and_sees_no_secret(name: str) -> None:
    for _, resource, verb in grants(role(name)):
        assert verb in READ
        assert resource.partition("/")[0] != "secrets"
        assert resource not in {"pods/exec", "pods/attach", "pods/portforward", "serviceaccounts/token"}


def test_auditors_do_not_read_logs_because_they_hold_citizens_data() -> None:
    assert not [resource for _, resource, _ in grants(role("govcloud:auditor")) if resource == "pods/log"]


def test_each_tenant_role_holds_what_the_one_below_it_holds() -> None:
    owner, maintainer, viewer = (set(grants(role(name))) for name in TENANT_ROLES)
    assert viewer < maintainer < owner


def test_only_the_owner_destroys_data_or_many_things_at_once() -> None:
    owner, maintainer, _ = (set(grants(role(name))) for name in TENANT_ROLES)
    assert ("", "persistentvolumeclaims", "delete") in owner - maintainer
    assert not [grant for grant in maintainer if grant[2] == "deletecollection"]


def test_groups_of_one_member_role_share_a_binding_in_a_fixed_order() -> None:
    (scope,) = (
        scope
        for scope in namespaces.scopes(tenant_inventories.golden(), platforms.Side.EXTERNAL)
        if scope.namespace == "finance-prod"
    )
    found: dict[str, Any] = {item["metadata"]["name"]: item for item in access.role_bindings(scope)}
    assert list(found) == ["tenant-owner", "tenant-maintainer", "tenant-viewer"]
    subjects = found["tenant-maintainer"]["subjects"]
    assert [subject["name"] for subject in subjects] == ["finance:developers", "finance:operators"]
    assert all(subject["kind"] == "Group" for subject in subjects), "nobody is bound by his own name"


def test_a_member_role_without_a_group_has_no_binding() -> None:
    (scope,) = namespaces.scopes(
        tenant_inventories.inventory_of(tenant_inventories.tenant("archives")), platforms.Side.EXTERNAL
    )
    assert [item["metadata"]["name"] for item in access.role_bindings(scope)] == ["tenant-owner"]


def test_everybody_of_a_frozen_tenant_only_looks() -> None:
    inventory = freezes.frozen(tenant_inventories.golden(), "finance")
    (scope,) = (
        scope for scope in namespaces.scopes(inventory, platforms.Side.EXTERNAL) if scope.namespace == "finance-prod"
    )
    (binding,) = access.role_bindings(scope)
    assert binding["metadata"]["name"] == "tenant-viewer"
    assert binding["roleRef"]["name"] == "govcloud:tenant-viewer"
    groups = [subject["name"] for subject in binding["subjects"]]
    assert groups == ["audit-office:readers", "finance:developers", "finance:operators", "finance:owners"]
