"""Built tools in the cache: `tools/<name>-<version>-<digest>/{bin/…,manifest.json}`.

An entry appears whole, by one rename, or not at all.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import shutil

from govcloud_cli import resources
from govcloud_cli.run.tools import catalog, paths

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One usable build."""

    folder: pathlib.Path
    version: str
    built_by: str
    """The Go version, or `installer`."""
    built: str
    """RFC 3339, UTC."""

    def program(self, name: str) -> pathlib.Path:
        """Path of one of its programs."""
        return self.folder / "bin" / name


def sources(module: catalog.Module) -> pathlib.Path:
    """The folder of the wrapper module's go.mod."""
    return resources.folder("toolchain") / module.name


def folder(module: catalog.Module) -> pathlib.Path:
    """Where a build of `module` with today's inputs lies in the cache, there or not."""
    place = sources(module)
    content = {name: (place / name).read_bytes() for name in ("go.mod", "go.sum", "tools.go")}
    digest = catalog.digest(module, sources=content, platform=f"{platform.system()}-{platform.machine()}".lower())
    return paths.cache_folder() / "tools" / f"{module.name}-{module.version}-{digest}"


def load(module: catalog.Module, *, thorough: bool = False) -> Entry | None:
    """The cached build of `module`, verified; None if there is none or if it is not what was built.

    Size and modification time are compared with the manifest, and the SHA-256 too when they differ or when
    `thorough` (0.3 s per 100 MB). This finds torn, swapped and rotten files; it is no defence against someone who
    may write to the cache, since the manifest lies beside the files: that is what the folder's 0700 is for.
    """
    place = folder(module)
    try:
        manifest = json.loads((place / "manifest.json").read_text("utf-8"))
        whole = all(
            _same(place / "bin" / name, manifest["binaries"][name], thorough=thorough) for name in module.programs
        )
        entry = Entry(folder=place, version=manifest["version"], built_by=manifest["builtBy"], built=manifest["built"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return entry if whole else None


def seal(module: catalog.Module, built: pathlib.Path, *, built_by: str) -> Entry:
    """Write the manifest of the finished build in `built` and move it to its place. Hold the module's lock."""
    manifest = {
        "schemaVersion": SCHEMA_VERSION,
        "name": module.name,
        "version": module.version,
        "builtBy": built_by,
        "built": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "binaries": {name: _described(built / "bin" / name) for name in module.programs},
    }
    file = built / "manifest.json"
    file.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    place = folder(module)
    if place.exists():
        # Not what its manifest says, else nobody would have built again.
        shutil.rmtree(place)
    for name in (*(f"bin/{name}" for name in module.programs), "manifest.json"):
        _flush(built / name)
    built.rename(place)
    return Entry(folder=place, version=module.version, built_by=built_by, built=str(manifest["built"]))


def sha256(file: pathlib.Path) -> str:
    """The file's SHA-256 in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flush(file: pathlib.Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _described(file: pathlib.Path) -> dict[str, object]:
    seen = file.stat()
    return {"sha256": sha256(file), "size": seen.st_size, "mtimeNs": seen.st_mtime_ns}


def _same(file: pathlib.Path, recorded: dict[str, object], *, thorough: bool) -> bool:
    seen = file.stat()
    if not os.access(file, os.X_OK) or seen.st_size != recorded["size"]:
        return False
    if seen.st_mtime_ns == recorded["mtimeNs"] and not thorough:
        return True
    return sha256(file) == recorded["sha256"]
