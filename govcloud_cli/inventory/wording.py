"""Says in the reader's words what pydantic found: which field, what was written, what it takes, what was meant."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pydantic
import pydantic_core

from govcloud_cli.inventory import slips
from govcloud_cli.model import forms

Loc = tuple[str | int, ...]
_NAMES = "lower-case letters"
"""How the words for forms begin whose values become names of files."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wording:
    """A model fault, told; `on_key` is true where the key, not its value, is the place to point at."""

    code: str
    path: Loc
    message: str
    found: str = ""
    allowed: str = ""
    remedy: str = ""
    on_key: bool = False


def tell(model: type[pydantic.BaseModel], error: pydantic.ValidationError) -> tuple[Wording, ...]:
    """Every fault of a failed validation; empty lists that are only empty because their items are bad are left out."""
    schema = model.model_json_schema()
    found = error.errors(include_url=False)
    return tuple(_one(schema, item) for item in found if not _is_echo(item))


def suggestion(word: object, choices: tuple[str, ...]) -> str:
    """`did you mean 'x'?` for a near miss, else empty."""
    # Closer than difflib's own 0.6: who writes `secret` for a data class must not be told `core`.
    near = difflib.get_close_matches(slips.half_width(str(word)), choices, n=1, cutoff=0.65)
    return f"did you mean '{near[0]}'?" if near else ""


def _is_echo(item: pydantic_core.ErrorDetails) -> bool:
    # pydantic counts only items that passed: a list whose items are all bad is "too short" as well.
    return item["type"] == "too_short" and len(item["input"]) >= item.get("ctx", {}).get("min_length", 0)


