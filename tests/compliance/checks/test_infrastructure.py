from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance.checks import infrastructure
from govcloud_cli.model import policies
from tests.compliance.checks import estates


@pytest.mark.parametrize(
    ("image", "shared"),
    [
        ("postgres", "database server"),
        ("postgres:16-alpine", "database server"),
        ("docker.example/library/postgres:16@sha256:00", "database server"),
        ("registry.example:5000/a/b/MySQL", "database server"),
        ("bitnami/postgresql-repmgr", "database server"),
        ("percona/percona-server-mongodb", "database server"),
        ("container-registry.example/database/oracle", "database server"),
        ("gvenzl/oracle-xe", "database server"),
        ("registry.example/apps/oracle-jdbc-app", None),
        ("kingbase_v8r6:1", "database server"),
        ("keycloak/keycloak", "identity service"),
        ("osixia/openldap", "identity service"),
        ("dexidp/dex", "identity service"),
        ("linuxserver/wireguard", "VPN"),
        ("snowdreamtech/frpc", "VPN"),
        ("vyos/vyos", "firewall"),
        ("jumpserver/jumpserver-core", "bastion"),
        ("ubuntu/bind9", "time or name server"),
        ("library/registry:2", "image registry"),
        ("registry.example/portal/web", None),
        ("registry.example/land/named-entities", None),
        ("registry.example/apps/dex-viewer", None),
        ("registry.example/postgres/web", None),
        ("prometheus/postgres-exporter", None),
        ("bitnami/mysql-client", None),
        ("registry.example/keycloak-config-cli", None),
        ("", None),
    ],
)
def test_an_image_is_told_by_its_repository(image: str, shared: str | None) -> None:
    assert infrastructure.by_image(image) == shared


@pytest.mark.parametrize("word", sorted(infrastructure._CLIENTS))
def test_what_only_talks_to_a_service_is_not_one(word: str) -> None:
    assert infrastructure.by_image(f"registry.example/tools/mysql-{word}:1") is None


@pytest.mark.parametrize("name", sorted(infrastructure._BY_IMAGE))
def test_every_name_of_the_list_is_found_with_a_tag_and_a_place(name: str) -> None:
    assert infrastructure.by_image(f"registry.example/mirror/{name}:1.2") == infrastructure._BY_IMAGE[name]


def workload(kind: str = "Deployment", namespace: str = "demo", **container: Any) -> Any:
    return estates.workload("w", namespace, kind=kind, containers=[{"image": "registry.example/web"}, container])


@pytest.mark.parametrize("field", ["containers", "initContainers", "ephemeralContainers"])
def test_every_kind_of_container_is_looked_at(field: str) -> None:
    pod: Any = {field: [{"image": "redis-web"}, {"image": "mariadb"}]}
    given = estates.workload("w", **pod)
    text = "it brings a database server of its own; the platform has one for everybody"
    expected = ("spec", "template", "spec", field, 1, "image")
    assert estates.found("sharedServicesUsed", given) == [("Deployment/demo/w", text, expected)]


def test_a_pod_itself_is_looked_at() -> None:
    pod = estates.k8s("Pod", "p", "demo", spec={"containers": [{"image": "freeipa"}]})
    text = "it brings an identity service of its own; the platform has one for everybody"
    assert estates.found("sharedServicesUsed", pod) == [("Pod/demo/p", text, ("spec", "containers", 0, "image"))]


@pytest.mark.parametrize(("port", "shared"), infrastructure._BY_PORT.items())
def test_a_port_that_only_such_a_service_has_is_told(port: tuple[str, int], shared: str) -> None:
    protocol, number = port
    given = workload(ports=[{"containerPort": 8080}, {"containerPort": number, "protocol": protocol}])
    ((_, message, path),) = estates.found("sharedServicesUsed", given)
    assert shared in message
    assert path == ("spec", "template", "spec", "containers", 1, "ports", 1)
    other = "UDP" if protocol == "TCP" else "TCP"
    assert estates.found("sharedServicesUsed", workload(ports=[{"containerPort": number, "protocol": other}])) == []


def test_tcp_is_meant_where_nothing_is_said_and_an_image_is_told_once() -> None:
    assert len(estates.found("sharedServicesUsed", workload(ports=[{"containerPort": 5432}]))) == 1
    assert len(estates.found("sharedServicesUsed", workload(image="mysql", ports=[{"containerPort": 3306}]))) == 1


@pytest.mark.parametrize(("namespace", "told"), [("kube-system", False), ("default", True), ("", True), ("demo", True)])
def test_a_cluster_has_its_own_name_service(namespace: str, *, told: bool) -> None:
    given = workload(namespace=namespace, ports=[{"containerPort": 53, "protocol": "UDP"}])
    assert bool(estates.found("sharedServicesUsed", given)) is told


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        ("alicloud:rds/instance:Instance", "database server"),
        ("tencentcloud:Postgresql/dbInstance:DbInstance", "database server"),
        ("aws:rds/cluster:Cluster", "database server"),
        ("gcp:sql/databaseInstance:DatabaseInstance", "database server"),
        ("alicloud:polardb/cluster:Cluster", "database server"),
        ("huaweicloud:Vpn/connection:VpnConnection", "VPN"),
        ("aws:ec2/customerGateway:CustomerGateway", "VPN"),
        ("alicloud:cloudfirewall/controlPolicy:ControlPolicy", "firewall"),
        ("openstack:networking/firewallPolicy:FirewallPolicy", "firewall"),
        ("aws:cognito/userPool:UserPool", "identity service"),
        ("keycloak:index/realm:Realm", "identity service"),
        ("azure-native:network:BastionHost", "bastion"),
        ("postgresql:index/database:Database", None),
        ("postgresql:index/role:Role", None),
        ("lab:index:Machine", None),
        ("pulumi:providers:postgresql", None),
        ("aws:s3/bucket:Bucket", None),
    ],
)
def test_a_resource_is_told_by_its_type(kind: str, shared: str | None) -> None:
    given = estates.of(policies.Input.RESOURCE, "r", type=kind, name="n", inputs={})
    found = estates.found("sharedServicesUsed", given)
    assert [path for _, _, path in found] == ([] if shared is None else [("type",)])
    assert all(str(shared) in message for _, message, _ in found)
