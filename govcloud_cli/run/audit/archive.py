"""Keeps the log of a lab that is destroyed: with its heads, in the second place, where a new log does not meet it."""

from __future__ import annotations

import pathlib
import shutil

from govcloud_cli.governance import chain, chain_lines
from govcloud_cli.run import workspace
from govcloud_cli.run.audit import files, places


def move(where: places.Places, last: chain.Record) -> pathlib.Path:
    """Move log, public key and heads to a folder of their own in the second place; return it. The lock is held."""
    folder = workspace.make_folder(_folder(where, last))
    for path in (where.log, where.public):
        shutil.copyfile(path, folder / path.name)
        files.sync(folder / path.name)
    if where.access.is_dir():
        shutil.copytree(where.access, folder / where.access.name, dirs_exist_ok=True)
    # From here on it is archived: `finish` does what is left.
    where.heads.rename(folder / "heads.jsonl")
    workspace.sync_folder(folder)
    workspace.sync_folder(where.second)
    _forget(where)
    return folder


def finish(where: places.Places) -> None:
    """End a `move` that was interrupted after the log had been archived. The lock is held."""
    if where.heads.exists():
        return
    end = files.end(where.log)
    try:
        last = chain_lines.decode(end.line) if end else None
    except chain_lines.MalformedError:
        return
    if last is None:
        return
    archived = _folder(where, last)
    newest = files.end(archived / "heads.jsonl")
    if newest and newest.line == chain_lines.encode_head(last.head(_key_of(newest.line))):
        _forget(where)


def _key_of(line: bytes) -> str:
    try:
        return chain_lines.decode_head(line).key
    except chain_lines.MalformedError:
        return ""


def _folder(where: places.Places, last: chain.Record) -> pathlib.Path:
    return where.second / f"{where.name}-{last.entry.number}-{last.chain[:12]}"


def _forget(where: places.Places) -> None:
    """Remove what the next log must not find: the log last, because `finish` knows by it what is left to do."""
    shutil.rmtree(where.access, ignore_errors=True)
    for path in (where.private, where.public, where.log):
        path.unlink(missing_ok=True)
