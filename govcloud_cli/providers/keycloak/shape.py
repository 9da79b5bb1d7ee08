"""What a resource type takes, where Keycloak's representation has it, and which changes make a new resource.

All of it is pure. Values may be `wire.UNKNOWN` in a preview; those are judged later.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.keycloak import forms

REQUIRED: Final = object()
"""The default of a property that must be given."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """One property."""

    kind: str = "text"
    """`text`, `flag`, `number`, `duration` (`1h30m`), `set` of texts, `map` of texts, `choice` or `block`."""
    at: tuple[str, ...] = ()
    """Path in the representation; empty for what is not in it."""
    form: str = ""
    """How the representation writes it, see `forms.written`."""
    default: Any = None
    """None leaves the property out: it is not managed."""
    choices: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Word -> what the representation has for it."""
    fields: Mapping[str, Field] = dataclasses.field(default_factory=dict)
    """Of a block."""
    implies: tuple[str, ...] = ()
    """Path of a flag that is true where the block is given; a false one means that there is no block."""
    replaces: bool = False
    """A change makes a new resource."""
    secret: bool = False
    hidden: bool = False
    """Keycloak does not give it back."""


Shape = Mapping[str, Field]


def check(shape: Shape, new: resource.Properties, *, place: str = "") -> resource.Checked:
    """Fill in defaults, put values into their one form, and tell everything that is wrong."""
    inputs: resource.Properties = {}
    failures: list[resource.Failure] = []
    for name in new:
        if name not in shape and not name.startswith("__") and new[name] is not None:
            known = ", ".join(sorted(shape))
            reason = f"is not served by the builtin provider ({known})"
            failures.append(resource.Failure(property=place + name, reason=reason))
    for name, field in shape.items():
        value = new.get(name)
        value = field.default if value is None else value
        if value is REQUIRED:
            failures.append(resource.Failure(property=place + name, reason="is required; none is made up"))
        elif field.kind == "block" and isinstance(value, dict):
            inner = check(field.fields, value, place=f"{place}{name}.")
            failures.extend(inner.failures)
            inputs[name] = inner.inputs
        elif value is not None:
            fault = None if wire.has_unknown(value) else _wrong(field, value)
            if fault is not None:
                failures.append(resource.Failure(property=place + name, reason=fault))
            ready = fault is None and not wire.has_unknown(value)
            inputs[name] = _settled(field, value) if ready else value
    return resource.Checked(inputs=inputs, failures=tuple(failures))


def difference(shape: Shape, *, old: resource.Properties, new: resource.Properties) -> resource.Difference:
    """Compare recorded with new inputs. A property that was never recorded does not make a new resource."""
    changed = tuple(name for name in shape if (name in old or name in new) and not _same(old.get(name), new.get(name)))
    replace = tuple(name for name in changed if shape[name].replaces and name in old)
    # Names are taken as long as the old one is there.
    return resource.Difference(changed=changed, replace=replace, delete_before_replace=bool(replace))


def represented(shape: Shape, new: resource.Properties) -> dict[str, Any]:
    """Return `new` as the part of Keycloak's representation that it decides."""
    found: dict[str, Any] = {}
    for name, field in shape.items():
        value = new.get(name)
        if value is None:
            continue
        if field.kind == "block":
            found = merged(found, represented(field.fields, value))
            if field.implies:
                _put(found, field.implies, True)
        elif field.at:
            _put(found, field.at, forms.written(field.kind, field.form, value, field.choices))
    return found


def properties(shape: Shape, live: Mapping[str, Any]) -> resource.Properties:
    """Return what `live`, a representation, says about the properties; None for what it does not have."""
    found: resource.Properties = {}
    for name, field in shape.items():
        if field.kind == "block":
            absent = bool(field.implies) and _get(live, field.implies) is not True
            found[name] = None if absent else properties(field.fields, live)
        elif field.at and not field.hidden:
            value = _get(live, field.at)
            # An emptied value is often left out by Keycloak; no text and no entries are the same to it.
            found[name] = None if value is None else forms.read(field.kind, field.form, value, field.choices)
    return found


def observed(shape: Shape, recorded: resource.Properties, live: resource.Properties) -> resource.Properties:
    """Return the inputs that stand for what is really there; only what was recorded is looked at."""
    if not recorded:
        return {name: value for name, value in live.items() if value is not None}
    result: resource.Properties = {}
    for name, value in recorded.items():
        field = shape.get(name)
        found = live.get(name, value)
        if field is not None and field.kind == "block" and isinstance(value, dict) and isinstance(found, dict):
            found = observed(field.fields, value, found)
        elif field is not None and field.kind == "map" and isinstance(value, dict):
            found = {key: text for key, text in (found or {}).items() if key in value}
        if found is None and value in ("", [], {}, False):
            found = value
        if found is not None:
            result[name] = found
    return result


def concealed(shape: Shape, values: resource.Properties) -> resource.Properties:
    """Return `values` with what is secret marked so."""
    return {
        name: wire.Secret(value) if name in shape and shape[name].secret and isinstance(value, str) else value
        for name, value in values.items()
    }


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `below` with `above` over it, folder by folder."""
    result = dict(below)
    for name, value in above.items():
        lower = result.get(name)
        both = isinstance(lower, Mapping) and isinstance(value, Mapping)
        result[name] = merged(lower, value) if both else value  # type: ignore[arg-type]
    return result


def _wrong(field: Field, value: Any) -> str | None:
    match field.kind:
        case "flag":
            return None if isinstance(value, bool) else "must be true or false"
        case "number":
            return None if isinstance(value, int) and not isinstance(value, bool) else "must be a whole number"
        case "choice":
            allowed = ", ".join(field.choices)
            return None if value in field.choices else f"must be one of {allowed}; found {value!r}"
        case "set":
            right = isinstance(value, list) and all(isinstance(item, str) for item in value)
            return None if right else "must be a list of texts"
        case "map":
            right = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
            return None if right else "must be names with texts"
        case "block":
            return "must be a block"
        case "duration":
            right = isinstance(value, str) and forms.seconds(value) is not None
            return None if right else "must be a duration such as 45s, 10m or 1h30m"
    return None if isinstance(value, str) and "\0" not in value else "must be text without NUL"


def _settled(field: Field, value: Any) -> Any:
    if field.kind == "set":
        return sorted(set(value))
    if field.kind == "duration":
        return forms.duration(forms.seconds(value) or 0)
    return value


def _same(old: Any, new: Any) -> bool:
    return False if wire.has_unknown(new) else bool(old == new)


def _put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        document = document.setdefault(name, {})
    if isinstance(value, dict):
        document.setdefault(path[-1], {}).update(value)
    else:
        document[path[-1]] = value


def _get(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = document
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
