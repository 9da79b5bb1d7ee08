"""Makes a distribution's tar: fetched by Maven, verified, prepared by its own program, packed."""

from __future__ import annotations

import pathlib
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable

from govcloud_cli import errors
from govcloud_cli.run import process
from govcloud_cli.run.tools import cache, catalog, interruptible, paths

_MOST_BYTES = 1 << 30
"""Of an unpacked artifact: six times of what Keycloak takes."""
_JAVA = {"JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m"}
_EPOCH = 946_684_800
"""2000-01-01: the time of every file, so that packing again makes the same tar."""


def make(
    distribution: catalog.Distribution,
    new: pathlib.Path,
    *,
    report: Callable[[str], None],
    stopping: threading.Event,
) -> str:
    """Make the tar in the folder `new`; return what it was made with, `java 17.0.15`.

    Maven and Java have to be on PATH (`packages.to_make`). Raises `errors.GovcloudError`, with the log where there is
    one, if the artifact cannot be had, is not what was pinned, or cannot be prepared.
    """
    log = paths.log_file(distribution.name)
    what = f"{distribution.name} {distribution.version}"
    java = _java(what)
    report(f"{what}: fetching with Maven and preparing, about a minute (log: {log})")
    argv = ["mvn", "--batch-mode", "--no-transfer-progress", "dependency:copy"]
    argv += [f"-Dartifact={distribution.coordinates}", f"-DoutputDirectory={new / 'fetched'}"]
    _run(argv, what=f"fetching {what}", log=log, report=report, stopping=stopping, environment={})
    server = _unpack(_verified(distribution, new / "fetched"), new / "unpacked")
    program = server / distribution.program
    argv = [str(program), "build", *distribution.options]
    _run(argv, what=f"preparing {what}", log=log, report=report, stopping=stopping, environment=_JAVA)
    (inner,) = distribution.files.values()
    pack(server, new / inner)
    for folder in ("fetched", "unpacked"):
        shutil.rmtree(new / folder)
    return f"java {java}"


def pack(folder: pathlib.Path, file: pathlib.Path) -> None:
    """Pack what is in `folder`: sorted, owned by root, readable for all, of one time. Jars are compressed already."""

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = _EPOCH
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        return member

    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            tar.add(path, arcname=str(path.relative_to(folder)), recursive=False, filter=owned)


def _java(what: str) -> str:
    missing = [name for name in ("mvn", "java") if shutil.which(name) is None]
    if missing:
        raise errors.GovcloudError(
            f"{what} cannot be made without {' and '.join(f'`{name}`' for name in missing)}",
            remedy="install Maven and Java 17 or newer so that they are on PATH, and run again",
        )
    answer = process.run(["java", "-version"], timeout=20, check=False)
    version = catalog.parse_version(answer.stderr)
    if version is None or version < (17, 0, 0):
        raise errors.GovcloudError(
            f"{what} needs Java 17 or newer", cause=answer.stderr.strip() or None, remedy="install it, and run again"
        )
    return catalog.shown(version)


def _verified(distribution: catalog.Distribution, folder: pathlib.Path) -> pathlib.Path:
    (artifact,) = folder.iterdir()
    found = cache.sha256(artifact)
    if found != distribution.sha256:
        raise errors.GovcloudError(
            f"{distribution.coordinates} is not what was pinned",
            cause=f"its SHA-256 is {found}, not {distribution.sha256}",
            remedy="find out who changed it before anything else: the Maven repository, a mirror, or something between",
        )
    return artifact


def _unpack(artifact: pathlib.Path, place: pathlib.Path) -> pathlib.Path:
    """Unpack the zip into `place`; return its one top folder. Only regular files and folders are taken."""
    with zipfile.ZipFile(artifact) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > _MOST_BYTES:
            raise errors.GovcloudError(f"{artifact.name} would unpack to more than {_MOST_BYTES >> 30} GiB")
        for member in members:
            # `extract` keeps out of parent folders by itself; it makes no links of members that claim to be some.
            path = pathlib.Path(archive.extract(member, place))
            if path.is_file():
                path.chmod(0o755 if (member.external_attr >> 16) & 0o100 else 0o644)
    (top,) = place.iterdir()
    return top


def _run(
    argv: list[str],
    *,
    what: str,
    log: pathlib.Path,
    report: Callable[[str], None],
    stopping: threading.Event,
    environment: dict[str, str],
) -> None:
    # Maven and Keycloak tell everything on standard output, which must not fill a pipe.
    told = ["sh", "-c", 'exec "$@" >&2', "sh", *argv]
    code = interruptible.run(
        told, what=what, log=log, stopping=stopping, report=report, timeout=1800.0, environment=environment
    )
    if code != 0:
        raise errors.GovcloudError(
            f"{what} failed",
            cause=interruptible.tail(log) or ("it took too long" if code is None else f"exit code {code}"),
            log=str(log),
            remedy="see the log; it needs the Maven repository (or a mirror in Maven's settings) and 1 GB of disk",
        )
