"""Where an object is not as Kubernetes has such objects: why rules could not be evaluated on it, in people's words."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from govcloud_cli.compliance import forms, kinds, subjects
from govcloud_cli.model import policies

_MOST = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """A place in an object, what is there, and what Kubernetes has there."""

    path: subjects.Path
    found: forms.Sort | None
    """None: nothing, and an object of this kind cannot do without."""
    wanted: forms.Sort


def of(subject: subjects.Subject) -> tuple[Fault, ...]:
    """What is wrong with the form of a Kubernetes object, in the order of its form; at most a hundred places.

    Only what policies read is looked at, and of kinds that are not Kubernetes' own only the metadata.
    """
    document = subject.document
    if subject.input is not policies.Input.KUBERNETES or not isinstance(document, Mapping):
        return ()
    version, kind = document.get("apiVersion"), document.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return ()
    form = {**forms.ANY, **forms.FORMS.get((kinds.group_of(version, kind), kind), {})}
    return tuple(itertools.islice(_faults(document, form, ()), _MOST))


def _faults(value: Any, form: forms.Form, path: subjects.Path) -> Iterator[Fault]:
    wanted = _sort_of(form)
    found = _sort(value)
    if found is None:
        # A null, which Kubernetes takes for nothing.
        return
    if not _fits(found, wanted):
        yield Fault(path=path, found=found, wanted=wanted)
    elif isinstance(form, list):
        for index, item in enumerate(value):
            yield from _faults(item, form[0], (*path, index))
    elif isinstance(form, Mapping):
        yield from _below(value, form, path)


def _below(value: Mapping[str, Any], form: Mapping[str, forms.Form], path: subjects.Path) -> Iterator[Fault]:
    for name, below in form.items():
        if name == "*":
            for key, item in value.items():
                yield from _faults(item, below, (*path, key))
            continue
        key = name.removesuffix("!")
        if key in value:
            yield from _faults(value[key], below, (*path, key))
        elif key != name:
            yield Fault(path=(*path, key), found=None, wanted=_sort_of(below))


def _sort_of(form: forms.Form) -> forms.Sort:
    if isinstance(form, forms.Sort):
        return form
    return forms.Sort.LIST if isinstance(form, list) else forms.Sort.MAPPING


def _sort(value: Any) -> forms.Sort | None:
    if isinstance(value, bool):
        return forms.Sort.FLAG
    for kind, name in _SORTS.items():
        if isinstance(value, kind):
            return name
    return None


_SORTS: dict[type, forms.Sort] = {
    str: forms.Sort.TEXT,
    int: forms.Sort.NUMBER,
    float: forms.Sort.NUMBER,
    Mapping: forms.Sort.MAPPING,
    list: forms.Sort.LIST,
}


def _fits(found: forms.Sort, wanted: forms.Sort) -> bool:
    if wanted is forms.Sort.QUANTITY:
        return found in (forms.Sort.TEXT, forms.Sort.NUMBER)
    return found is wanted
