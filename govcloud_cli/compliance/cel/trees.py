"""Compiled expressions as trees (cel-spec, proto/cel/expr/{syntax,checked}.proto), as far as they are looked at.

What is not named here is kept as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory

_PACKAGE: Final = "cel.expr"
_FIELDS: Final = {
    "Expr": (
        ("id", 2, "int64"),
        ("const_expr", 3, "Constant"),
        ("ident_expr", 4, "Ident"),
        ("select_expr", 5, "Select"),
        ("call_expr", 6, "Call"),
        ("list_expr", 7, "CreateList"),
        ("struct_expr", 8, "CreateStruct"),
        ("comprehension_expr", 9, "Comprehension"),
    ),
    "Constant": (("bool_value", 2, "bool"), ("string_value", 6, "string")),
    "Ident": (("name", 1, "string"),),
    "Select": (("operand", 1, "Expr"), ("field", 2, "string"), ("test_only", 3, "bool")),
    "Call": (("target", 1, "Expr"), ("function", 2, "string"), ("args", 3, "*Expr")),
    "CreateList": (("elements", 1, "*Expr"),),
    "CreateStruct": (("message_name", 1, "string"), ("entries", 2, "*Entry")),
    "Entry": (("map_key", 3, "Expr"), ("value", 4, "Expr")),
    "Comprehension": (
        ("iter_var", 1, "string"),
        ("iter_range", 2, "Expr"),
        ("accu_var", 3, "string"),
        ("accu_init", 4, "Expr"),
        ("loop_condition", 5, "Expr"),
        ("loop_step", 6, "Expr"),
        ("result", 7, "Expr"),
        ("iter_var2", 8, "string"),
    ),
    "ParsedExpr": (("expr", 2, "Expr"),),
    "CheckedExpr": (("type_map", 3, "*TypeEntry"), ("expr", 4, "Expr")),
    "TypeEntry": (("key", 1, "int64"), ("value", 2, "bytes")),
}
BOOL: Final = b"\x18\x01"
STRING: Final = b"\x18\x05"
"""Types, as `Parts.types` has them (message Type, field `primitive`)."""
UNUSED: Final = "#unused"
"""What the loop variable is called that `cel.bind` comes to; there is nothing that it runs over."""
BOUND: Final = "#bound_"
"""What it is called here. By its usual name the engine knows what it is, and evaluates what is bound when it is first
read, if it has no value yet. But after a loop that ended early it takes what that loop left for the value (cel-cpp, as
in cel-expr-python 0.1.3): `[1, 1].all(v, v == 2) || cel.bind(t, 3, t == 3)` comes to false, and what is bound to an
error may come to true. By another name it is a loop like any other: evaluated before, and an error in it is a value,
that matters where it is reached.
"""
_SCALARS: Final = {
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    "int64": descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    "bool": descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
}


def _pool() -> Any:
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorProto(name="cel/expr.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            repeated = kind.startswith("*")
            label = descriptor_pb2.FieldDescriptorProto
            added = message.field.add(name=field, number=number)
            added.label = label.LABEL_REPEATED if repeated else label.LABEL_OPTIONAL
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
                added.type_name = f".{_PACKAGE}.{kind.removeprefix('*')}"
    pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL: Final = _pool()


def _class(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


Expr: Final = _class("Expr")
Constant: Final = _class("Constant")
Ident: Final = _class("Ident")
Select: Final = _class("Select")
Call: Final = _class("Call")
CreateList: Final = _class("CreateList")
CreateStruct: Final = _class("CreateStruct")
Comprehension: Final = _class("Comprehension")


def eager(serialized: bytes) -> bytes:
    """An expression that the engine serialized, with what is bound in it evaluated before it is used; see `BOUND`.

    The names are of one length, so nothing else changes; `texts.read` takes no expression with either in it.
    """
    return serialized.replace(UNUSED.encode(), BOUND.encode())


def copy(tree: Any) -> Any:
    """A tree of its own."""
    copied = Expr()
    copied.CopyFrom(tree)
    return copied


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parts:
    """A checked expression taken apart."""

    tree: Any
    """`Expr`."""
    types: Mapping[int, bytes]
    """Id of a part -> its type, serialized; two are equal if these are."""

    def inside(self, part: Any) -> Iterator[Any]:
        """The parts that a part is made of."""
        match kind_of(part):
            case "select_expr":
                yield part.select_expr.operand
            case "call_expr":
                yield from (
                    *((part.call_expr.target,) if part.call_expr.HasField("target") else ()),
                    *part.call_expr.args,
                )
            case "list_expr":
                yield from part.list_expr.elements
            case "struct_expr":
                for entry in part.struct_expr.entries:
                    yield from (entry.map_key, entry.value)
            case "comprehension_expr":
                loop = part.comprehension_expr
                yield from (loop.iter_range, loop.accu_init, loop.loop_condition, loop.loop_step, loop.result)


def kind_of(part: Any) -> str:
    """Which kind of expression it is, by the name of its field; empty for a name of a field in a message."""
    return next((field.name for field, _ in part.ListFields() if field.name.endswith("_expr")), "")


def parts(serialized: bytes) -> Parts:
    """A checked expression that the engine serialized, taken apart."""
    whole = _class("CheckedExpr").FromString(any_pb2.Any.FromString(serialized).value)
    return Parts(tree=whole.expr, types={entry.key: entry.value for entry in whole.type_map})


def checked(serialized: bytes) -> Any:
    """The tree of a checked expression that the engine serialized."""
    return _class("CheckedExpr").FromString(any_pb2.Any.FromString(serialized).value).expr


def parsed(tree: Any) -> bytes:
    """A tree as the engine takes it back; it resolves names when it evaluates, not now."""
    parsed_expr = _class("ParsedExpr")(expr=tree)
    packed = any_pb2.Any(type_url=f"type.googleapis.com/{_PACKAGE}.ParsedExpr", value=parsed_expr.SerializeToString())
    return bytes(packed.SerializeToString())
