"""How a program names a namespace with everything in it as one resource; `kubernetes.bundle` serves it.

Apart from the server, because a program that registers resources has no use for an HTTP client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

TOKEN: Final = "kubernetes:govcloud/v1:Namespace"  # noqa: S105 - a type


def key_of(written: Mapping[str, Any]) -> str:
    """The key of a manifest among a namespace's: `<kind>/<name>`."""
    return f"{written['kind']}/{written['metadata']['name']}"


def text_of(written: Mapping[str, Any]) -> str:
    """A manifest as canonical JSON: equal manifests have equal texts."""
    return json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
