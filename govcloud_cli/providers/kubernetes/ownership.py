"""Reading back: which part of a live object is ours, and what it says now.

`managedFields` tells what `govcloud` applied and nobody changed since. Where our claim is gone, somebody changed the
field, and the live value is what a refresh has to show.
"""

from __future__ import annotations

import base64
import binascii
import decimal
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli.providers import resource
from govcloud_cli.providers.kubernetes import client, kinds, manifest

Path = tuple[str | int, ...]
Fields = Mapping[str, Any]
"""`fieldsV1` of one manager: `f:<name>`, `k:<json of the key>`, `v:<json>`; an empty mapping is a whole value."""
_MISSING: Final = object()
_NOISE: Final = ("status",)
_METADATA_NOISE: Final = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
    "selfLink",
    "ownerReferences",
    "finalizers",
)
_QUANTITY: Final = re.compile(r"([+-]?[0-9.]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|u|n|[eE][+-]?[0-9]+)?")
_SCALE: Final = {
    **{unit: decimal.Decimal(1000) ** power for power, unit in enumerate(("", "k", "M", "G", "T", "P", "E"))},
    **{f"{unit}i": decimal.Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")},
    "m": decimal.Decimal("0.001"),
    "u": decimal.Decimal("0.000001"),
    "n": decimal.Decimal("0.000000001"),
}


def inputs(kind: kinds.Kind, live: resource.Properties, recorded: resource.Properties) -> resource.Properties:
    """Return the inputs that describe `live` as it is now. `recorded`: the inputs in the state, empty for an import."""
    reader = Reader(kind)
    fields = owned(live)
    body = manifest.without_nulls({name: value for name, value in live.items() if name not in _NOISE})
    if recorded:
        plain, texts = _without_texts(recorded)
        seen = reader.project(body, plain, fields or None, ())
        result = _with_texts(seen, texts)
    elif fields:
        result = reader.take(body, fields, ())
    else:
        body["metadata"] = {key: value for key, value in live["metadata"].items() if key not in _METADATA_NOISE}
        result = reader.without_defaults(body, ())
    result["apiVersion"], result["kind"] = kind.api_version, kind.name
    metadata = result.setdefault("metadata", {})
    metadata["name"] = live["metadata"]["name"]
    if kind.namespaced:
        metadata["namespace"] = live["metadata"]["namespace"]
    return dict(result)


def owned(live: Mapping[str, Any]) -> Fields:
    """Return what `govcloud` applied, in `fieldsV1` form; empty if nothing."""
    for entry in live["metadata"].get("managedFields") or ():
        if (entry.get("manager"), entry.get("operation"), entry.get("subresource")) == (client.MANAGER, "Apply", None):
            return dict(entry.get("fieldsV1") or {})
    return {}


def declares(recorded: Any, field: str) -> bool:
    """Tell whether `recorded` inputs have the field that a conflict names, e.g. `.spec.hard.limits.cpu`."""
    if not field:
        return True
    if isinstance(recorded, list):
        return True
    if not isinstance(recorded, Mapping):
        return False
    rest = field.removeprefix(".")
    for name in sorted(recorded, key=len, reverse=True):
        if rest.startswith(name) and rest[len(name) : len(name) + 1] in ("", ".", "["):
            return declares(recorded[name], rest[len(name) :])
    return False


class Reader:
    """Walks a live object beside recorded inputs and owned fields."""

    def __init__(self, kind: kinds.Kind) -> None:
        self._quantities = [kinds.pattern(text) for text in kind.quantities]
        self._defaults = [(kinds.pattern(text), value) for text, value in kind.defaults.items()]
        self._kind = kind

    def project(self, live: Any, recorded: Any, fields: Fields | None, path: Path) -> Any:
        """Return `live` cut to what `recorded` names and to what `fields` says is ours."""
        if isinstance(live, dict) and isinstance(recorded, dict):
            return self._mapping(live, recorded, fields, path)
        if isinstance(live, list) and isinstance(recorded, list):
            if fields is None:
                return self._known_shape(self.without_defaults(live, path), recorded, path)
            ours = live if path[:1] and path[0] in self._kind.whole else _ours(live, fields)
            return self._lenient(ours, recorded, path)
        return self.scalar(live, recorded, path)

    def _mapping(
        self, live: dict[str, Any], recorded: dict[str, Any], fields: Fields | None, path: Path
    ) -> dict[str, Any]:
        seen = {
            name: value
            for name, value in recorded.items()
            if name not in live and self.may_be_left_out(value, (*path, name))
        }
        for name, value in live.items():
            inner = _inner(fields, f"f:{name}")
            if name in recorded:
                seen[name] = self.project(value, recorded[name], inner, (*path, name))
            elif inner is not None and fields:
                seen[name] = self.take(value, inner, (*path, name))
            elif self.is_surplus(value, (*path, name)):
                seen[name] = self.without_defaults(value, (*path, name))
        return seen

    def may_be_left_out(self, value: Any, path: Path) -> bool:
        """Tell whether the server leaves out `value`, because it is empty."""
        return not value and not (len(path) == 1 and path[0] in self._kind.explicit)

    def is_surplus(self, value: Any, path: Path) -> bool:
        """Tell whether a field that nobody planned is one too many: in what is ours as a whole, and no default."""
        if value is None or len(path) < 2 or path[0] not in self._kind.whole or self._is_default(value, path):
            return False
        kept = self.without_defaults(value, path)
        # An empty selector selects everything, so emptiness alone excuses nothing.
        return bool(kept) or kept == value

    def take(self, live: Any, fields: Fields, path: Path) -> Any:
        """Return the owned part of `live`."""
        if isinstance(live, dict) and any(key.startswith("f:") for key in fields):
            return {
                name: self.take(value, fields[f"f:{name}"], (*path, name))
                for name, value in live.items()
                if f"f:{name}" in fields
            }
        if isinstance(live, list):
            return [self.without_defaults(item, (*path, place)) for place, item in enumerate(_ours(live, fields))]
        return self.without_defaults(live, path)

    def without_defaults(self, value: Any, path: Path) -> Any:
        """Return `value` without what the server filled in by itself."""
        if isinstance(value, dict):
            kept = {
                name: self.without_defaults(item, (*path, name))
                for name, item in value.items()
                if not self._is_default(item, (*path, name))
            }
            return {name: item for name, item in kept.items() if item != {} or value[name] == {}}
        if isinstance(value, list):
            return [self.without_defaults(item, (*path, place)) for place, item in enumerate(value)]
        return value

    def _lenient(self, live: Any, recorded: Any, path: Path) -> Any:
        """Cut `live` to the names in `recorded`: what is beyond them in a list of ours the server filled in."""
        if isinstance(live, dict) and isinstance(recorded, dict):
            return {
                name: self._lenient(item, recorded[name], (*path, name))
                for name, item in live.items()
                if name in recorded
            }
        if isinstance(live, list) and isinstance(recorded, list):
            return [
                self._lenient(item, recorded[place], (*path, place)) if place < len(recorded) else item
                for place, item in enumerate(live)
            ]
        return self.scalar(live, recorded, path)

    def _known_shape(self, live: Any, recorded: Any, path: Path) -> Any:
        """Return `live` whole, with defaults kept where `recorded` spells them out."""
        if live == self.without_defaults(recorded, path):
            return recorded
        return live

    def scalar(self, live: Any, recorded: Any, path: Path) -> Any:
        """Return `recorded` where `live` is the same quantity in the server's own words."""
        same = (
            isinstance(recorded, str | int | float)
            and any(kinds.matches(pattern, path) for pattern in self._quantities)
            and quantity(live) is not None
            and quantity(live) == quantity(recorded)
        )
        return recorded if same else live

    def _is_default(self, value: Any, path: Path) -> bool:
        return any(
            len(pattern) == len(path) and kinds.matches(pattern, path) and default in (None, value)
            for pattern, default in self._defaults
        )


def quantity(value: Any) -> decimal.Decimal | None:
    """Return a Kubernetes quantity as a number; None if `value` is none."""
    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    digits, unit = match[1], match[2] or ""
    try:
        if unit[:1] in ("e", "E") and len(unit) > 1 and unit != "Ei":
            return decimal.Decimal(digits + unit)
        return decimal.Decimal(digits) * _SCALE[unit]
    except decimal.InvalidOperation:
        return None


def _inner(fields: Fields | None, key: str) -> Fields | None:
    inner = None if fields is None else fields.get(key)
    if inner is None and fields is not None and not fields:
        return {}  # the whole value above is ours, so is this
    return inner


def _ours(live: list[Any], fields: Fields) -> list[Any]:
    """Return the items of a keyed list that are ours; all of a list that is owned as a whole."""
    keys = [json.loads(key[2:]) for key in fields if key.startswith("k:")]
    values = [json.loads(key[2:]) for key in fields if key.startswith("v:")]
    if not keys and not values:
        return live
    return [
        item
        for item in live
        if item in values
        or (isinstance(item, dict) and any(all(item.get(name) == part for name, part in key.items()) for key in keys))
    ]


def _without_texts(recorded: resource.Properties) -> tuple[resource.Properties, dict[str, str]]:
    """Return recorded inputs with `stringData` as `data`, and the texts that were there."""
    texts = recorded.get("stringData") or {}
    if not texts:
        return recorded, {}
    plain = {name: value for name, value in recorded.items() if name != "stringData"}
    plain["data"] = {**plain.get("data", {}), **dict.fromkeys(texts, "")}
    return plain, texts


def _with_texts(seen: resource.Properties, texts: Mapping[str, str]) -> resource.Properties:
    """Move back to `stringData` what came from there."""
    if not texts:
        return seen
    data = dict(seen.get("data") or {})
    moved = {key: _decoded(data.pop(key)) for key in texts if key in data}
    result = {name: value for name, value in seen.items() if name != "data"}
    return result | ({"data": data} if data else {}) | ({"stringData": moved} if moved else {})


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text
