"""What is judged: one document each, and where it came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from govcloud_cli.model import policies

Json = Any
Path = tuple[str | int, ...]
"""Keys and indices from the top of a document."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Where a document was written."""

    file: str
    """As the user named it."""
    document: int = 0
    """Its number in a stream of several, from 0."""
    path: Path = ()
    """Where in that document it begins, e.g. `("items", 3)`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subject:
    """One document that rules of its `input` are asked about."""

    input: policies.Input
    key: str
    """What findings and waivers call it, e.g. `k8s:apps/Deployment/finance-prod/web`, `flow:external-web`."""
    document: Json
    """Plain JSON: dict, list, str, int, float, bool, None."""
    place: Place | None = None
    """None for what no file says, such as what is planned from several."""
    unknown: tuple[Path, ...] = ()
    """Where Pulumi does not know the value yet; the document has `UNKNOWN_TEXT` there."""


_LONGEST = 200
_FIRST = 3
"""Values that are told one by one."""
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's mark of a string that is known after `up` only (sdk/go/common/resource/plugin/rpc.go)."""


def written(path: Path) -> str:
    """A path as people write it: `spec.containers[0].image`; a key that is no plain word stands in brackets."""
    told = ""
    for part in path:
        if isinstance(part, int):
            told += f"[{part}]"
        elif part.replace("-", "").replace("_", "").isalnum():
            told += f".{part}" if told else part
        else:
            told += f"['{part}']"
    # Whoever writes a manifest decides how long its keys are.
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 3]}..."


def not_known(subject: Subject, path: Path = ()) -> str:
    """That something hangs on values that are not known yet, and on which: those at or below `path`, if any are."""
    near = [one for one in subject.unknown if all(here == there for here, there in zip(one, path, strict=False))]
    told = [written(one) for one in near or subject.unknown]
    more = f" and {len(told) - _FIRST} more" if len(told) > _FIRST else ""
    which = f": {', '.join(told[:_FIRST])}{more}" if all(told) and told else ""
    return f"hangs on a value that is not known yet{which}"


def kubernetes_key(document: Mapping[str, Any]) -> str:
    """The key of a Kubernetes object: `k8s:<group or core>/<Kind>/[<namespace>/]<name>`.

    Objects named by the API server (`generateName`) end in `*`, which no waiver can name.
    """
    api_version = str(document.get("apiVersion") or "")
    group = api_version.rpartition("/")[0] or "core"
    metadata = document.get("metadata")
    facts: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    name = str(facts.get("name") or f"{facts.get('generateName') or ''}*")
    within = [str(facts["namespace"])] if facts.get("namespace") else []
    parts = [group, str(document.get("kind") or ""), *within, name]
    return "k8s:" + "/".join(parts)
