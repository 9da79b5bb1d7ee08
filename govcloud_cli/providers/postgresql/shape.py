"""What a resource type takes: names, kinds, defaults, and which changes make a new resource.

All of it is pure. Values may be `wire.UNKNOWN` in a preview; those are judged later.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli.providers import resource, wire

_LONGEST: Final = 63  # bytes; PostgreSQL cuts a longer identifier without an error
REQUIRED: Final = object()
"""The default of a property that must be given."""

FLOATING: Final = "DEFAULT"
"""A value that leaves the choice to the server; what the server chose is then no difference."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Field:
    """One property."""

    kind: str
    """`identifier`, `text`, `flag`, `number`, `names` (a set), `list` or `choice`."""
    default: Any = None
    """None leaves the property out: it is not managed."""
    choices: tuple[str, ...] = ()
    replaces: bool = False
    """A change makes a new resource."""
    loose: bool = False
    """Case, `-` and `_` make no difference, as in `UTF-8` and `utf8`."""
    low: int = 0
    """The least number."""


Shape = Mapping[str, Field]


def check(shape: Shape, new: resource.Properties) -> resource.Checked:
    """Fill in defaults, put sets in order, and tell everything that is wrong."""
    inputs: resource.Properties = {}
    failures: list[resource.Failure] = []
    for name in new:
        if name not in shape and not name.startswith("__") and new[name] is not None:
            known = ", ".join(sorted(shape))
            failures.append(resource.Failure(property=name, reason=f"is not served by the builtin provider ({known})"))
    for name, field in shape.items():
        value = new.get(name)
        if value is None:
            value = field.default
        if value is REQUIRED:
            failures.append(resource.Failure(property=name, reason="is required; no name is made up for it"))
        elif value is not None:
            reason = None if wire.has_unknown(value) else _wrong(field, value)
            if reason is not None:
                failures.append(resource.Failure(property=name, reason=reason))
            inputs[name] = _ordered(field, value) if reason is None else value
    return resource.Checked(inputs=inputs, failures=tuple(failures))


def difference(shape: Shape, *, old: resource.Properties, new: resource.Properties) -> resource.Difference:
    """Compare recorded with new inputs. A property that was never recorded does not make a new resource."""
    changed = tuple(
        name for name in shape if (name in old or name in new) and not _same(shape[name], old.get(name), new.get(name))
    )
    replace = tuple(name for name in changed if shape[name].replaces and name in old)
    # Privileges of the old one would be revoked after the new one granted the same; names are taken.
    return resource.Difference(changed=changed, replace=replace, delete_before_replace=bool(replace))


def observed(recorded: resource.Properties, live: resource.Properties) -> resource.Properties:
    """Return the inputs that stand for what is really there.

    Only what was recorded is looked at; everything, for an import. A live value of None means: not there any more.
    """
    if not recorded:
        return {name: value for name, value in live.items() if value is not None}
    merged = {name: value if value == FLOATING else live.get(name, value) for name, value in recorded.items()}
    return {name: value for name, value in merged.items() if value is not None}


def identifier_fault(value: object) -> str | None:
    """Tell why `value` cannot name something in PostgreSQL, or None."""
    if not isinstance(value, str):
        return "must be text"
    if not value:
        return "must not be empty"
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        return "holds a character that PostgreSQL cannot store"
    size = len(value.encode())
    return None if size <= _LONGEST else f"is {size} bytes long; PostgreSQL allows {_LONGEST}"


def _wrong(field: Field, value: Any) -> str | None:
    match field.kind:
        case "identifier":
            return identifier_fault(value)
        case "flag":
            return None if isinstance(value, bool) else "must be true or false"
        case "number":
            fits = isinstance(value, int) and not isinstance(value, bool) and field.low <= value < 2**31
            return None if fits else f"must be a whole number, at least {field.low}"
        case "choice":
            return None if value in field.choices else f"must be one of {', '.join(field.choices)}; found {value!r}"
        case "names" | "list":
            return _wrong_list(field, value)
    return None if isinstance(value, str) and "\0" not in value else "must be text without NUL"


def _wrong_list(field: Field, value: Any) -> str | None:
    if not isinstance(value, list):
        return "must be a list"
    faults = (identifier_fault(item) for item in value)
    found = next((fault for fault in faults if fault is not None), None)
    if found is None and field.choices:
        odd = next((item for item in value if item.upper() not in field.choices), None)
        return None if odd is None else f"may hold {', '.join(field.choices)}; found {odd!r}"
    return None if found is None else f"holds an entry that {found}"


def _ordered(field: Field, value: Any) -> Any:
    if field.kind != "names" or wire.has_unknown(value):
        return value
    return sorted({item.upper() if field.choices else item for item in value})


def _same(field: Field, old: Any, new: Any) -> bool:
    if wire.has_unknown(new):
        return False
    if field.loose and isinstance(old, str) and isinstance(new, str):
        return _plain(old) == _plain(new)
    if isinstance(old, list) and isinstance(new, list):
        return bool(_ordered(field, old) == _ordered(field, new))
    return bool(old == new)


def _plain(text: str) -> str:
    return text.casefold().replace("-", "").replace("_", "")
