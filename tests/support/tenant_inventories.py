"""Small inventories for tests, as their YAML would read, checked by the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from govcloud_cli.model import inventory, platforms, tenants

PLATFORM: dict[str, Any] = {
    "apiVersion": "govcloud/v1",
    "kind": "Platform",
    "metadata": {"id": "qinghe", "displayName": "清河市政务云"},
    "spec": {
        "management": {
            "internal": {"cidr": "10.9.0.0/24", "cidr6": "fd09::/64"},
            "external": {"cidr": "10.8.0.0/24", "cidr6": "fd08::/64"},
        },
        "zones": [
            {
                "id": "office",
                "kind": "internal",
                "displayName": "政务内网",
                "cidr": "10.10.0.0/24",
                "cidr6": "fd10::/64",
            },
            {
                "id": "service",
                "kind": "external",
                "displayName": "政务外网",
                "cidr": "10.20.0.0/24",
                "cidr6": "fd20::/64",
            },
            {
                "id": "citizens",
                "kind": "internet",
                "displayName": "互联网",
                "cidr": "10.30.0.0/24",
                "cidr6": "fd30::/64",
            },
        ],
        "machines": [
            {
                "id": "office-db",
                "services": ["database"],
                "interfaces": [{"zone": "office", "address": "10.10.0.10", "address6": "fd10::10"}],
            },
            {
                "id": "service-db",
                "services": ["database"],
                "interfaces": [{"zone": "service", "address": "10.20.0.10", "address6": "fd20::10"}],
            },
        ],
        "organisations": [
            {"id": "qinghe-city", "displayName": "清河市人民政府", "level": "city"},
            {"id": "finance-bureau", "displayName": "清河市财政局", "level": "city", "parent": "qinghe-city"},
        ],
    },
}

FULL: dict[str, Any] = {
    "displayName": "财政局 预算一体化",
    "zone": "service",
    "data_class": "important",
    "mlps": 3,
    "environments": [
        {"name": "test", "quota": "xs", "expiresOn": "2035-12-31"},
        {
            "name": "prod",
            "quota": "l",
            "databases": [
                {"id": "ledger", "connections": 40, "sizeGi": 20, "extensions": ["pg_trgm", "hstore"]},
                {"id": "archive", "connections": 5},
            ],
        },
    ],
    "members": [
        {"group": "finance:owners", "role": "owner"},
        {"group": "finance:operators", "role": "maintainer"},
        {"group": "finance:developers", "role": "maintainer"},
        {"group": "audit-office:readers", "role": "viewer"},
    ],
    "allow": [
        {
            "direction": "inbound",
            "peer": {"tenant": "taxation"},
            "ports": [8443],
            "reason": "tax receipts are posted daily",
        },
        {
            "direction": "outbound",
            "peer": {"tenant": "taxation", "environment": "prod"},
            "ports": [9443, 8443],
            "reason": "budget figures are read",
        },
        {"direction": "inbound", "peer": {"zone": "citizens"}, "ports": [443], "reason": "公开预算查询"},
        {
            "direction": "outbound",
            "peer": {"zone": "service"},
            "protocol": "udp",
            "ports": [123],
            "reason": "time service",
        },
    ],
}
"""A tenant that uses everything; see `tenant` for the keys."""


def tenant(identifier: str, **fields: Any) -> tenants.Tenant:
    """A tenant, by default the least that one can be. `fields`: those of `spec`, `displayName`, and `allow`."""
    spec = {
        "organisation": "finance-bureau",
        "zone": fields.get("zone", "service"),
        "dataClass": fields.get("data_class", "general"),
        "mlps": fields.get("mlps", 2),
        "owner": "li.na",
        "technicalLead": "wang.wei",
        "contact": {"mailbox": f"{identifier}@qinghe.example", "phone": "0539-1234567"},
        "environments": fields.get("environments", [{"name": "prod"}]),
        "members": fields.get("members", [{"group": f"{identifier}:owners", "role": "owner"}]),
        "network": {"allow": fields.get("allow", [])},
        "applications": fields.get("applications", []),
    }
    document = {
        "apiVersion": "govcloud/v1",
        "kind": "TenantRequest",
        "metadata": {"id": identifier, "displayName": fields.get("displayName", identifier)},
        "spec": spec,
    }
    return tenants.Tenant.model_validate_json(json.dumps(document))


DEDICATED: dict[str, Any] = {"tier": "dedicated", "reason": "it would use up the shared server"}
"""What a database says that is on a server of its tenant's own."""


def own_server(tenant: str, number: int = 20) -> dict[str, Any]:
    """A database machine in the zone `service` that is one tenant's; `number` ends its addresses."""
    return {
        "id": f"{tenant}-db",
        "services": ["database"],
        "dedicatedTo": tenant,
        "management": f"10.8.0.{number}",
        "interfaces": [{"zone": "service", "address": f"10.20.0.{number}", "address6": f"fd20::{number}"}],
    }


def inventory_of(*wanted: tenants.Tenant, servers: Sequence[dict[str, Any]] = ()) -> inventory.Inventory:
    """The platform above with these tenants, and with more machines."""
    spec = {**PLATFORM["spec"], "machines": [*PLATFORM["spec"]["machines"], *servers]}
    return inventory.Inventory(
        environment="unit",
        platform=platforms.Platform.model_validate_json(json.dumps({**PLATFORM, "spec": spec})),
        tenants=tuple(sorted(wanted, key=lambda tenant: tenant.metadata.id)),
    )


def golden() -> inventory.Inventory:
    """A tenant with everything, one with next to nothing, and one across the air gap."""
    return inventory_of(
        tenant("finance", **FULL),
        tenant("archives"),
        tenant("security", zone="office", environments=[{"name": "prod", "databases": [{"id": "cases"}]}]),
    )