def _one(schema: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    loc = item["loc"]
    if loc and loc[-1] == "[key]":
        return _unknown_key(schema, loc[:-1])
    teller = _TELLERS.get(item["type"])
    if teller is not None:
        return teller(schema, item)
    kind = _KINDS.get(item["type"])
    if kind is not None:
        return _wrong_kind(item, kind)
    return Wording(code="GC1105", path=loc, message=f"{_name(loc)} is not right", found=_shown(item["input"]))


def _missing(schema: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    loc = item["loc"]
    here = _resolve(schema, _at(schema, loc))
    meaning = str(here.get("description", "")).split("\n", maxsplit=1)[0]
    near = _near_miss(schema, item)
    remedy = near or f"add `{loc[-1]}`" + (f": {meaning}" if meaning else "")
    return Wording(
        code="GC1101",
        path=loc,
        message=f"{_place(loc[:-1])} lacks the field '{loc[-1]}'",
        allowed=_allowed(here),
        remedy=remedy,
    )


def _near_miss(schema: dict[str, Any], item: pydantic_core.ErrorDetails) -> str:
    """Where the missing field is there under a slightly wrong name, one correction mends both faults."""
    known = _fields(schema, item["loc"][:-1])
    written = item["input"] if isinstance(item["input"], dict) else {}
    strangers = tuple(key for key in written if key not in known)
    near = difflib.get_close_matches(str(item["loc"][-1]), strangers, n=1, cutoff=0.75)
    return f"rename `{near[0]}` to `{item['loc'][-1]}`" if near else ""


def _unknown(schema: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    return _unknown_key(schema, item["loc"])


def _unknown_key(schema: dict[str, Any], loc: Loc) -> Wording:
    choices = _fields(schema, loc[:-1])
    return Wording(
        code="GC1102",
        path=loc,
        message=f"{_place(loc[:-1])} has no field '{loc[-1]}'",
        found=str(loc[-1]),
        allowed=", ".join(choices),
        remedy=suggestion(loc[-1], choices),
        on_key=True,
    )


def _choice(schema: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    choices = tuple(str(choice) for choice in _choices(_resolve(schema, _at(schema, item["loc"]))))
    value = item["input"]
    return Wording(
        code="GC1104",
        path=item["loc"],
        message=f"{_name(item['loc'])} cannot be {_shown(value)}",
        found=_shown(value),
        allowed=", ".join(choices),
        remedy=suggestion(value, choices),
    )


def _pattern(_: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    form = forms.FORMS.get(item["ctx"]["pattern"], "the form that the schema states")
    value = str(item["input"])
    what = f"{_name(item['loc'])} cannot be {_shown(value)}"
    if form.startswith(_NAMES) and ("/" in value or ".." in value):
        what += ", which could be taken for a path"
    remedy = _as_id(value, form)
    return Wording(code="GC1105", path=item["loc"], message=what, found=_shown(value), allowed=form, remedy=remedy)


def _as_id(value: str, form: str) -> str:
    if not form.startswith(forms.ID):
        return ""
    candidate = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    return f"write '{candidate}'; displayName takes any script" if re.match(r"[a-z][a-z0-9-]+\Z", candidate) else ""


def _length(_: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    context = item["ctx"]
    unit = "characters" if item["type"].startswith("string") else "entries"
    one = unit.removesuffix("s") if unit == "characters" else "entry"
    number = len(item["input"])
    bound, size = ("at least", context["min_length"]) if "min_length" in context else ("at most", context["max_length"])
    limit = f"{bound} {size} {one if size == 1 else unit}"
    return Wording(
        code="GC1106",
        path=item["loc"],
        message=f"{_name(item['loc'])} needs {limit}",
        found=f"{number} {one if number == 1 else unit}",
        allowed=limit,
    )


def _range(schema: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    here = _resolve(schema, _at(schema, item["loc"]))
    return Wording(
        code="GC1107",
        path=item["loc"],
        message=f"{_name(item['loc'])} cannot be {_shown(item['input'])}",
        found=_shown(item["input"]),
        allowed=_allowed(here),
    )


def _address(_: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    kind, example = forms.ADDRESSES[item["type"]]
    value = item["input"]
    return Wording(
        code="GC1108",
        path=item["loc"],
        message=f"{_shown(value)} is not {kind}",
        found=_shown(value),
        allowed=f"{kind}, such as {example}",
        remedy=_without_host_bits(value) if "network" in item["type"] else "",
    )


def _privileged(_: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    value = str(item["input"])
    return Wording(
        code="GC1707",
        path=item["loc"],
        message=f"group {_shown(value)} belongs to the platform",
        found=_shown(value),
        allowed=f"a group that does not begin with '{value.partition(':')[0]}:'",
    )


def _day(_: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    value = item["input"]
    return Wording(
        code="GC1105",
        path=item["loc"],
        message=f"{_name(item['loc'])} cannot be {_shown(value)}",
        found=_shown(value),
        allowed="a day of the calendar such as 2027-06-30: year, month and day, in figures",
    )


def _without_host_bits(value: object) -> str:
    try:
        network = ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        return ""
    return f"write the prefix itself, {network}" if "/" in str(value) else ""


def _together(_: dict[str, Any], item: pydantic_core.ErrorDetails) -> Wording:
    words = str(item.get("ctx", {}).get("error", "")) or "fields do not go together"
    return Wording(code="GC1109", path=item["loc"], message=f"{_place(item['loc'])}: {words}", allowed=words)


def _wrong_kind(item: pydantic_core.ErrorDetails, kind: str) -> Wording:
    value = item["input"]
    remedy = ""
    if kind == "text" and not isinstance(value, dict | list | None):
        remedy = f'put it in quotes: "{value}"'
    elif kind == "a whole number" and isinstance(value, str) and re.match(r"[0-9]{1,9}\Z", value):
        remedy = f"write it without quotes: {value}"
    elif kind == "a list" and value is not None:
        remedy = "begin each entry on a line of its own with `- `"
    return Wording(
        code="GC1103",
        path=item["loc"],
        message=f"{_name(item['loc'])} must be {kind}, not {_kind_of(value)}",
        found=_shown(value),
        allowed=kind,
        remedy=remedy,
    )


_KINDS: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}

_TELLERS: Mapping[str, Callable[[dict[str, Any], pydantic_core.ErrorDetails], Wording]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "enum": _choice,
    "literal_error": _choice,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _length,
    "string_too_long": _length,
    "too_short": _length,
    "too_long": _length,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "ip_v4_network": _address,
    "ip_v6_network": _address,
    "ip_any_network": _address,
    "ip_v4_address": _address,
    "ip_v6_address": _address,
    "privileged_group": _privileged,
    "day": _day,
    "value_error": _together,
}


def _at(schema: dict[str, Any], loc: Loc) -> dict[str, Any]:
    """The part of a JSON Schema that describes the value at `loc`; empty where there is none."""
    here = schema
    for part in loc:
        here = _resolve(schema, here)
        if isinstance(part, int):
            here = here.get("items", {})
        else:
            here = here.get("properties", {}).get(part) or here.get("additionalProperties") or {}
        if not isinstance(here, dict):
            return {}
    return here


def _resolve(schema: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    for option in here.get("anyOf", ()):
        if option.get("type") != "null":
            return _resolve(schema, {**option, **{key: value for key, value in here.items() if key == "description"}})
    name = str(here.get("$ref", "")).removeprefix("#/$defs/")
    return {**schema["$defs"][name], **here} if name else here


def _fields(schema: dict[str, Any], loc: Loc) -> tuple[str, ...]:
    here = _resolve(schema, _at(schema, loc))
    if "properties" in here:
        return tuple(here["properties"])
    return tuple(str(choice) for choice in _choices(_resolve(schema, here.get("propertyNames", {}))))


def _choices(here: dict[str, Any]) -> tuple[object, ...]:
    return (here["const"],) if "const" in here else tuple(here.get("enum", ()))


def _allowed(here: dict[str, Any]) -> str:
    """What a value of this schema may be, in words; empty where its meaning says it better."""
    if _choices(here):
        return ", ".join(str(choice) for choice in _choices(here))
    if "pattern" in here:
        return forms.FORMS.get(here["pattern"], "")
    if "minimum" in here and "maximum" in here:
        return f"a whole number from {here['minimum']} to {here['maximum']}"
    if "minimum" in here:
        return f"a whole number, {here['minimum']} or more"
    return ""


def _place(loc: Loc) -> str:
    return "the document" if not loc else ".".join(_segments(loc))


def _name(loc: Loc) -> str:
    return ".".join(_segments(loc)[-1:]) or "the document"


def _segments(loc: Loc) -> list[str]:
    segments: list[str] = []
    for part in loc:
        if isinstance(part, int) and segments:
            segments[-1] += f"[{part}]"
        else:
            segments.append(str(part))
    return segments


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    clean = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:61])
    cut = f"{clean[:60]}…" if len(text) > 60 else clean
    return f"'{cut}'" if isinstance(value, str) else cut


def _kind_of(value: object) -> str:
    kinds: dict[type, str] = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number"}
    if value is None:
        return "empty"
    return kinds.get(type(value), "a number with a fraction")
