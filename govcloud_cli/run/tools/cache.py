"""Built tools in the cache: `tools/<name>-<version>-<digest>/{bin/…|….tar,manifest.json}`.

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
from collections.abc import Mapping

from govcloud_cli import resources
from govcloud_cli.run.tools import catalog, paths

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One usable build."""

    folder: pathlib.Path
    version: str
    built_by: str
    """The Go or Java version, or `installer`."""
    built: str
    """RFC 3339, UTC."""
    files: Mapping[str, pathlib.Path]
    """Its programs, or the one tar of a distribution, by name."""


def sources(module: catalog.Module) -> pathlib.Path:
    """The folder of the wrapper module's go.mod."""
    return resources.folder("toolchain") / module.name


def folder(build: catalog.Build) -> pathlib.Path:
    """Where `build` with today's inputs lies in the cache, there or not."""
    return paths.cache_folder() / "tools" / f"{build.name}-{build.version}-{_digest(build)}"


def _digest(build: catalog.Build) -> str:
    if isinstance(build, catalog.Distribution):
        return catalog.digest_of_distribution(build)
    place = sources(build)
    content = {name: (place / name).read_bytes() for name in ("go.mod", "go.sum", "tools.go")}
    return catalog.digest(build, sources=content, platform=f"{platform.system()}-{platform.machine()}".lower())


def load(build: catalog.Build, *, thorough: bool = False) -> Entry | None:
    """What the cache has of `build`, verified; None if there is none or if it is not what was built.

    Size and modification time are compared with the manifest, and the SHA-256 too when they differ or when
    `thorough` (0.3 s per 100 MB). This finds torn, swapped and rotten files; it is no defence against someone who
    may write to the cache, since the manifest lies beside the files: that is what the folder's 0700 is for.
    """
    place = folder(build)
    try:
        manifest = json.loads((place / "manifest.json").read_text("utf-8"))
        files = {name: place / inner for name, inner in build.files.items()}
        whole = all(_same(path, manifest["binaries"][name], thorough=thorough) for name, path in files.items())
        entry = Entry(
            folder=place,
            version=manifest["version"],
            built_by=manifest["builtBy"],
            built=manifest["built"],
            files=files,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return entry if whole else None


def seal(build: catalog.Build, built: pathlib.Path, *, built_by: str) -> Entry:
    """Write the manifest of the finished build in `built` and move it to its place. Hold the build's lock."""
    manifest = {
        "schemaVersion": SCHEMA_VERSION,
        "name": build.name,
        "version": build.version,
        "builtBy": built_by,
        "built": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "binaries": {name: _described(built / inner) for name, inner in build.files.items()},
    }
    file = built / "manifest.json"
    file.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    place = folder(build)
    if place.exists():
        # Not what its manifest says, else nobody would have built again.
        shutil.rmtree(place)
    for name in (*build.files.values(), "manifest.json"):
        _flush(built / name)
    built.rename(place)
    files = {name: place / inner for name, inner in build.files.items()}
    return Entry(folder=place, version=build.version, built_by=built_by, built=str(manifest["built"]), files=files)


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
    if (file.parent.name == "bin" and not os.access(file, os.X_OK)) or seen.st_size != recorded["size"]:
        return False
    if seen.st_mtime_ns == recorded["mtimeNs"] and not thorough:
        return True
    return sha256(file) == recorded["sha256"]
