"""Whose a name is: the tenant that a namespace, database or role in a cluster or on a server belongs to.

Only the name is asked, so that what no record knows any more can still be told apart. It is read from its end: tenants'
ids may begin like one another (`finance`, `finance-prod-x`), and a prefix would take one for the other.
"""

from __future__ import annotations

from govcloud_cli.model import tenants

_ENVIRONMENTS = frozenset(name.value for name in tenants.EnvironmentName)
_ROLES = ("owner", "rw", "ro", "access")


def is_namespace_of(tenant: str, name: str) -> bool:
    """Whether a namespace is `<tenant>-<environment>`."""
    owner, dash, environment = name.rpartition("-")
    return bool(dash) and owner == tenant and environment in _ENVIRONMENTS


def is_database_of(tenant: str, name: str) -> bool:
    """Whether a database is `<tenant>_<environment>_<id>`; ids of databases have no underscore."""
    parts = name.rsplit("_", 2)
    return len(parts) == 3 and parts[0] == tenant.replace("-", "_") and parts[1] in _ENVIRONMENTS and bool(parts[2])


def is_role_of(tenant: str, name: str) -> bool:
    """Whether a role is that of one of the tenant's databases."""
    database, _, suffix = name.rpartition("_")
    return suffix in _ROLES and is_database_of(tenant, database)


def is_entry_of(tenant: str, entry: str) -> bool:
    """Whether an entry of a step (`Kind/<namespace>/<name>`, `Namespace/<name>`, `Database/<name>`) is the tenant's."""
    kind, _, rest = entry.partition("/")
    if kind == "Database":
        return is_database_of(tenant, rest)
    return is_namespace_of(tenant, rest.partition("/")[0]) and (kind == "Namespace" or "/" in rest)
