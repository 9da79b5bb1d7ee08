"""What null is in a Kubernetes object: a key that is not there, but empty text in a mapping of texts."""

from __future__ import annotations

from typing import Any

Json = Any

_OF_TEXTS = frozenset({"annotations", "labels", "matchLabels", "nodeSelector", "selector"})
_LABEL_SELECTOR = frozenset({"matchLabels", "matchExpressions"})
"""What `selector` holds where it is no mapping of texts."""


def dropped(mapping: dict[str, Json], of: str = "") -> dict[str, Json]:
    """The entries that have a value, of the mapping that is the value of the key `of`.

    The API server reads `nodeSelector: {a: null}` as `{a: ""}` (encoding/json, into a map of strings).
    """
    if None not in mapping.values():
        return mapping
    if of in _OF_TEXTS and _LABEL_SELECTOR.isdisjoint(mapping):
        return {key: "" if value is None else value for key, value in mapping.items()}
    return {key: value for key, value in mapping.items() if value is not None}


def as_sent(value: Json, of: str = "") -> Json:
    """A whole document as the API server takes it. Its depth is bounded by who read it."""
    if isinstance(value, dict):
        return dropped({key: as_sent(item, key) for key, item in value.items()}, of)
    return [as_sent(item) for item in value] if isinstance(value, list) else value
