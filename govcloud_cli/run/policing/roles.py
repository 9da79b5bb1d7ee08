"""What the Ansible roles assume where a plan says nothing: their `defaults/main.yml`."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import yaml

from govcloud_cli import errors, resources

Json = Any


def defaults(folder: pathlib.Path | None = None) -> Mapping[str, Mapping[str, Json]]:
    """Role -> variable -> value, of every role in `folder` (GovCloud's own `roles/`).

    Raises `errors.GovcloudError` for one that cannot be read: judged without it, a machine would look other than it is.
    """
    place = resources.folder("roles") if folder is None else folder
    return {path.parents[1].name: _read(path) for path in sorted(place.glob("*/defaults/main.yml"))}


def _read(path: pathlib.Path) -> Mapping[str, Json]:
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unread(path, str(error)) from error
    if not isinstance(found, dict):
        raise _unread(path, "it holds no mapping")
    return found


def _unread(path: pathlib.Path, cause: str) -> errors.GovcloudError:
    return errors.GovcloudError(
        "a role's defaults cannot be read", where=str(path), cause=cause, remedy="restore the file as it was installed"
    )
