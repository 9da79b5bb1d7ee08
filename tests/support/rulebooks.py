"""GovCloud's own policies, ready to be asked."""

from __future__ import annotations

import functools

from govcloud_cli import resources
from govcloud_cli.compliance import rules as rules_
from govcloud_cli.compliance.cel import engine
from govcloud_cli.inventory import rulebook


@functools.cache
def rules(*registries: str) -> tuple[rules_.Rule, ...]:
    """All of `policies/`, as a platform has them that declares these registries."""
    found = rulebook.load([resources.folder("policies")])
    asked = engine.Engine({"registries": list(registries)})
    return tuple(rules_.compile(one, libraries=found.libraries, engine=asked) for one in found.policies)
