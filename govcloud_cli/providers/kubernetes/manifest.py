"""Inputs as the program gives them, judged and completed; and the manifest that goes to the API server."""

from __future__ import annotations

import base64
import copy
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.kubernetes import kinds

AUTONAMED: Final = "pulumi.com/autonamed"
PATCH_FORCE: Final = "pulumi.com/patchForce"
PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
_ANNOTATIONS_NOT_SERVED: Final = ("pulumi.com/patchFieldManager", "pulumi.com/waitFor", "pulumi.com/replaceUnready")
_BY_CLUSTER: Final = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "selfLink",
)


def check(
    kind: kinds.Kind, new: resource.Properties, *, old: resource.Properties, name: str, namespace: str
) -> resource.Checked:
    """Judge and complete `new`. `namespace` is where an object goes that names none.

    An object without a name gets `<name>-<8 hex digits>` and keeps it, as with the official provider.
    """
    inputs = without_nulls(new)
    if inputs is wire.UNKNOWN or not isinstance(inputs.get("metadata", {}), dict):
        return resource.Checked(inputs=new)
    inputs["apiVersion"], inputs["kind"] = inputs.get("apiVersion", kind.api_version), inputs.get("kind", kind.name)
    metadata = inputs.setdefault("metadata", {})
    if "name" not in metadata and "generateName" not in metadata:
        _autoname(metadata, old=old.get("metadata") or {}, name=name)
    if kind.namespaced:
        metadata.setdefault("namespace", namespace)
    return resource.Checked(inputs=inputs, failures=tuple(_failures(kind, inputs)))


def _autoname(metadata: resource.Properties, *, old: Mapping[str, Any], name: str) -> None:
    adopted = (old.get("annotations") or {}).get(AUTONAMED) == "true"
    metadata["name"] = old["name"] if adopted else f"{name}-{secrets.token_hex(4)}"
    annotations = metadata.setdefault("annotations", {})
    if isinstance(annotations, dict):
        annotations[AUTONAMED] = "true"


def _failures(kind: kinds.Kind, inputs: resource.Properties) -> Iterator[resource.Failure]:
    for field, expected in (("apiVersion", kind.api_version), ("kind", kind.name)):
        if inputs[field] not in (expected, wire.UNKNOWN):
            yield resource.Failure(property=field, reason=f"must be `{expected}` for {kind.token}")
    metadata = inputs["metadata"]
    forbidden = [field for field in ("status",) if field in inputs]
    forbidden += [f"metadata.{field}" for field in _BY_CLUSTER if field in metadata]
    for path in forbidden:
        yield resource.Failure(property=path, reason="is written by the cluster; take it out")
    yield from _naming(kind, metadata)
    annotations = metadata.get("annotations")
    yield from _texts(metadata.get("labels"), "metadata.labels")
    yield from _texts(annotations, "metadata.annotations")
    for field in kind.texts:
        yield from _texts(inputs.get(field), field)
    for key in _ANNOTATIONS_NOT_SERVED:
        if isinstance(annotations, dict) and key in annotations:
            path = f"metadata.annotations[{key}]"
            yield resource.Failure(property=path, reason="is not served by the builtin provider")


def _naming(kind: kinds.Kind, metadata: resource.Properties) -> Iterator[resource.Failure]:
    if "generateName" in metadata:
        yield resource.Failure(
            property="metadata.generateName",
            reason="is not served: server-side apply needs a name; leave both out for a generated one",
        )
    if not kind.namespaced and "namespace" in metadata:
        yield resource.Failure(property="metadata.namespace", reason=f"{kind.name} belongs to no namespace")
    for field in ("name", "namespace"):
        value = metadata.get(field, "-")
        if value is not wire.UNKNOWN and (not isinstance(value, str) or not value):
            yield resource.Failure(property=f"metadata.{field}", reason="must be a string that is not empty")


def _texts(mapping: Any, path: str) -> Iterator[resource.Failure]:
    if mapping is None or mapping is wire.UNKNOWN:
        return
    if not isinstance(mapping, dict):
        yield resource.Failure(property=path, reason="must be a mapping")
        return
    for key, value in mapping.items():
        if not isinstance(value, str) and value is not wire.UNKNOWN:
            yield resource.Failure(
                property=f"{path}[{key}]", reason=f"must be a string, not {type(value).__name__}; quote it"
            )


def without_nulls(value: Any) -> Any:
    """Return a copy without the names whose value is null: for the API they mean the same as absent names."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def build(inputs: resource.Properties) -> resource.Properties:
    """Return the manifest to apply.

    `stringData` becomes `data`: the server would convert it too, but then would not remove a key that is dropped later.
    """
    built = {name: copy.deepcopy(value) for name, value in inputs.items() if not name.startswith("__")}
    if "stringData" in built:
        texts = built.pop("stringData")
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        built["data"] = {**built.get("data", {}), **encoded}
    return built


def identity(inputs: resource.Properties) -> str:
    """Return `namespace/name`, or `name` for what belongs to no namespace."""
    metadata = inputs["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def annotation(inputs: Mapping[str, Any], key: str) -> str:
    """Return an annotation of `inputs`, or an empty text."""
    metadata = inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return str(annotations.get(key, "")) if isinstance(annotations, dict) else ""
