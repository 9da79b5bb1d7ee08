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


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Loaded:
    """A file, its model if it could be made, and its faults."""

    document: reader.Document
    model: findings.Document | None
    faults: tuple[errors.Fault, ...]


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
    if platform is not None and isinstance(platform.model, platforms.Platform):
        faults.extend(_crosscheck(platform.model, (platform, *requests)))
        if not faults:
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
        # As JSON: strictness then takes a string for an enum or an address, but never "3" for 3.
        made = model.model_validate_json(json.dumps(document.value), by_alias=True, by_name=False)
    except pydantic.ValidationError as error:
        told = tuple(_told(document, one) for one in wording.tell(model, error))
        known = {fault.field for fault in document.faults}
        fresh = tuple(fault for fault in told if fault.field not in known)
        return _Loaded(document=document, model=None, faults=document.faults + fresh)
    return _Loaded(document=document, model=None if document.faults else made, faults=document.faults)


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


def _crosscheck(platform: platforms.Platform, loaded: Sequence[_Loaded]) -> Iterator[errors.Fault]:
    requests = tuple(one.model for one in loaded if isinstance(one.model, tenants.Tenant))
    unread = frozenset(Path(one.document.file).stem for one in loaded if one.model is None)
    world = findings.World(platform=platform, tenants=requests, unread=unread)
    documents = {id(one.model): one.document for one in loaded if one.model is not None}
    for finding in crosschecks.check(world):
        yield _fault(
            documents[id(finding.document)],
            finding.code,
            finding.where,
            message=finding.message,
            found=finding.found,
            allowed=finding.allowed,
            remedy=finding.remedy,
        )


def _name(folder: Path) -> str:
    return Path(os.path.abspath(folder)).name  # noqa: PTH100 - resolve() would follow a link to another name


def _order(fault: errors.Fault) -> tuple[str, int, int, str]:
    return (fault.file, fault.line, fault.column, fault.code)
