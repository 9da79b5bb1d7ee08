"""What rules are asked about in Pulumi's own documents: `pulumi preview --json` and `pulumi stack export`.

Resources of the Kubernetes provider become the objects that they are, all others `resource`. What is known after `up`
only, and what Pulumi hides as secret, is marked: neither is ever taken for a value, and no secret leaves this module,
not even one that `--show-secrets` wrote out. The shapes are those of pulumi/pulumi, sdk/go/common/resource/sig/sig.go,
sdk/go/common/resource/plugin/rpc.go and sdk/go/common/apitype; CLI 3.250 was watched writing them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from govcloud_cli.compliance import resource_inputs, subjects
from govcloud_cli.model import policies

Json = Any

SECRET = resource_inputs.SECRET
SHOWN = "(a value that Pulumi does not hide)"
"""Stands for a value of a Secret that is plain to Pulumi."""
HIDDEN = "[secret]"
"""What a preview prints instead of a secret."""

_UNKNOWN = (
    subjects.UNKNOWN_TEXT,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
)
"""Marks of an unknown string, truth value, number, list, asset, archive and object."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which an object says that it stands for something else,"""
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a kind, not a value
"""and what it may say: a secret,"""
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
"""or a value that may be secret or unknown."""

_GONE = frozenset(
    {"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace", "read-discard"}
)
"""Operations after which the resource is not there, or is somebody else's."""
_OWN = frozenset({"__defaults", "__internal", "__pulumi_raw_state_delta"})
"""Inputs that are Pulumi's."""

_KUBERNETES = "kubernetes:"
_BUNDLE = "kubernetes:govcloud/v1:Namespace"
"""Our own provider's: a namespace with everything in it; see `providers.objects`."""
_VALUES = ("data", "stringData")
"""Where a Secret has its values."""
_FIELDS = ("type", *_VALUES, "spec")
"""What an object may hold of which no more is known than kind and name."""
_DEEPEST = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preview:
    """What a document of Pulumi's holds."""

    subjects: tuple[subjects.Subject, ...]
    problems: tuple[str, ...]
    """Why it may not hold everything; in English, without any value of it."""


def is_one(document: Json) -> bool:
    """Whether a JSON document is Pulumi's: a preview or an exported stack."""
    if not isinstance(document, Mapping):
        return False
    return isinstance(document.get("steps"), list) or isinstance(document.get("deployment"), Mapping)


def read(document: Json, *, file: str) -> Preview:
    """Every resource that is there, or will be, after the deployment. `file`: as the user named it."""
    if not is_one(document):
        return Preview(subjects=(), problems=(f"{file}: neither `pulumi preview --json` nor `pulumi stack export`",))
    found: dict[str, list[subjects.Subject]] = {}
    problems: list[str] = []
    for path, urn, state in _states(document, problems):
        place = subjects.Place(file=file, path=path)
        # Of a replacement there are several steps; the last one says what comes of it.
        found[urn] = list(_subjects(state, urn, place, problems))
    return Preview(
        subjects=tuple(one for several in found.values() for one in several),
        problems=tuple(f"{file}: {problem}" for problem in dict.fromkeys(problems)),
    )


def _states(document: Mapping[str, Json], problems: list[str]) -> Iterator[tuple[subjects.Path, str, Json]]:
    """Each resource's state with its path and URN."""
    if isinstance(document.get("steps"), list):
        if any(isinstance(one, Mapping) and one.get("severity") == "error" for one in _list(document, "diagnostics")):
            problems.append("the preview failed, so it may lack resources")
        for index, step in enumerate(document["steps"]):
            operation = str(step.get("op")) if isinstance(step, Mapping) else ""
            if operation in _GONE:
                continue
            state = step.get("newState") if isinstance(step, Mapping) else None
            if isinstance(state, Mapping):
                yield ("steps", index, "newState"), str(state.get("urn")), state
            else:
                problems.append(f"step {index} does not say what it makes")
    for index, state in enumerate(_list(document.get("deployment"), "resources")):
        if not isinstance(state, Mapping):
            problems.append(f"resource {index} is no object")
        elif state.get("delete") is not True:
            yield ("deployment", "resources", index), str(state.get("urn")), state


def _list(document: Json, key: str) -> list[Json]:
    value = document.get(key) if isinstance(document, Mapping) else None
    return value if isinstance(value, list) else []


