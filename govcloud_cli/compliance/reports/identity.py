"""What reports call things by, the same in every run, so that tools can tell what is new."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable

from govcloud_cli.compliance import findings
from govcloud_cli.model import policies

NAMESPACE = uuid.UUID("5a6fa19a-b67e-55ac-8f35-683b6436e10e")
"""Of every UUID that reports have: that of `SITE` as a URL. Never changes."""
SITE = "https://govcloud.io/ns/policy"
"""A name, not an address: the namespace of GovCloud's own properties."""


def fingerprint(result: findings.Result) -> str:
    """What stays the same while a finding stays: rule and resource, not the line. 32 hexadecimal digits."""
    named = f"{result.policy.metadata.id}\n{result.subject.key}"
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def named(*parts: str) -> str:
    """A UUID (version 5, RFC 9562) from stable names."""
    # Names may hold half characters, which `uuid5` cannot encode.
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return str(uuid.uuid5(NAMESPACE, digest))


def ruleset(rules: Iterable[policies.Policy]) -> str:
    """The digest of the rules that a run judged by: `sha256:` and 64 hexadecimal digits."""
    ordered = sorted(rules, key=lambda rule: rule.metadata.id)
    text = json.dumps([rule.model_dump(mode="json", by_alias=True) for rule in ordered], sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode('utf-8')).hexdigest()}"
