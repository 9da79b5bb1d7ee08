"""Requests as files of the inventory: read with bounds, written in one step."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import re
import stat
from collections.abc import Collection, Iterator

import pydantic

from govcloud_cli import errors
from govcloud_cli.governance import requests
from govcloud_cli.inventory import sources
from govcloud_cli.run import workspace

_FOLDER = "requests"
_FILE = re.compile(r"[0-9]{4}\.json\Z")
_TENANT = re.compile(r"[a-z][a-z0-9-]{1,29}\Z")
_MOST_CHARACTERS = 256 * 1024
_BACK = "put the file back as it was: git checkout -- FILE; or remove it and submit again"


def load(folder: pathlib.Path, only: Collection[str] | None = None) -> tuple[requests.Request, ...]:
    """The requests in `folder`/requests (of the tenants `only`), by tenant and number.

    Raises `errors.UsageError` that names every file which is none.
    """
    found: list[requests.Request] = []
    faults: list[str] = []
    for path in _files(folder / _FOLDER, only, faults):
        try:
            found.append(_read(path))
        except ValueError as error:
            faults.append(f"{path}: {error}")
    if faults:
        noun = "file" if len(faults) == 1 else "files"
        raise errors.UsageError(
            f"{len(faults)} request {noun} cannot be used",
            where=str(folder / _FOLDER),
            cause="\n".join(faults),
            remedy=_BACK,
        )
    return tuple(found)


def _files(folder: pathlib.Path, only: Collection[str] | None, faults: list[str]) -> Iterator[pathlib.Path]:
    for place in _listed(folder, faults):
        if only is not None and place.name not in only:
            continue
        if not _TENANT.match(place.name):
            faults.append(f"{place}: not the id of a tenant")
            continue
        for path in _listed(place, faults):
            if _FILE.match(path.name):
                yield path
            else:
                faults.append(f"{path}: not named NNNN.json")


def _listed(folder: pathlib.Path, faults: list[str]) -> list[pathlib.Path]:
    """What a folder holds, but for hidden files; nothing where there is none. A link may lead anywhere: a fault."""
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            faults.append(f"{folder}: not a folder")
            return []
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        faults.append(f"{folder}: {error.strerror}")
        return []
    if len(found) > requests.MOST:
        faults.append(f"{folder}: more than {requests.MOST} entries")
        return []
    return found


def _read(path: pathlib.Path) -> requests.Request:
    """The request in a file. Raises `ValueError` in words of ours."""
    try:
        text = sources.read_text(path)
    except sources.RefusalError as refusal:
        raise ValueError(f"it cannot be read: {refusal.found}") from refusal
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"it is longer than {_MOST_CHARACTERS // 1024} Ki characters")
    try:
        found = requests.parse(text)
    except pydantic.ValidationError as error:
        raise ValueError(_first(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if (found.tenant, f"{found.number:04d}") != (path.parent.name, path.stem):
        raise ValueError(f"it is request {found.name}, which has another place")
    return found


def _first(error: pydantic.ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


@contextlib.contextmanager
def held(folder: pathlib.Path, tenant: str) -> Iterator[None]:
    """Nobody else on this host changes the tenant's requests meanwhile. Raises `errors.LockedError`."""
    place = folder / _FOLDER / tenant
    # A link there would lead the lock and the file away from what was read.
    if place.is_symlink() or place.parent.is_symlink():
        raise errors.UsageError(f"{place} is a link", remedy="remove it: requests are plain folders and files")
    workspace.make_folder(place)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise errors.LockedError(
            f"somebody else is deciding about {tenant}", where=str(place), remedy="wait for them and run it again"
        ) from error
    finally:
        os.close(descriptor)


def save(folder: pathlib.Path, request: requests.Request) -> pathlib.Path:
    """Write a request's file in one step; return its path. Call it within `held`.

    Raises `errors.GovcloudError` where the disk refuses: what was there stays.
    """
    path = folder / _FOLDER / request.tenant / f"{request.number:04d}.json"
    try:
        workspace.write(path, requests.render(request))
    except OSError as error:
        raise errors.GovcloudError(
            f"request {request.name} could not be written, so it stands as it was",
            where=str(path),
            cause=error.strerror,
            remedy="make room or restore access, then run it again",
        ) from error
    return path
