"""Removing a lab without Pulumi's knowledge: a killed deploy may have made what no state file names."""

from __future__ import annotations

import contextlib
import pathlib

from govcloud_cli.providers.lab import cgroups, forwards, machines, namespaces


def remains(prefix: str, data_folder: pathlib.Path) -> tuple[str, ...]:
    """Return what is left of one side's lab: namespaces, control groups and folders, sorted."""
    folders = [f"{data_folder}/{name}" for name in ("machines", "forwards") if (data_folder / name).exists()]
    named = (name for kind in "fms" for name in _names(f"{prefix}-{kind}-"))
    return tuple(sorted({*named, *folders}))


def remove_all(prefix: str, data_folder: pathlib.Path) -> tuple[str, ...]:
    """Remove whatever `remains` and return it; the machines' disks too. To be called after the stack's destroy."""
    left = remains(prefix, data_folder)
    forwards_left, machines_left, switches_left = (f"{prefix}-{kind}-" for kind in "fms")
    for name in _names(forwards_left):
        forwards.remove(name, data_folder, name.removeprefix(forwards_left))
    folders = (data_folder / "machines").iterdir() if (data_folder / "machines").is_dir() else ()
    named = {name.removeprefix(machines_left) for name in _names(machines_left)} | {folder.name for folder in folders}
    for name in sorted(named):
        machines.remove(f"{machines_left}{name}", machines.machine_folder(str(data_folder), name))
    for name in _names(switches_left):
        namespaces.remove(name)
    for folder in ("forwards", "machines"):
        for file in (data_folder / folder).glob("*.*"):
            file.unlink()
        with contextlib.suppress(FileNotFoundError):
            (data_folder / folder).rmdir()
    return left


def _names(begin: str) -> tuple[str, ...]:
    return tuple(sorted({*namespaces.names(begin), *cgroups.names(begin)}))
