"""Inventories of any number of tenants, as YAML files; a tenant has ten or eleven Kubernetes objects."""

from __future__ import annotations

import pathlib
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).parents[2]
SIDE = "external"
"""The side of all tenants, and their zone."""


def write(folder: pathlib.Path, *, tenants: int) -> pathlib.Path:
    """Write the environment `folder`, the lab's platform with other tenants, and return it."""
    (folder / "tenants").mkdir(parents=True)
    platform = yaml.safe_load((ROOT / "inventories" / "lab" / "platform.yaml").read_text(encoding="utf-8"))
    for organisation in platform["spec"]["organisations"]:
        # A budget is for the tenants that the lab has.
        organisation.pop("budget", None)
    _dump(folder / "platform.yaml", platform)
    for number in range(tenants):
        touch(folder, number)
    return folder


def touch(folder: pathlib.Path, number: int, *, name: str = "") -> str:
    """Write one tenant's file, with another display name; return the tenant's id."""
    identifier = f"bureau-{number:04d}"
    allow = [{"direction": "inbound", "peer": {"zone": "internet"}, "ports": [443], "reason": "公开查询"}]
    document: dict[str, Any] = {
        "apiVersion": "govcloud/v1",
        "kind": "TenantRequest",
        "metadata": {"id": identifier, "displayName": name or f"云溪市第{number}局"},
        "spec": {
            "organisation": "yunxi-approval",
            "zone": SIDE,
            "dataClass": "general",
            "mlps": 2,
            "owner": "li.na",
            "technicalLead": "wang.wei",
            "contact": {"mailbox": f"{identifier}@yunxi.example", "phone": "0539-1234567"},
            "environments": [{"name": "prod", "quota": "s"}],
            "members": [
                {"group": f"{identifier}:{plural}", "role": role}
                for plural, role in (("owners", "owner"), ("maintainers", "maintainer"), ("viewers", "viewer"))
            ],
            "network": {"allow": allow if number % 2 else []},
        },
    }
    _dump(folder / "tenants" / f"{identifier}.yaml", document)
    return identifier


def _dump(path: pathlib.Path, document: dict[str, Any]) -> None:
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")
