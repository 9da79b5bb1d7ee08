"""JSON Schema (draft 2020-12) of the inventory's files and of policies, for editors and other tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pydantic

from govcloud_cli.model import freezes, people, platforms, policies, tenants, waivers

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: Mapping[str, type[pydantic.BaseModel]] = MappingProxyType(
    {
        "platform": platforms.Platform,
        "tenant": tenants.Tenant,
        "people": people.People,
        "freeze": freezes.Freeze,
        "policy": policies.Policy,
        "library": policies.Library,
        "waiver": waivers.Waiver,
        "approvers": waivers.Approvers,
    }
)
"""Name of each kind of file to its model."""


def schema(document: str) -> dict[str, Any]:
    """The schema of one kind of file, with titles and the models' docstrings as descriptions."""
    return {"$schema": DRAFT, **DOCUMENTS[document].model_json_schema(by_alias=True, mode="validation")}


def file_name(document: str) -> str:
    """The file that sample inventories name in their first line."""
    return f"{document}.schema.json"


def text(document: str) -> str:
    """The schema as it is printed and written."""
    return json.dumps(schema(document), ensure_ascii=False, indent=2) + "\n"
