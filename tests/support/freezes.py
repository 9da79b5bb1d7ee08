"""Freezes as their YAML would read, checked by the model."""

from __future__ import annotations

import dataclasses
import json

from govcloud_cli.model import freezes
from govcloud_cli.model import inventory as inventories


def freeze(tenant: str, *environments: str, reason: str = "audit is under way") -> freezes.Freeze:
    """A freeze of these environments of a tenant; of all if none is named."""
    document = {
        "apiVersion": "govcloud/v1",
        "kind": "Freeze",
        "metadata": {"id": tenant},
        "spec": {"reason": reason, "by": "li.na", "since": "2026-10-01", "environments": environments},
    }
    return freezes.Freeze.model_validate_json(json.dumps(document))


def frozen(inventory: inventories.Inventory, *tenants: str) -> inventories.Inventory:
    """The inventory with all environments of these tenants frozen."""
    return dataclasses.replace(inventory, freezes=tuple(freeze(tenant) for tenant in sorted(tenants)))
