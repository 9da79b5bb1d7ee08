"""Keeps what is going to go: `.govcloud/<env>/<side>/backups/<tenant>/<UTC time>/`.

- `<database>.dump`: `pg_dump` in custom format, which `pg_restore` reads
- `tenant.yaml`, `objects.yaml`: the tenant's file and every object that it had
- `manifest.json`: SHA-256 and size of each; written last, so a backup without one is none
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
from collections.abc import Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.run import process, reach, ssh, workspace

# A tenant who owns a database may set the search path there, and would have the superuser call his functions.
_AS_POSTGRES = ("runuser", "--user=postgres", "--", "env", "PGOPTIONS=-c search_path=pg_catalog -c role=none")
_DUMP = ("pg_dump", "--format=custom", "--no-password", "--serializable-deferrable", "--lock-wait-timeout=30s")
_FROM_FILE = ("sh", "-c", 'file=$1; shift; exec "$@" <"$file"', "sh")
MANIFEST = "manifest.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """A database, and the machine that holds it."""

    database: str
    machine: str


def make(
    target: pathlib.Path,
    sources: Sequence[Source],
    texts: Mapping[str, str],
    *,
    folder: workspace.SideFolder,
    way: reach.Reach,
    now: datetime.datetime,
) -> pathlib.Path:
    """Back up databases and texts (by file name) into the new folder `target`; return its manifest's path.

    Raises `errors.GovcloudError` if a dump fails or cannot be read back: then there is no manifest.
    """
    workspace.make_folder(target)
    for source in sources:
        path = target / f"{source.database}.dump"
        dump(ssh_command(source.machine, (*_AS_POSTGRES, *_DUMP, source.database), folder=folder, way=way), path)
        listing = ssh_command(source.machine, ("pg_restore", "--list"), folder=folder, way=way)
        prove(listing, path, database=source.database)
    for name, text in texts.items():
        workspace.write(target / name, text)
    files = [*(f"{source.database}.dump" for source in sources), *texts]
    content = {
        "schemaVersion": 1,
        "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "files": {name: {"sha256": _digest(target / name), "bytes": (target / name).stat().st_size} for name in files},
    }
    workspace.write(target / MANIFEST, json.dumps(content, indent=2) + "\n")
    return target / MANIFEST


def faults(target: pathlib.Path) -> tuple[str, ...]:
    """What of a backup is not as its manifest says; empty if all is. For a backup without one, that."""
    try:
        listed = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return (f"{target} has no manifest, so it was never finished",)
    return tuple(
        f"{name} is not what was backed up"
        for name, entry in listed.items()
        if not (target / name).is_file() or _digest(target / name) != entry["sha256"]
    )


def ssh_command(machine: str, command: Sequence[str], *, folder: workspace.SideFolder, way: reach.Reach) -> list[str]:
    """`command` on a machine of the side, as root."""
    return way.command(ssh.as_root(folder, machine, command))


def dump(argv: Sequence[str], path: pathlib.Path) -> None:
    """Have the output of `argv` in the new file `path` (0600), on disk."""
    log = path.with_suffix(".log")
    with process.streaming(argv, stdout=path, stderr=log) as running:
        code = running.wait()
    told = log.read_text(encoding="utf-8", errors="replace").strip()
    if code != 0 or path.stat().st_size == 0:
        raise errors.GovcloudError(
            f"the backup of {path.stem} failed with exit code {code}",
            where=str(path),
            cause="\n".join(told.splitlines()[-5:]) or None,
            remedy="see that the disk has room and the database server runs; nothing was removed",
        )
    if not told:
        log.unlink()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prove(listing: Sequence[str], path: pathlib.Path, *, database: str) -> None:
    """See that `pg_restore --list` (`listing`) reads the dump, and that it is of this database."""
    done = process.run([*_FROM_FILE, str(path), *listing], timeout=600, check=False)
    if done.returncode != 0 or f"dbname: {database}" not in done.stdout:
        raise errors.GovcloudError(
            f"the backup of {database} cannot be read back",
            where=str(path),
            cause="\n".join((done.stderr or done.stdout).strip().splitlines()[-5:]) or None,
            remedy="nothing was removed; run it again",
        )


def _digest(path: pathlib.Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
