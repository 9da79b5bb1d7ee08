"""From an inventory folder to an `Inventory`, or to one error that names every fault in it."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pydantic

from govcloud_cli import errors
from govcloud_cli.inventory import crosschecks, explain, findings, reader, wording
from govcloud_cli.model import inventory, platforms, tenants

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_LONGEST_ENVIRONMENT = 30
_PLATFORM = "platform.yaml"
_TENANTS = "tenants"


# A wrong field in one of these hides nothing else; a section that is missing would make everything else look wrong.
_WITHIN_AN_ENTRY = re.compile(r"spec\.(machines|flows|zones)\[\d+\]\.")
_ENTRY = re.compile(r".*?\]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Loaded:
    """A file, its model if one could be made, and its faults."""

    document: reader.Document
    model: findings.Document | None
    """In spite of faults, where these are such that the rest can be compared with the other files."""
    faults: tuple[errors.Fault, ...]

    def is_doubtful(self, field: str) -> bool:
        """Whether what is wrong with `field` may only follow from this file's own faults."""
        entries = [(_ENTRY.match(fault.field) or [fault.field])[0] for fault in self.faults]
        return any(field == entry or field.startswith((f"{entry}.", f"{entry}[")) for entry in entries)


def load(folder: Path) -> inventory.Inventory:
    """Read and check an inventory as a whole.

    `folder` holds `platform.yaml` and `tenants/<id>.yaml`; faults name files as `folder` is given.
    Raises `InventoryError` with every fault, in the order of files and lines. Changes nothing.
    """
    faults = list(_folder_faults(folder))
    platform = _load_file(folder / _PLATFORM, platforms.Platform) if os.path.lexists(folder / _PLATFORM) else None
    requests = tuple(_load_file(path, tenants.Tenant) for path in _tenant_files(folder))
    for one in (platform, *requests):
        faults.extend(one.faults if one is not None else ())
    for one in requests:
        faults.extend(_named_after_its_tenant(one))
    faults.extend(_crosscheck(platform, requests))
    if not faults and platform is not None and isinstance(platform.model, platforms.Platform):
        models = tuple(one.model for one in requests if isinstance(one.model, tenants.Tenant))
        ordered = tuple(sorted(models, key=lambda tenant: tenant.metadata.id))
        return inventory.Inventory(environment=_name(folder), platform=platform.model, tenants=ordered)
    raise errors.InventoryError(tuple(sorted(faults, key=_order)))


def _folder_faults(folder: Path) -> Iterator[errors.Fault]:
    name = _name(folder)
    if not _ENVIRONMENT.match(name) or not 2 <= len(name) <= _LONGEST_ENVIRONMENT:
        yield explain.fault("GC1018", file=str(folder), found=name)
    if not os.path.lexists(folder / _PLATFORM):
        yield explain.fault("GC1016", file=str(folder), found="no platform.yaml")
    for path in _entries(folder):
        if path.name != _PLATFORM and (path.name != _TENANTS or path.is_symlink() or not path.is_dir()):
            yield _does_not_belong(path)
    for path in _entries(folder / _TENANTS):
        if path.suffix != ".yaml":
            yield _does_not_belong(path)


def _does_not_belong(path: Path) -> errors.Fault:
    remedy = f"rename it to {path.stem}.yaml" if path.suffix in {".yml", ".YAML", ".YML"} else ""
    return explain.fault("GC1014", file=str(path), found=path.name, remedy=remedy)


def _entries(folder: Path) -> Sequence[Path]:
    """What a folder holds, but for hidden files (an editor's), in a fixed order; nothing if it is no folder."""
    if folder.name == _TENANTS and folder.is_symlink():
        return ()
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return ()


def _tenant_files(folder: Path) -> Iterator[Path]:
    return (path for path in _entries(folder / _TENANTS) if path.suffix == ".yaml")


def _load_file(path: Path, model: type[platforms.Platform] | type[tenants.Tenant]) -> _Loaded:
    document = reader.read(path)
    if not document.complete:
        return _Loaded(document=document, model=None, faults=document.faults)
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
    return _Loaded(document=document, model=made, faults=faults)


def _model(model: type[platforms.Platform] | type[tenants.Tenant], value: reader.Value) -> findings.Document:
    # As JSON: strictness then takes a string for an enum or an address, but never "3" for 3.
    return model.model_validate_json(json.dumps(value), by_alias=True, by_name=False)


def _without_strangers(
    model: type[platforms.Platform] | type[tenants.Tenant], value: reader.Value, error: pydantic.ValidationError
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
    if not isinstance(one.model, tenants.Tenant):
        return
    expected, identifier = Path(one.document.file).stem, one.model.metadata.id
    if identifier != expected:
        yield _fault(
            one.document,
            "GC1015",
            ("metadata", "id"),
            message=f"tenant '{identifier}' is in the file of '{expected}'",
            found=identifier,
            allowed=f"id: {expected}, or the file name {identifier}.yaml",
            remedy="",
        )


def _crosscheck(platform: _Loaded | None, loaded: Sequence[_Loaded]) -> Iterator[errors.Fault]:
    """Everything between fields and files that does not merely follow from a fault that is told already."""
    requests = tuple(one.model for one in loaded if isinstance(one.model, tenants.Tenant))
    unread = frozenset(Path(one.document.file).stem for one in loaded if one.faults)
    if platform is not None and isinstance(platform.model, platforms.Platform):
        world = findings.World(platform=platform.model, tenants=requests, unread=unread)
        found = crosschecks.check(world)
    else:
        world = findings.World(platform=_NO_PLATFORM, tenants=requests, unread=unread)
        found = crosschecks.check(world, crosschecks.AMONG_TENANTS)
    sources = {id(one.model): one for one in (platform, *loaded) if one is not None and one.model is not None}
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


def _name(folder: Path) -> str:
    return Path(os.path.abspath(folder)).name  # noqa: PTH100 - resolve() would follow a link to another name


def _order(fault: errors.Fault) -> tuple[str, int, int, str]:
    return (fault.file, fault.line, fault.column, fault.code)
