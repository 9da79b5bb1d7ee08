"""Which files a folder of policies is made of, and what in it belongs to no one. Nothing but YAML is ever read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

from govcloud_cli import errors
from govcloud_cli.inventory import explain

POLICY = "policy.yaml"
APPROVERS = "approvers.yaml"
LIBRARY, CONTROLS, WAIVERS = "library", "controls", "waivers"
ALLOWED, DENIED = "allowed", "denied"
_SHARED = (LIBRARY, CONTROLS, WAIVERS)
_PROSE = (".md", ".txt")
"""Files for people may lie anywhere."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A policy's folder."""

    area: str
    folder: Path
    allowed: tuple[Path, ...]
    denied: tuple[Path, ...]

    @property
    def file(self) -> Path:
        """`policy.yaml`."""
        return self.folder / POLICY


class Listing:
    """What a folder of policies holds, each folder listed once; hidden files are nobody's (an editor's)."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listed: dict[Path, dict[Path, bool]] = {}

    def policies(self) -> Iterator[Found]:
        """Every `<area>/<id>/` with a `policy.yaml`, in a fixed order."""
        for area in self._areas():
            for own in self._folders(area):
                if own / POLICY in self._entries(own):
                    allowed, denied = self._yaml(own / ALLOWED), self._yaml(own / DENIED)
                    yield Found(area=area.name, folder=own, allowed=allowed, denied=denied)

    def libraries(self) -> tuple[Path, ...]:
        """`library/<name>.yaml`."""
        return self._yaml(self._root / LIBRARY)

    def catalogues(self) -> tuple[Path, ...]:
        """`controls/<id>.yaml`."""
        return self._yaml(self._root / CONTROLS)

    def waivers(self) -> tuple[Path, ...]:
        """`waivers/<anything>.yaml`."""
        return self._yaml(self._root / WAIVERS)

    def approvers(self) -> tuple[Path, ...]:
        """`approvers.yaml`, if there is one."""
        path = self._root / APPROVERS
        return (path,) if path in self._entries(self._root) else ()

    def faults(self) -> Iterator[errors.Fault]:
        """What is wrong with the folder itself: what is missing, what does not belong, what is a link."""
        if not self._root.is_dir():
            found = "a file" if self._root.exists() else "nothing"
            yield explain.fault("GC1904", file=str(self._root), found=found)
            return
        for path, is_folder in self._entries(self._root).items():
            if not is_folder and path.name != APPROVERS and not _is_prose(path):
                yield _does_not_belong(path)
        for shared in _SHARED:
            yield from self._only_yaml(self._root / shared)
        for area in self._areas():
            for path, is_folder in self._entries(area).items():
                if is_folder:
                    yield from self._faults_of(path)
                elif not _is_prose(path):
                    yield _does_not_belong(path)

    def _faults_of(self, own: Path) -> Iterator[errors.Fault]:
        if own / POLICY not in self._entries(own):
            yield explain.fault("GC1903", file=str(own), found=own.name, message=f"the folder has no {POLICY}")
            return
        for path in self._entries(own):
            if path.name not in {POLICY, ALLOWED, DENIED} and not _is_prose(path):
                yield _does_not_belong(path)
        for samples in (ALLOWED, DENIED):
            yield from self._only_yaml(own / samples)
            if not self._yaml(own / samples):
                message = f"there is no sample in {samples}/"
                yield explain.fault("GC1902", file=str(own / POLICY), message=message, found=f"no {samples}/*.yaml")

    def _only_yaml(self, folder: Path) -> Iterator[errors.Fault]:
        if not self._entries(folder.parent).get(folder, True):
            yield _does_not_belong(folder)
        for path, is_folder in self._entries(folder).items():
            if is_folder or (path.suffix != ".yaml" and not _is_prose(path)):
                yield _does_not_belong(path)

    def _areas(self) -> tuple[Path, ...]:
        return tuple(path for path in self._folders(self._root) if path.name not in _SHARED)

    def _folders(self, folder: Path) -> tuple[Path, ...]:
        return tuple(path for path, is_folder in self._entries(folder).items() if is_folder)

    def _yaml(self, folder: Path) -> tuple[Path, ...]:
        return tuple(
            path for path, is_folder in self._entries(folder).items() if path.suffix == ".yaml" and not is_folder
        )

    def _entries(self, folder: Path) -> dict[Path, bool]:
        """Each entry and whether it is a folder; a link is none, for it may lead out of what was reviewed."""
        if folder not in self._listed:
            self._listed[folder] = self._list(folder)
        return self._listed[folder]

    def _list(self, folder: Path) -> dict[Path, bool]:
        if folder != self._root and not self._entries(folder.parent).get(folder, False):
            return {}
        try:
            with os.scandir(folder) as found:
                entries = sorted((one.name, one.is_dir(follow_symlinks=False)) for one in found)
        except OSError:
            return {}
        return {folder / name: is_folder for name, is_folder in entries if not name.startswith(".")}


def policies(folder: Path) -> Iterator[Found]:
    """As `Listing.policies`."""
    return Listing(folder).policies()


def libraries(folder: Path) -> Iterator[Path]:
    """As `Listing.libraries`."""
    return iter(Listing(folder).libraries())


def waivers(folder: Path) -> Iterator[Path]:
    """As `Listing.waivers`."""
    return iter(Listing(folder).waivers())


def approvers(folder: Path) -> Iterator[Path]:
    """As `Listing.approvers`."""
    return iter(Listing(folder).approvers())


def _does_not_belong(path: Path) -> errors.Fault:
    remedy = f"rename it to {path.stem}.yaml" if path.suffix in {".yml", ".YAML", ".YML"} else ""
    found = "a symbolic link" if path.is_symlink() else path.name
    return explain.fault("GC1903", file=str(path), found=found, remedy=remedy)


def _is_prose(path: Path) -> bool:
    return path.suffix in _PROSE and not path.is_dir()
