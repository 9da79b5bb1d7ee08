"""Pulumi's property values: gRPC `Struct` to plain Python and back, with secrets and unknowns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from govcloud_cli import errors

_SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_TEXTS: Final = frozenset(
    (
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string, and what we send
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    )
)
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_TELLING: Final = 8
"""A shorter secret is recognised by its place only: the text `true` elsewhere is no secret."""

Path = tuple[str | int, ...]
"""Where a value is: names and list positions from the top."""


class Unknown:
    """The type of `UNKNOWN`: a value that is known only after other resources were made."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclasses.dataclass(frozen=True)
class Secret:
    """Marks a value that a handler returns as secret; Pulumi encrypts it in the state and hides it."""

    value: Any = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Secrecy:
    """What was secret in a message, so that it stays secret in the answer."""

    paths: frozenset[Path] = frozenset()
    texts: frozenset[str] = dataclasses.field(default=frozenset(), repr=False)
    """Secret strings, to be recognised at another place of the answer."""

    def union(self, other: Secrecy) -> Secrecy:
        """Return what is secret in either."""
        return Secrecy(paths=self.paths | other.paths, texts=self.texts | other.texts)


def decode(message: struct_pb2.Struct) -> tuple[dict[str, Any], Secrecy]:
    """Return the plain properties of `message` and what of them is secret.

    Raises `errors.GovcloudError` for an asset, archive or resource reference.
    """
    reader = _Reader()
    properties = reader.mapping(message, ())
    return properties, Secrecy(paths=frozenset(reader.paths), texts=frozenset(reader.texts))


def encode(properties: Mapping[str, Any], secrecy: Secrecy = Secrecy()) -> struct_pb2.Struct:
    """Return the message for `properties`; `Secret` values, and what `secrecy` names, are marked secret."""
    message = struct_pb2.Struct()
    message.update(_wrap(dict(properties), (), secrecy))
    return message


def has_unknown(value: Any) -> bool:
    """Tell whether `value` is, or somewhere contains, `UNKNOWN`."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


class _Reader:
    """Turns protobuf values into Python and remembers which were secret."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.texts: list[str] = []

    def mapping(self, message: struct_pb2.Struct, path: Path) -> dict[str, Any]:
        return {name: self._value(item, (*path, name)) for name, item in message.fields.items()}

    def _value(self, message: struct_pb2.Value, path: Path) -> Any:
        match message.WhichOneof("kind"):
            case "string_value":
                text = message.string_value
                return UNKNOWN if text in _UNKNOWN_TEXTS else text
            case "number_value":
                number = message.number_value
                return int(number) if number.is_integer() else number
            case "bool_value":
                return message.bool_value
            case "struct_value":
                return self._struct(message.struct_value, path)
            case "list_value":
                return [self._value(item, (*path, place)) for place, item in enumerate(message.list_value.values)]
        return None

    def _struct(self, message: struct_pb2.Struct, path: Path) -> Any:
        if _SIGNATURE_KEY not in message.fields:
            return self.mapping(message, path)
        signature = message.fields[_SIGNATURE_KEY].string_value
        if signature not in (_SECRET, _OUTPUT):
            raise errors.GovcloudError(
                f"property `{'.'.join(map(str, path))}` is an asset, archive or resource, which is not served here"
            )
        known = "value" in message.fields
        value = self._value(message.fields["value"], path) if known else UNKNOWN
        if signature == _SECRET or message.fields["secret"].bool_value:
            self.paths.append(path)
            self.texts.extend(_texts(value))
        return value


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str) and len(value) >= _TELLING:
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _wrap(value: Any, path: Path, secrecy: Secrecy) -> Any:
    """Return `value` as what `Struct.update` takes."""
    if isinstance(value, Secret):
        return _secret(_wrap(value.value, path, Secrecy()))
    if path in secrecy.paths:
        return _secret(_wrap(value, path, Secrecy()))
    if isinstance(value, Mapping):
        return {str(name): _wrap(item, (*path, name), secrecy) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_wrap(item, (*path, place), secrecy) for place, item in enumerate(value)]
    if value is UNKNOWN:
        return _UNKNOWN_TEXT
    if isinstance(value, str) and value in secrecy.texts:
        return _secret(value)
    return value


def _secret(value: Any) -> dict[str, Any]:
    return {_SIGNATURE_KEY: _SECRET, "value": value}
