"""Small Git repositories that hold an inventory."""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

from tests.inventory import cases

SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "li.na",
    "GIT_AUTHOR_EMAIL": "li.na@town.example",
    "GIT_COMMITTER_NAME": "li.na",
    "GIT_COMMITTER_EMAIL": "li.na@town.example",
}


def git(folder: pathlib.Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], env={**os.environ, **SETTINGS}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: pathlib.Path) -> str:
    git(folder, "add", "--all", ":/")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "a change")
    return git(folder, "rev-parse", "HEAD")


def edit(folder: pathlib.Path, file: str, find: str, put: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert find in text
    path.write_text(text.replace(find, put), encoding="utf-8")


@functools.cache
def template() -> tempfile.TemporaryDirectory[str]:
    """The good inventory, committed on the branch `main`; made once."""
    place = tempfile.TemporaryDirectory()
    shutil.copytree(cases.ROOT / "good", pathlib.Path(place.name) / "inventories" / "town")
    git(pathlib.Path(place.name), "init", "--quiet", "--initial-branch=main", "--template=")
    commit(pathlib.Path(place.name))
    return place


def clone(folder: pathlib.Path) -> pathlib.Path:
    """The good inventory in a repository of its own below `folder`."""
    shutil.copytree(template().name, folder / "clone")
    return folder / "clone" / "inventories" / "town"
