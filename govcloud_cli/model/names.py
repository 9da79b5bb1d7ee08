"""Identifiers: what may be one, and which ones a person would confuse.

An id ends up in namespaces, SQL roles, file names, nft map names and interface names, so it is
kept to the intersection of what all of them take (RFC 1123 label, lower case, no double dash).
"""

from __future__ import annotations

from typing import Annotated

import pydantic

Id = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", min_length=2, max_length=30)]
"""A stable id: lower-case letters, digits and single dashes, starting with a letter, 2-30 characters."""

DatabaseId = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9]*$", min_length=2, max_length=16)]
"""The name of one database within a tenant's environment; short, because PostgreSQL cuts names at 63 bytes."""

DisplayName = Annotated[str, pydantic.StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name for people, in any script; may change freely."""

Reason = Annotated[str, pydantic.StringConstraints(min_length=2, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Why something is allowed; ends up as a comment in the firewall."""

ENVIRONMENTS = ("dev", "test", "staging", "prod")

RESERVED = frozenset(
    {
        "default", "kube-system", "kube-public", "kube-node-lease", "kubernetes", "system",
        "govcloud", "postgres", "template0", "template1", "pgbouncer", "public",
        "admin", "root", "pg", "all", "any", "none", "localhost", "management", "mgmt0", "lo",
        "internal", "external", "internet",
    }
)  # fmt: skip
"""Ids that a system below us already gives a meaning to."""

_LOOKALIKES = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "2": "z", "-": None})


def skeleton(identifier: str) -> str:
    """Fold an id to what the eye sees (after Unicode TR39, for our alphabet), so that look-alikes compare equal."""
    return identifier.translate(_LOOKALIKES).replace("rn", "m").replace("vv", "w")


def is_reserved(identifier: str) -> bool:
    """True for an id that a system below us uses, or that would make `<tenant>-<environment>` ambiguous."""
    return (
        identifier in RESERVED
        or identifier.startswith(("kube-", "pg-", "govcloud-"))
        or identifier.rpartition("-")[2] in ENVIRONMENTS
    )
