"""From an inventory folder to an `Inventory`, or to one error that names every fault in it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pydantic

from govcloud_cli import errors
from govcloud_cli.inventory import crosschecks, explain, findings, folders, reader, wording
from govcloud_cli.model import freezes, inventory, people, platforms, tenants

# A wrong field in one of these hides nothing else; a section that is missing would make everything else look wrong.
_WITHIN_AN_ENTRY = re.compile(r"spec\.(machines|flows|zones)\[\d+\]\.")
_ENTRY = re.compile(r".*?\]")

_Model = TypeVar("_Model", bound=findings.Document)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Loaded:
    """A file, its model if one could be made, and its faults."""

    document: reader.Document
    kind: type[findings.Document]
    """What it should hold."""
    model: findings.Document | None
    """In spite of faults, where these are such that the rest can be compared with the other files."""
    faults: tuple[errors.Fault, ...]

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return Path(self.document.file).stem

    def is_doubtful(self, field: str) -> bool:
        """Whether what is wrong with `field` may only follow from this file's own faults."""
        entries = [(_ENTRY.match(fault.field) or [fault.field])[0] for fault in self.faults]
        return any(field == entry or field.startswith((f"{entry}.", f"{entry}[")) for entry in entries)


def load(folder: Path) -> inventory.Inventory:
    """Read and check an inventory as a whole.

    `folder` holds what `folders.FILES` and `folders.FOLDERS` say; faults name files as `folder` is given.
    Raises `InventoryError` with every fault, in the order of files and lines. Changes nothing.
    """
    faults = list(folders.faults(folder))
    loaded = tuple(_load_file(path, kind) for path, kind in folders.files(folder))
    for one in loaded:
        faults.extend(one.faults)
        faults.extend(_named_after_its_tenant(one))
    faults.extend(_crosscheck(loaded))
    if faults:
        raise errors.InventoryError(tuple(sorted(faults, key=_order)))
    return inventory.Inventory(
        environment=folders.name(folder),
        # Without faults there is one: that there is none would be a fault of the folder.
        platform=_models(loaded, platforms.Platform)[0],
        tenants=tuple(sorted(_models(loaded, tenants.Tenant), key=lambda tenant: tenant.metadata.id)),
        people=tuple(sorted(_persons(loaded), key=lambda person: person.id)),
        freezes=tuple(sorted(_models(loaded, freezes.Freeze), key=lambda freeze: freeze.metadata.id)),
    )


def _models(loaded: Iterable[_Loaded], kind: type[_Model]) -> tuple[_Model, ...]:
    return tuple(one.model for one in loaded if isinstance(one.model, kind))


def _persons(loaded: Iterable[_Loaded]) -> tuple[people.Person, ...]:
    return tuple(person for document in _models(loaded, people.People) for person in document.spec.people)


def _load_file(path: Path, model: type[findings.Document]) -> _Loaded:
    document = reader.read(path)
    if not document.complete:
        return _Loaded(document=document, kind=model, model=None, faults=document.faults)
    try:
        made: findings.Document | None = _model(model, document.value)
    except pydantic.ValidationError as error:
        told = tuple(_told(document, one) for one in wording.tell(model, error))
        known = {fault.field for fault in document.faults}
        faults = document.faults + tuple(fault for fault in told if fault.field not in known)
        made = _without_strangers(model, document.value, error)
    else:
        faults = document.faults
    if model is platforms.Platform and not all(_WITHIN_AN_ENTRY.match(fault.field) for fault in faults):
        made = None
    return _Loaded(document=document, kind=model, model=made, faults=faults)


def _model(model: type[findings.Document], value: reader.Value) -> findings.Document:
    # As JSON: strictness then takes a string for an enum or an address, but never "3" for 3.
    return model.model_validate_json(json.dumps(value), by_alias=True, by_name=False)


def _without_strangers(
    model: type[findings.Document], value: reader.Value, error: pydantic.ValidationError
) -> findings.Document | None:
    """The model of what is left without unknown fields, if those were all that was wrong."""
    found = error.errors(include_url=False)
    if any(item["type"] != "extra_forbidden" for item in found):
        return None
    rest = json.loads(json.dumps(value))
    for item in found:
        *above, key = item["loc"]
        entry = rest
        for part in above:
            entry = entry[part]
        del entry[key]
    return _model(model, rest)


def _told(document: reader.Document, one: wording.Wording) -> errors.Fault:
    return _fault(
        document,
        one.code,
        one.path,
        on_key=one.on_key,
        message=one.message,
        found=one.found,
        allowed=one.allowed,
        remedy=one.remedy,
    )


def _fault(
    document: reader.Document,
    code: str,
    path: reader.Path_,
    *,
    message: str,
    found: str,
    allowed: str,
    remedy: str,
    on_key: bool = False,
) -> errors.Fault:
    """A fault at a path, placed at the nearest value that is written in the file."""
    written = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in document.marks)
    mark = document.marks[written]
    # An absent field is shown at the key of the mapping that lacks it, which is where it belongs.
    key = (on_key or written != path) and mark.key_line > 0
    return explain.fault(
        code,
        file=document.file,
        line=mark.key_line if key else mark.line,
        column=mark.key_column if key else mark.column,
        field=reader.join(path),
        message=message,
        found=found,
        allowed=allowed,
        remedy=remedy,
    )


def _named_after_its_tenant(one: _Loaded) -> Iterator[errors.Fault]:
    if not isinstance(one.model, tenants.Tenant | freezes.Freeze):
        return
    expected, identifier = one.stem, one.model.metadata.id
    what = "tenant" if isinstance(one.model, tenants.Tenant) else "the freeze of"
    if identifier != expected:
        yield _fault(
            one.document,
            "GC1015",
            ("metadata", "id"),
            message=f"{what} '{identifier}' is in the file of '{expected}'",
            found=identifier,
            allowed=f"id: {expected}, or the file name {identifier}.yaml",
            remedy="",
        )


def _crosscheck(loaded: Sequence[_Loaded]) -> Iterator[errors.Fault]:
    """Everything between fields and files that does not merely follow from a fault that is told already."""
    found_platforms, found_people = _models(loaded, platforms.Platform), _models(loaded, people.People)
    world = findings.World(
        platform=found_platforms[0] if found_platforms else _NO_PLATFORM,
        tenants=_models(loaded, tenants.Tenant),
        people=found_people[0] if found_people else None,
        freezes=_models(loaded, freezes.Freeze),
        unread=frozenset(one.stem for one in loaded if one.faults and one.kind is tenants.Tenant),
        people_unread=any(one.faults for one in loaded if one.kind is people.People),
    )
    found = crosschecks.check(world, crosschecks.CHECKS if found_platforms else crosschecks.WITHOUT_PLATFORM)
    sources = {id(one.model): one for one in loaded if one.model is not None}
    for finding in found:
        source = sources[id(finding.document)]
        if source.is_doubtful(reader.join(finding.where)):
            continue
        yield _fault(
            source.document,
            finding.code,
            finding.where,
            message=finding.message,
            found=finding.found,
            allowed=finding.allowed,
            remedy=finding.remedy,
        )


_NO_PLATFORM = platforms.Platform.model_construct(
    spec=platforms.PlatformSpec.model_construct(zones=(), machines=(), flows=(), organisations=())
)
"""Stands for one that cannot be read; the checks that then run do not look into it."""


def _order(fault: errors.Fault) -> tuple[str, int, int, str]:
    return (fault.file, fault.line, fault.column, fault.code)
