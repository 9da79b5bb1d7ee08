"""An inventory as it was at a commit, read without touching the work tree.

Git's own blobs are read, byte for byte: no filter, hook or `export-ignore` of the repository has a say in them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import re
import tempfile
from collections.abc import Iterator, Mapping

from govcloud_cli import errors
from govcloud_cli.inventory import loading
from govcloud_cli.model import inventory
from govcloud_cli.run import process

_QUIET = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
_PLAIN = frozenset({"100644", "100755"})
_UNSHALLOW = "the history of this clone was cut: run `git fetch --unshallow` (in CI: check out with full history)"
_MOST_BYTES = 256 * 1024 * 1024
_LEFT_OUT = ("requests/",)
"""What grows for ever and is no part of the state that an inventory describes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Base:
    """Where the change at hand begins."""

    commit: str
    """Full object name."""
    reference: str
    """As it was asked for."""


def base(folder: pathlib.Path, reference: str) -> Base:
    """The last commit that `HEAD` and `reference` have in common, as `git diff REFERENCE...` takes it.

    What others merged meanwhile is no part of the change then. Raises `errors.UsageError` where `folder` is in no
    repository, the reference does not exist, or nothing is in common, each with its remedy.
    """
    _repository(folder)
    commit = _commit(folder, reference)
    head = _commit(folder, "HEAD")
    found = _git(folder, "merge-base", commit, head, check=False)
    if found.returncode != 0 or not _is_object(found.stdout.strip()):
        raise errors.UsageError(
            f"'{reference}' and HEAD have no commit in common",
            where=str(folder),
            remedy=_UNSHALLOW if _is_shallow(folder) else "name the branch that this change is to be merged into",
        )
    return Base(commit=found.stdout.strip(), reference=reference)


def inventory_at(folder: pathlib.Path, start: Base) -> inventory.Inventory:
    """The inventory that is at `folder` now, as it was at `start`.

    Raises `errors.UsageError` if it was not there, or if what was there is refused by the reader of today.
    """
    with _extracted(folder, start) as copy:
        try:
            return loading.load(copy)
        except errors.InventoryError as error:
            first = error.faults[0]
            name = pathlib.PurePath(first.file).name
            raise errors.UsageError(
                f"the inventory at '{start.reference}' is not valid: {error.message}",
                where=f"{start.commit[:12]}: {name}:{first.line}",
                cause=first.message,
                remedy="a change that mends it is validated without --changed-since; name a later commit for others",
            ) from error


@contextlib.contextmanager
def _extracted(folder: pathlib.Path, start: Base) -> Iterator[pathlib.Path]:
    """A copy of `folder` as it was, under the same name; gone after the block."""
    entries = _entries(folder, start)
    if not entries:
        raise errors.UsageError(
            f"there was no inventory {folder.resolve().name} at '{start.reference}'",
            where=f"{start.commit[:12]}",
            remedy="a new environment is validated without --changed-since",
        )
    with tempfile.TemporaryDirectory(prefix="govcloud-") as place:
        copy = pathlib.Path(place) / folder.resolve().name
        copy.mkdir()
        blobs = pathlib.Path(place) / ".blobs"
        argv = ["git", "-C", str(folder), "cat-file", "--batch"]
        wanted = "".join(f"{name}\n" for name in entries.values())
        with process.streaming(argv, stdin=wanted, environment=_QUIET, stdout=blobs) as running:
            code = running.wait(timeout=120)
        if code != 0:
            raise errors.GovcloudError(f"git could not read the inventory at '{start.reference}'", where=str(folder))
        _write(copy, entries, blobs.read_bytes())
        yield copy


def _entries(folder: pathlib.Path, start: Base) -> dict[str, str]:
    """Path below the folder -> blob. Refuses what is no plain file, as the reader does."""
    listed = _git(folder, "ls-tree", "-r", "-l", "-z", start.commit, ".").stdout
    found, total = {}, 0
    for line in filter(None, listed.split("\0")):
        head, _, path = line.partition("\t")
        mode, _, name, size = head.split()
        parts = pathlib.PurePosixPath(path).parts
        if path.startswith(_LEFT_OUT):
            continue
        if mode not in _PLAIN or ".." in parts or path.startswith("/") or not _is_object(name):
            raise errors.UsageError(
                f"{path} is not a plain file at '{start.reference}'",
                where=start.commit[:12],
                remedy="an inventory holds plain files only",
            )
        found[path] = name
        total += int(size)
    # One blob may stand there under a thousand names, and is written out for each.
    if total > _MOST_BYTES:
        raise errors.UsageError(
            f"the inventory at '{start.reference}' has {total // 1024 // 1024} MiB",
            where=start.commit[:12],
            remedy=f"an inventory has at most {_MOST_BYTES // 1024 // 1024} MiB",
        )
    return found


def _write(copy: pathlib.Path, entries: Mapping[str, str], data: bytes) -> None:
    """Write the blobs of `git cat-file --batch`: `<name> blob <size>`, that many bytes, a newline; in our order."""
    position = 0
    for path, name in entries.items():
        end = data.find(b"\n", position)
        head = data[position : max(end, 0)].decode("ascii", "replace").split(" ")
        if len(head) != 3 or head[:2] != [name, "blob"] or not head[2].isdecimal():
            raise errors.GovcloudError(f"git gave no content for {path}", remedy=_UNSHALLOW)
        start = end + 1
        position = start + int(head[2]) + 1
        target = copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data[start : position - 1])


def _repository(folder: pathlib.Path) -> None:
    found = _git(folder, "rev-parse", "--is-inside-work-tree", check=False)
    if found.returncode == 0 and found.stdout.strip() == "true":
        return
    if "dubious ownership" in found.stderr:
        raise errors.UsageError(
            f"the repository of {folder} belongs to somebody else",
            remedy="run as its owner, or tell Git that you trust it: `git config --global --add safe.directory PATH`",
        )
    raise errors.UsageError(
        f"{folder} is in no Git repository, so what changed cannot be told",
        remedy="run it in a clone of the inventories, or without --changed-since",
    )


def _commit(folder: pathlib.Path, reference: str) -> str:
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}", check=False)
    name = found.stdout.strip()
    if found.returncode == 0 and _is_object(name):
        return name
    fetch = "fetch it first: `git fetch origin BRANCH`, and name it `origin/BRANCH`"
    raise errors.UsageError(
        f"there is no commit '{reference}'",
        where=str(folder),
        remedy=f"{fetch}; {_UNSHALLOW}" if _is_shallow(folder) else fetch,
    )


def _is_shallow(folder: pathlib.Path) -> bool:
    return _git(folder, "rev-parse", "--is-shallow-repository", check=False).stdout.strip() == "true"


def _is_object(name: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", name) is not None


def _git(folder: pathlib.Path, *words: str, check: bool = True) -> process.Completed:
    # No file system monitor: it is a program that the repository's own configuration names.
    return process.run(
        ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *words], environment=_QUIET, check=check
    )
