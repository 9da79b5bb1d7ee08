"""Which files an inventory folder is made of, and what in it belongs to no one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from govcloud_cli import errors
from govcloud_cli.inventory import explain, findings
from govcloud_cli.model import freezes, people, platforms, tenants

PLATFORM = "platform.yaml"
FILES: Mapping[str, type[findings.Document]] = MappingProxyType(
    {PLATFORM: platforms.Platform, "people.yaml": people.People}
)
"""Name of a file to what it holds; all but the first may be left out."""
FOLDERS: Mapping[str, type[findings.Document]] = MappingProxyType(
    {"tenants": tenants.Tenant, "freezes": freezes.Freeze}
)
"""Name of a folder to what each `<id>.yaml` in it holds."""
_NOT_READ = frozenset({"requests"})
"""Folders that are written and read by `govcloud request`, not by people."""

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_LONGEST_ENVIRONMENT = 30


def name(folder: Path) -> str:
    """The environment's: what the folder is called."""
    return Path(os.path.abspath(folder)).name  # noqa: PTH100 - resolve() would follow a link to another name


def files(folder: Path) -> Iterator[tuple[Path, type[findings.Document]]]:
    """Every file that is to be read, in a fixed order, and what it should hold."""
    for file, model in FILES.items():
        if os.path.lexists(folder / file):
            yield folder / file, model
    for below, model in FOLDERS.items():
        for path in _entries(folder / below):
            if path.suffix == ".yaml":
                yield path, model


def faults(folder: Path) -> Iterator[errors.Fault]:
    """What is wrong with the folder itself: its name, what is missing, what does not belong."""
    called = name(folder)
    if not _ENVIRONMENT.match(called) or not 2 <= len(called) <= _LONGEST_ENVIRONMENT:
        yield explain.fault("GC1018", file=str(folder), found=called)
    if not os.path.lexists(folder / PLATFORM):
        yield explain.fault("GC1016", file=str(folder), found="no platform.yaml")
    for path in _entries(folder):
        is_folder = path.is_dir() and not path.is_symlink()
        if path.name not in FILES and not (is_folder and path.name in {*FOLDERS, *_NOT_READ}):
            yield _does_not_belong(path)
    for below in FOLDERS:
        for path in _entries(folder / below):
            if path.suffix != ".yaml":
                yield _does_not_belong(path)


def _does_not_belong(path: Path) -> errors.Fault:
    remedy = f"rename it to {path.stem}.yaml" if path.suffix in {".yml", ".YAML", ".YML"} else ""
    return explain.fault("GC1014", file=str(path), found=path.name, remedy=remedy)


def _entries(folder: Path) -> Sequence[Path]:
    """What a folder holds, but for hidden files (an editor's), in a fixed order; nothing if it is no folder."""
    if folder.name in FOLDERS and folder.is_symlink():
        return ()
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return ()
