"""Where the files that belong to GovCloud itself lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import pathlib

from govcloud_cli import errors

_PACKAGE = pathlib.Path(__file__).resolve().parent
FOLDERS = ("inventories", "policies", "roles", "stacks", "toolchain")


def folder(name: str, *, package: pathlib.Path = _PACKAGE) -> pathlib.Path:
    """The absolute path of one of `FOLDERS`. Raises `errors.GovcloudError` if the installation lacks it."""
    if name not in FOLDERS:
        raise ValueError(f"`{name}` is no resource folder; there are: {', '.join(FOLDERS)}")
    places = (package / name, package / "_data" / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise errors.GovcloudError(
        f"this installation of GovCloud lacks its `{name}` folder",
        where=str(package),
        remedy="install it again: `pip install --force-reinstall .` in a complete checkout",
    )
