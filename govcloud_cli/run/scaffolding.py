"""Writes files of an inventory on somebody's behalf: checked as a whole first, in one step, never over another."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import secrets
import shutil
import tempfile

from govcloud_cli import errors
from govcloud_cli.inventory import loading
from govcloud_cli.model import inventory
from govcloud_cli.run import workspace

_MODE = 0o644
"""Inventories are read by all who review them, and hold no secret."""


def check(folder: pathlib.Path, relative: str, text: str) -> inventory.Inventory:
    """The inventory in `folder` as it would be with the file `relative` (e.g. `tenants/x.yaml`) holding `text`.

    Raises `errors.InventoryError` with every fault, each named as if the file were there already, and
    `errors.UsageError` for what is no text. Writes nothing there.
    """
    _refuse_no_text(text)
    with tempfile.TemporaryDirectory(prefix="govcloud-draft-") as scratch:
        copy = pathlib.Path(scratch) / folder.resolve().name
        shutil.copytree(folder, copy, symlinks=True, ignore=shutil.ignore_patterns("requests", ".*"))
        target = copy / relative
        if not target.parent.is_symlink():
            target.parent.mkdir(exist_ok=True)
        # Never through a link that the inventory has: the copy's would lead out of the copy.
        if target.parent.is_symlink() or target.is_symlink():
            raise errors.UsageError(f"{folder / relative} is a link", remedy="remove it: inventories hold plain files")
        target.write_text(text, encoding="utf-8")
        try:
            return loading.load(copy)
        except errors.InventoryError as error:
            named = (_renamed(fault, str(copy), str(folder)) for fault in error.faults)
            raise errors.InventoryError(tuple(named)) from None


def _refuse_no_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        # What is no UTF-8 on a command line arrives as half characters (PEP 383).
        raise errors.UsageError(
            "what was given is no text in UTF-8",
            cause=f"at: {text[max(0, error.start - 20) : error.end]!a}",
            remedy="type it anew, in a terminal whose encoding is UTF-8",
        ) from error


def create(path: pathlib.Path, text: str) -> None:
    """Write a new file, on disk before we return. Raises `errors.UsageError` if there is one."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
        # A link, unlike a rename, fails where a file is.
        os.link(temporary, path)
    except FileExistsError:
        raise errors.UsageError(f"{path} is there already", remedy="edit that file; nothing is overwritten") from None
    finally:
        temporary.unlink(missing_ok=True)
    workspace.sync_folder(path.parent)


def remove(path: pathlib.Path) -> None:
    """Remove a file, if it is there; on disk before we return."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        workspace.sync_folder(path.parent)


def _renamed(fault: errors.Fault, seen: str, real: str) -> errors.Fault:
    return dataclasses.replace(fault, file=fault.file.replace(seen, real, 1))
