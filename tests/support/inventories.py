"""The lab's own inventory, read once, and copies of it that a test may deploy from."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import pathlib
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli import resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import build, plans, steps

TODAY = datetime.date(2026, 11, 1)
"""The day on which tests plan: nothing that is shipped is past its last day."""


@functools.cache
def lab() -> inventory.Inventory:
    """`inventories/lab`, as it is shipped."""
    return loading.load(resources.folder("inventories") / "lab")


def copy(name: str, folder: pathlib.Path) -> pathlib.Path:
    """A copy of a shipped inventory whose workspace is below `folder` too; return its path."""
    return pathlib.Path(shutil.copytree(resources.folder("inventories") / name, folder / "inventories" / name))


def keep(folder: pathlib.Path, *names: str) -> None:
    """Remove the other tenants of a copy, and with them the groups of its people, which no tenant may name any more."""
    for path in (folder / "tenants").iterdir():
        if path.stem not in names:
            path.unlink()
    known = folder / "people.yaml"
    lines = known.read_text(encoding="utf-8").splitlines(keepends=True)
    known.write_text("".join(line for line in lines if not line.lstrip().startswith("groups:")), encoding="utf-8")


def with_flows(flows: Sequence[Mapping[str, Any]]) -> inventory.Inventory:
    """The lab with other flows, each as its YAML would read."""
    spec = lab()
    changed = tuple(platforms.Flow.model_validate_json(json.dumps(flow)) for flow in flows)
    return with_spec(spec, flows=changed)


def with_spec(spec: inventory.Inventory, **fields: Any) -> inventory.Inventory:
    """An inventory with some fields of its platform's `spec` changed."""
    platform = spec.platform
    changed = platform.model_copy(update={"spec": platform.spec.model_copy(update=fields)})
    return dataclasses.replace(spec, platform=changed)


def place(side: platforms.Side) -> build.LabPlace:
    """Where a lab could be."""
    return build.LabPlace(
        prefix=f"gc00000-{side.value[:3]}",
        data_folder=f"/data/{side.value}",
        image="/image",
        authorized_key="ssh-ed25519 AAAA govcloud",
    )


def plan(spec: inventory.Inventory) -> plans.Plan:
    """The plan of both sides, machines included; that of the lab as it is shipped is made once."""
    return lab_plan() if spec is lab() else new_plan(spec)


@functools.cache
def lab_plan() -> plans.Plan:
    """The plan of `lab()`."""
    return new_plan(lab())


def new_plan(spec: inventory.Inventory) -> plans.Plan:
    """The plan of both sides, made anew."""
    return build.build(spec, places={side: place(side) for side in spec.sides}, sides=spec.sides, today=TODAY)


def facts(side: platforms.Side, **changed: Any) -> steps.Facts:
    """Digests that stand for code, roles and certificates."""
    roles = dict.fromkeys(("baseline", "zone_firewall", "database", "kubernetes", "identity", "sslvpn"), "r")
    fields = {"code": {kind.value: "c" for kind in steps.StepKind}, "roles": roles, "certificates": {side: "x"}}
    return steps.Facts(**{**fields, **changed})
