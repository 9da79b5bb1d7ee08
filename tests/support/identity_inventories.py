"""A small inventory whose external side has an identity service and an application."""

from __future__ import annotations

import copy
import json
from typing import Any

from govcloud_cli.model import inventory, platforms
from tests.support import tenant_inventories

MACHINE: dict[str, Any] = {
    "id": "service-id",
    "services": ["identity"],
    "interfaces": [{"zone": "service", "address": "10.20.0.21", "address6": "fd20::21"}],
    "management": "10.8.0.21",
    "management6": "fd08::21",
}
APPLICATION: dict[str, Any] = {
    "id": "ledger",
    "environment": "prod",
    "redirectUris": ["https://ledger.example/callback"],
}


def served(*, identity: dict[str, Any] | None = None, **tenant: Any) -> inventory.Inventory:
    """The inventory. `identity` is `spec.identity`; `tenant` changes fields of the tenant `finance`."""
    document = copy.deepcopy(tenant_inventories.PLATFORM)
    document["spec"]["machines"].append(MACHINE)
    document["spec"]["identity"] = identity or {}
    platform = platforms.Platform.model_validate_json(json.dumps(document))
    members = [{"group": "finance:maintainers", "role": "maintainer"}, {"group": "finance:viewers", "role": "viewer"}]
    fields = {"applications": [APPLICATION], "members": members, **tenant}
    return inventory.Inventory(
        environment="unit", platform=platform, tenants=(tenant_inventories.tenant("finance", **fields),)
    )
