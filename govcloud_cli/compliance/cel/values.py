"""The values of Kubernetes' CEL types, as protobuf messages: the only values that the engine takes for a named type.

The engine compares messages field by field, so what is equal in Kubernetes must be written in one way (`text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

QUANTITY: Final = "kubernetes.Quantity"
URL: Final = "kubernetes.URL"
SEMVER: Final = "kubernetes.Semver"
FORMAT: Final = "kubernetes.NamedFormat"
IP: Final = "net.IP"
CIDR: Final = "net.CIDR"
NOTHING: Final = "govcloud.Nothing"
"""A type that no expression can have a value of: see `engine`."""
UNKNOWN: Final = "govcloud.Unknown"
"""Stands for a value that is not known yet, and has no fields for anything to be read of it: see `unknowns`."""
NAMES: Final = frozenset({QUANTITY, URL, SEMVER, FORMAT, IP, CIDR, NOTHING, UNKNOWN})

_TEXT: Final = 1
_MARK: Final = 2


def _pool() -> Any:
    pool = descriptor_pool.DescriptorPool()
    for package in sorted({name.rpartition(".")[0] for name in NAMES}):
        file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
        for name in sorted(name for name in NAMES if name.startswith(f"{package}.")):
            message = file.message_type.add(name=name.rpartition(".")[2])
            if name == UNKNOWN:
                continue
            optional = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
            string, double = (
                descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
                descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
            )
            message.field.add(name="text", number=_TEXT, type=string, label=optional)
            message.field.add(name="mark", number=_MARK, type=double, label=optional)
        pool.AddSerializedFile(file.SerializeToString())
    return pool


POOL: Final = _pool()
CLASSES: Final[Mapping[str, Any]] = {
    name: message_factory.GetMessageClass(POOL.FindMessageTypeByName(name)) for name in NAMES
}
TYPES: Final = frozenset(CLASSES.values())


def make(kind: str, text: str, *, mark: float = 0.0) -> Any:
    """A value of the named type. `mark` is 0.0 or -0.0: one bit that does not count when values are compared."""
    return CLASSES[kind](text=text, mark=mark)
