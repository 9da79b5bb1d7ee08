"""Shared infrastructure that a department brings along although the platform has it: what one platform is for.

Told by images' names, by the ports that only such services have, and by the types of Pulumi resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, objects, reading
from govcloud_cli.model import policies

Json = Any
Failures = Iterator[check.CheckFailure]

_SHARED: Mapping[str, tuple[str, ...]] = {
    "database server": (
        "postgres", "postgresql", "postgis", "timescaledb", "pgbouncer", "pgpool", "spilo", "cloudnative-pg", "mysql",
        "mariadb", "percona", "mssql", "sqlserver", "oracle", "oracle-xe", "oracle-free", "oracledb", "mongo",
        "mongodb", "db2", "opengauss", "gaussdb", "kingbase", "kingbasees", "dameng", "dm8", "oceanbase", "tidb",
        "tikv", "tdsql", "greenplum", "cockroach", "cockroachdb", "clickhouse", "clickhouse-server", "cassandra",
        "scylla",
    ),
    "identity service": (
        "keycloak", "dex", "authelia", "authentik", "openldap", "slapd", "freeipa", "casdoor", "zitadel", "gluu",
        "kanidm", "hydra", "kratos", "389ds", "samba-ad", "maxkey", "oauth2-server",
    ),
    "VPN": (
        "openvpn", "wireguard", "strongswan", "libreswan", "softether", "softethervpn", "ocserv", "tailscale",
        "headscale", "zerotier", "netbird", "frp", "frpc", "frps", "ngrok", "chisel", "cloudflared", "nps",
    ),
    "firewall": ("pfsense", "opnsense", "vyos", "modsecurity", "naxsi", "safeline", "coraza", "suricata", "snort"),
    "bastion": ("jumpserver", "guacamole", "guacd", "teleport", "bastillion"),
    "time or name server": ("bind9", "named", "powerdns", "pdns", "unbound", "dnsmasq", "ntpd", "chrony", "ntp"),
    "image registry": ("harbor-core", "registry", "docker-registry", "nexus3", "quay"),
}  # fmt: skip
"""What the platform has, and the images by which its like is known: a repository's last name, or its beginning."""
_BY_IMAGE = {name: shared for shared, names in _SHARED.items() for name in names}
_WHOLE_NAMES = frozenset({"dex", "frp", "hydra", "kratos", "named", "nps", "ntp", "oracle", "registry"})
"""Those that other names begin with too."""
_CLIENTS = frozenset(
    {
        "admin", "backup", "cli", "client", "config", "dump", "exporter", "migrate", "migration", "theme", "toolkit",
        "tools", "ui", "xtrabackup",
    }
)  # fmt: skip
"""Words in an image's name after which it only talks to such a service."""

_BY_PORT: Mapping[tuple[str, int], str] = {
    ("TCP", 1433): "database server", ("TCP", 1521): "database server", ("TCP", 3306): "database server",
    ("TCP", 5432): "database server", ("TCP", 5236): "database server", ("TCP", 54321): "database server",
    ("TCP", 27017): "database server", ("TCP", 389): "identity service", ("TCP", 636): "identity service",
    ("TCP", 88): "identity service", ("UDP", 500): "VPN", ("UDP", 4500): "VPN", ("UDP", 1194): "VPN",
    ("UDP", 51820): "VPN", ("UDP", 123): "time or name server", ("UDP", 53): "time or name server",
}  # fmt: skip
"""Ports that a container listens on for no other reason."""

_BY_TYPE = (
    (re.compile(r"(^|[:/])(rds|dbinstance|dbcluster|database-?instance|sqlinstance|polardb|gaussdb)", re.IGNORECASE),
     "database server"),
    (re.compile(r"(vpngateway|vpnconnection|customergateway|ipsec|sslvpn)", re.IGNORECASE), "VPN"),
    (re.compile(r"(firewall(policy|rule)?$|cloudfirewall|waf)", re.IGNORECASE), "firewall"),
    (re.compile(r"(userpool|identityprovider|keycloak|ldap|directoryservice)", re.IGNORECASE), "identity service"),
    (re.compile(r"bastion", re.IGNORECASE), "bastion"),
)  # fmt: skip
"""Types of Pulumi resources, whoever's they are."""

_WORDS = re.compile(r"[-_.]")


def duplicated(found: Sequence[subjects.Subject]) -> Failures:
    """Workloads and resources that are what the platform has for everybody."""
    for one in found:
        if one.input is policies.Input.RESOURCE:
            yield from _resource(one)
        else:
            yield from _workload(one)


def _workload(one: subjects.Subject) -> Failures:
    base = objects.template_path(one)
    for path, container in objects.containers(objects.template(one)):
        shared = by_image(reading.text(container, "image"))
        if shared is not None:
            yield _failure(one, shared, (*base, *path, "image"))
            continue
        for index, port in enumerate(reading.items(container, "ports")):
            key = (reading.text(port, "protocol") or "TCP", reading.number(port, "containerPort") or 0)
            if key in _BY_PORT:
                yield _failure(one, _BY_PORT[key], (*base, *path, "ports", index))


def by_image(image: str) -> str | None:
    """Which shared service an image is, by its repository's name; None if it is none."""
    repository = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    words = _WORDS.split(repository)
    if _CLIENTS & set(words):
        return None
    beginning = None if words[0] in _WHOLE_NAMES else _BY_IMAGE.get(words[0])
    return _BY_IMAGE.get(repository) or beginning


def _resource(one: subjects.Subject) -> Failures:
    kind = reading.text(one.document, "type")
    shared = next((shared for form, shared in _BY_TYPE if form.search(kind)), None)
    if shared is not None:
        yield _failure(one, shared, ("type",))


def _is_departments(one: subjects.Subject) -> bool:
    # A cluster's own name service is in its own namespace, where no department may put anything.
    return objects.is_workload(one) and objects.namespace(one) not in objects.SYSTEM_NAMESPACES - {"default"}


def _failure(one: subjects.Subject, shared: str, path: subjects.Path) -> check.CheckFailure:
    text = f"it brings {'an' if shared[0] in 'aeiou' else 'a'} {shared} of its own; the platform has one for everybody"
    return check.CheckFailure(subject=one, message=text, path=path)


CHECKS = {
    "sharedServicesUsed": check.Check(
        concerns=lambda one: one.input is policies.Input.RESOURCE or _is_departments(one),
        find=duplicated,
        fields=(
            ("type",),
            *(
                path
                for field in objects.CONTAINERS
                for part in ("image", "ports")
                for path in objects.template_fields("spec", field, "*", part)
            ),
        ),
    ),
}
