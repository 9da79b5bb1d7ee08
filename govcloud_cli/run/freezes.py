"""Freezes and thaws tenants by hand: a file in the inventory, which a deploy then acts on."""

from __future__ import annotations

import datetime
import json
import pathlib
from collections.abc import Sequence

from govcloud_cli import errors
from govcloud_cli.governance import lifecycle
from govcloud_cli.model import tenants
from govcloud_cli.run import scaffolding

_FOLDER = "freezes"


def freeze(
    folder: pathlib.Path,
    tenant: tenants.Tenant,
    *,
    environments: Sequence[str],
    reason: str,
    by: str,
    today: datetime.date,
) -> pathlib.Path:
    """Write the freeze of a tenant's `environments` (none: all) into the inventory; return its path.

    Raises `errors.UsageError` if one is there, `errors.InventoryError` for what the inventory would refuse.
    """
    identifier = tenant.metadata.id
    path = folder / _FOLDER / f"{identifier}.yaml"
    if path.exists() or path.is_symlink():
        raise errors.UsageError(
            f"tenant {identifier} is frozen already",
            where=str(path),
            remedy=f"edit that file, or end it with `govcloud tenant thaw {identifier}`",
        )
    ordered = [name.value for name in tenants.EnvironmentName if name.value in environments]
    text = document(identifier, environments=ordered, reason=reason, by=by, today=today)
    scaffolding.check(folder, f"{_FOLDER}/{path.name}", text)
    scaffolding.create(path, text)
    return path


def thaw(folder: pathlib.Path, tenant: tenants.Tenant, *, today: datetime.date) -> tuple[pathlib.Path, tuple[str, ...]]:
    """Remove a tenant's freeze; return its path and the environments that stay frozen, because they are past their day.

    Raises `errors.UsageError` for a tenant that no file freezes.
    """
    identifier = tenant.metadata.id
    path = folder / _FOLDER / f"{identifier}.yaml"
    over = tuple(
        environment.name.value
        for environment in tenant.spec.environments
        if lifecycle.phase(tenant, environment, freezes=(), today=today).is_over
    )
    if not path.exists():
        if over:
            raise errors.UsageError(
                f"tenant {identifier} is frozen because {', '.join(over)} is past its last day",
                where=str(folder / "tenants" / f"{identifier}.yaml"),
                remedy="extend expiresOn there: no thaw outlives the calendar",
            )
        raise errors.UsageError(f"tenant {identifier} is not frozen", remedy="nothing is to be done")
    scaffolding.remove(path)
    return path, over


def document(tenant: str, *, environments: Sequence[str], reason: str, by: str, today: datetime.date) -> str:
    """The file of a freeze, as YAML."""
    # JSON's strings are YAML's: whatever the reason says, it stays one value.
    said, person = json.dumps(reason, ensure_ascii=False), json.dumps(by, ensure_ascii=False)
    named = f"  environments: [{', '.join(environments)}]\n" if environments else ""
    return (
        "# yaml-language-server: $schema=../../schema/freeze.schema.json\n"
        f"# Ends with: govcloud tenant thaw {tenant}, then govcloud deploy (解冻)\n"
        "apiVersion: govcloud/v1\n"
        "kind: Freeze\n"
        f"metadata: {{id: {tenant}}}\n"
        "spec:\n"
        f"{named}"
        f"  reason: {said}\n"
        f"  by: {person}\n"
        f"  since: {today:%Y-%m-%d}\n"
    )