def _subjects(
    state: Mapping[str, Json], urn: str, place: subjects.Place, problems: list[str]
) -> Iterator[subjects.Subject]:
    if state.get("custom") is not True:
        return  # a component: its parts are listed by themselves
    kind, said = str(state.get("type") or ""), state.get("inputs")
    given = said if isinstance(said, Mapping) else {}
    inputs, unknown = _cleaned(given)
    if kind == _BUNDLE:
        yield from _bundled(given, place, problems)
    elif kind.startswith(_KUBERNETES) and "kind" in inputs:
        if any(inputs.get(field) in (SECRET, subjects.UNKNOWN_TEXT) for field in ("apiVersion", "kind")):
            problems.append("of one object it is not known what it is")
        yield _object(inputs, dataclasses.replace(place, path=(*place.path, "inputs")), unknown)
    else:
        if kind.startswith(_KUBERNETES):
            problems.append(f"a {kind!r} is not rendered: what it makes is not in this document")
        name = urn.rpartition("::")[2]
        yield resource_inputs.subject(kind, name, inputs, place=place, unknown=unknown)


def _object(document: dict[str, Json], place: subjects.Place, unknown: tuple[subjects.Path, ...]) -> subjects.Subject:
    """A Kubernetes object. Pulumi hides a whole field for one secret in it: then nothing in there is known.

    Of a Secret's values that is as it should be; but those that Pulumi would show are marked as shown.
    """
    held = _VALUES if (document.get("apiVersion"), document.get("kind")) == ("v1", "Secret") else ()
    changed: dict[str, Json] = {}
    hidden = []
    for field, value in document.items():
        if field in held and value == SECRET:
            changed[field] = {SECRET: SECRET}
        elif field in held and isinstance(value, dict):
            changed[field] = {key: SECRET if one == SECRET else SHOWN for key, one in value.items()}
        elif value == SECRET:
            changed[field] = subjects.UNKNOWN_TEXT
            hidden.append((field,))
    return subjects.Subject(
        input=policies.Input.KUBERNETES,
        key=subjects.kubernetes_key(document),
        document=document | changed,
        place=place,
        unknown=(*(path for path in unknown if path[0] not in held or len(path) == 1), *hidden),
    )


def _bundled(given: Mapping[str, Json], place: subjects.Place, problems: list[str]) -> Iterator[subjects.Subject]:
    objects = given.get("objects")
    if not isinstance(objects, Mapping):
        problems.append("of one namespace it is not known what is in it")
        return
    for key, text in objects.items():
        own = dataclasses.replace(place, path=(*place.path, "inputs", "objects", str(key)))
        try:
            parsed = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, dict):
            document, unknown = _cleaned(parsed)
            yield _object(document, own, unknown)
        elif _value(text, path=(), unknown=[]) in (SECRET, subjects.UNKNOWN_TEXT):
            yield _unseen(str(key), given.get("name"), own)
        else:
            problems.append(f"object {str(key)!r} of a namespace is no JSON object")


def _unseen(key: str, namespace: Json, place: subjects.Place) -> subjects.Subject:
    """An object of which no more is known than its kind and name."""
    kind, _, name = key.partition("/")
    metadata = {"name": name, "namespace": namespace if isinstance(namespace, str) else ""}
    metadata |= dict.fromkeys(("labels", "annotations"), subjects.UNKNOWN_TEXT)
    document = {"apiVersion": "v1", "kind": kind, "metadata": metadata, **dict.fromkeys(_FIELDS, SECRET)}
    return _object(document, place, (("metadata", "labels"), ("metadata", "annotations")))


def _cleaned(inputs: Mapping[str, Json]) -> tuple[dict[str, Json], tuple[subjects.Path, ...]]:
    """The inputs without secrets and without what is Pulumi's own, and the paths of what is not known."""
    unknown: list[subjects.Path] = []
    document = {
        str(name): _value(value, path=(str(name),), unknown=unknown)
        for name, value in inputs.items()
        if name not in _OWN
    }
    return document, tuple(unknown)


def _value(value: Json, *, path: subjects.Path, unknown: list[subjects.Path]) -> Json:
    if len(path) > _DEEPEST:
        unknown.append(path)
        return subjects.UNKNOWN_TEXT
    match value:
        case str() if any(mark in value for mark in _UNKNOWN):
            unknown.append(path)
            return subjects.UNKNOWN_TEXT
        case str() if value == HIDDEN:
            return SECRET
        case Mapping() if _SIGNATURE in value:
            return _signed(value, path=path, unknown=unknown)
        case Mapping():
            return {
                str(name): _value(item, path=(*path, str(name)), unknown=unknown)
                for name, item in value.items()
                if name not in _OWN
            }
        case list():
            return [_value(item, path=(*path, index), unknown=unknown) for index, item in enumerate(value)]
    return value


def _signed(value: Mapping[str, Json], *, path: subjects.Path, unknown: list[subjects.Path]) -> Json:
    """An object that stands for something else; what it stands for if that is neither secret nor unknown."""
    if value[_SIGNATURE] == _OUTPUT and value.get("secret") is not True:
        if "value" in value:
            return _value(value["value"], path=path, unknown=unknown)
        unknown.append(path)
        return subjects.UNKNOWN_TEXT
    # A secret, or a file that could hold one.
    return SECRET
