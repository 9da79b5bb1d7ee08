"""A machine's disk: an overlay over the base image, and the files that we put on it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import secrets
import shutil
from typing import Final

from govcloud_cli import errors
from govcloud_cli.run import process

_MOUNTS: Final = pathlib.Path("/proc/self/mountinfo")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mount:
    """A line of the mount table."""

    point: str
    kind: str
    options: str


def mounts_below(folder: pathlib.Path) -> tuple[Mount, ...]:
    """Return what is mounted at or below `folder`, in the order of mounting."""
    found = []
    for line in _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        first, _, second = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), first.split()[4])
        kind, _, options = second.split(" ", 2)
        if pathlib.PurePath(point).is_relative_to(folder):
            found.append(Mount(point=point, kind=kind, options=options))
    return tuple(found)


def is_mounted(folder: pathlib.Path, image: str) -> bool:
    """Tell whether the machine's disk is mounted over `image`, and nothing else is."""
    mounts = mounts_below(folder / "root")
    return len(mounts) == 1 and mounts[0].kind == "overlay" and f"lowerdir={image}," in mounts[0].options


def mount(folder: pathlib.Path, image: str) -> None:
    """Mount the disk at `folder/root`; what was written before (`folder/upper`) is there again."""
    if is_mounted(folder, image):
        return
    unmount(folder)
    if not (pathlib.Path(image) / "usr" / "lib" / "systemd" / "systemd").exists():
        raise errors.GovcloudError(
            f"the base image {image} is missing or has no systemd",
            remedy="build it again: remove the folder and deploy",
        )
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(exist_ok=True)
    # The upper layer's own mode is that of the machine's `/`, whatever our umask is.
    (folder / "upper").chmod(0o755)
    layers = f"lowerdir={image},upperdir={folder}/upper,workdir={folder}/work"
    try:
        process.run(("mount", "-t", "overlay", "-o", layers, "overlay", str(folder / "root")))
    except errors.ProcessError as error:
        raise errors.GovcloudError(
            f"cannot mount the machine's disk in {folder}",
            cause=error.cause,
            remedy="keep the state folder on ext4 or xfs; tmpfs or an overlay cannot hold it",
        ) from error


def unmount(folder: pathlib.Path) -> None:
    """Unmount whatever is mounted below `folder`."""
    for item in reversed(mounts_below(folder)):
        process.run(("umount", item.point), check=False)
    for item in reversed(mounts_below(folder)):  # still busy: let the kernel finish it
        process.run(("umount", "--lazy", item.point))


def erase(folder: pathlib.Path) -> None:
    """Unmount and delete the machine's folder. Raises `errors.GovcloudError` rather than delete through a mount."""
    unmount(folder)
    if mounts_below(folder):
        raise errors.GovcloudError(f"something is still mounted below {folder}", remedy="unmount it and run again")
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def write(root: pathlib.Path, name: str, content: str, *, mode: int = 0o644) -> None:
    """Write `root/name` if it differs, making its folders.

    No symbolic link is followed: the machine's own root may have put one there that leads out of it.
    """
    parts = pathlib.PurePosixPath(name).parts
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o700 if part == ".ssh" else 0o755, dir_fd=descriptor)
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        _replace(descriptor, parts[-1], content.encode(), mode)
    except OSError as error:
        raise errors.GovcloudError(f"cannot write /{name} on the machine's disk: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _replace(folder: int, name: str, content: bytes, mode: int) -> None:
    with contextlib.suppress(OSError):
        present = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(present, "rb") as file:
            if file.read(len(content) + 1) == content:
                return
    temporary = f".{name}.{secrets.token_hex(4)}"
    made = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
    with os.fdopen(made, "wb") as file:
        os.fchmod(made, mode)
        file.write(content)
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
