"""Where in a document a result points: the element that is meant, where a rule only knows the list that it is in.

A rule has one pointer for all that it finds, e.g. `containers`, and its message names the culprits last, `…: app, db`.
The first element of that name is where people look. Nothing is judged here: what no name leads to stays as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import findings, shapes, subjects
from govcloud_cli.model import policies

Json = Any

_THE_POD = "the pod"
"""What policies call a pod's own security context, among those of its containers (`policies/library/pods.yaml`)."""
_NAMELESS = "?"
"""What they call an element without a name."""
_BESIDE: Mapping[str, tuple[str, ...]] = {"containers": ("containers", "initContainers", "ephemeralContainers")}
"""The lists that policies speak of by the name of one."""


def pointed(results: Iterable[findings.Result]) -> Iterator[findings.Result]:
    """The results, each with the path nearest to what it is about."""
    faults: dict[int, tuple[shapes.Fault, ...]] = {}
    for result in results:
        if result.subject.input is not policies.Input.KUBERNETES:
            yield result
        elif result.outcome is findings.Outcome.ERROR:
            key = id(result.subject)
            if key not in faults:
                faults[key] = shapes.of(result.subject)
            yield _moved(result, faults[key][0].path if faults[key] else result.path)
        else:
            yield _moved(result, element(result.subject.document, result.path, result.message))


def element(document: Json, path: subjects.Path, message: str) -> subjects.Path:
    """`path`, or the path of the element that the end of `message` names, if there is a list at `path`."""
    names = set(findings.culprits(message)[1])
    last = path[-1] if path else None
    if not names or not isinstance(last, str):
        return path
    above = path[:-1]
    holder = _at(document, above)
    if not isinstance(holder, Mapping):
        return path
    if last == "containers" and _THE_POD in names and "securityContext" in holder:
        return (*above, "securityContext")
    for beside in _BESIDE.get(last, (last,)):
        index = _place(holder.get(beside), names)
        if index is not None:
            return (*above, beside, index)
    if last == "containers":
        # Policies about images look at those of volumes too.
        index = _place([_image(one) for one in _listed(holder.get("volumes"))], names)
        return path if index is None else (*above, "volumes", index)
    return path


def _moved(result: findings.Result, path: subjects.Path) -> findings.Result:
    return result if path == result.path else dataclasses.replace(result, path=path)


def _at(document: Json, path: Sequence[str | int]) -> Json:
    for part in path:
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int) and 0 <= part < len(document):
            document = document[part]
        else:
            return None
    return document


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _image(volume: Json) -> Json:
    held = volume.get("image") if isinstance(volume, Mapping) else None
    return {"image": held.get("reference")} if isinstance(held, Mapping) else None


def _place(found: Json, names: set[str]) -> int | None:
    """The first element that is named: by `name`, or by `image`."""
    for index, one in enumerate(_listed(found)):
        if isinstance(one, Mapping):
            # Whatever a manifest has there: a list, say, which no set takes.
            told = [name for name in (one.get("name", _NAMELESS), one.get("image")) if isinstance(name, str)]
            if not names.isdisjoint(told):
                return index
    return None
