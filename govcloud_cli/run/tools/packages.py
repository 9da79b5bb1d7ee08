"""The Debian packages that the embedded substrate needs on this host."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Sequence

from govcloud_cli import errors
from govcloud_cli.run import process
from govcloud_cli.run.tools import catalog, paths

# Our own umask is 077; what packages' scripts write with it, their services could not read.
_OPEN_UMASK = ("sh", "-c", 'umask 022 && exec "$@"', "sh")

NEEDED: dict[str, str] = {
    "ca-certificates": "verifies what is downloaded",
    "debian-archive-keyring": "verifies the base image's packages",
    "iproute2": "network namespaces and segments",
    "mmdebstrap": "builds the machines' base image",
    "nftables": "isolates the management network",
    "openssh-client": "reaches the machines",
    "systemd-container": "boots the machines",
}
"""Package name -> what it is for."""
FOR_DISTRIBUTIONS: dict[str, str] = {
    "maven": "fetches the identity service",
    "openjdk-17-jre-headless": "prepares the identity service",
}
"""As above, for what is made of a Maven artifact: only while it is made."""


def to_make(names: Collection[str]) -> tuple[str, ...]:
    """The packages that making the tools `names` needs besides `NEEDED`."""
    made = any(isinstance(catalog.TOOLS[name].build, catalog.Distribution) for name in names)
    return tuple(FOR_DISTRIBUTIONS) if made else ()


def missing_packages(needed: Collection[str] = tuple(NEEDED)) -> tuple[str, ...]:
    """Those of `needed` that are not installed, sorted.

    Raises `errors.GovcloudError` on a host that is not Debian's kin.
    """
    if shutil.which("dpkg-query") is None:
        raise errors.GovcloudError(
            "this host has no dpkg: the embedded substrate needs Debian or a kin of it",
            remedy="run GovCloud on Debian 12 or newer, or set `substrate: existing` in platform.yaml",
        )
    # A package that dpkg has never heard of makes it exit 1, which is an answer here.
    answer = process.run(
        ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *sorted(needed)],
        environment={"LC_ALL": "C"},
        check=False,
    )
    return missing(needed, answer.stdout)


def missing(needed: Collection[str], answer: str) -> tuple[str, ...]:
    """Those of `needed` that dpkg-query's `answer` (`name status` lines) does not call installed. Pure."""
    rows = (line.split() for line in answer.splitlines())
    installed = {row[0] for row in rows if row[1:] == ["installed"]}
    return tuple(sorted(set(needed) - installed))


def command(names: Sequence[str]) -> list[str]:
    """The command that installs `names`, as an argument vector."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *names]


def install_packages(names: Sequence[str], report: Callable[[str], None]) -> None:
    """Install `names` with apt-get. Raises `errors.GovcloudError` if not root or if apt-get fails."""
    if not names:
        return
    by_hand = " ".join(command(names))
    if os.geteuid() != 0:
        raise errors.GovcloudError(
            f"Debian packages are missing and only root can install them: {', '.join(names)}",
            remedy=f"run `sudo {by_hand}`, or run GovCloud as root",
        )
    report(f"installing Debian packages: {', '.join(names)}")
    log = paths.log_file("apt")
    environment = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    # Another apt (unattended upgrades on a fresh machine) is waited for, not stumbled over.
    patience = ["-o", "DPkg::Lock::Timeout=300"]
    for argv in (["apt-get", *patience, "update"], [*command(names), *patience]):
        done = process.run([*_OPEN_UMASK, *argv], environment=environment, timeout=1800, check=False)
        with log.open("a", encoding="utf-8") as file:
            file.write(done.stdout + done.stderr)
        if done.returncode != 0 and "update" not in argv:
            raise errors.GovcloudError(
                f"apt-get could not install {', '.join(names)}",
                cause="\n".join(done.stderr.strip().splitlines()[-6:]),
                log=str(log),
                remedy=f"check the package sources and run `{by_hand}` by hand",
            )
    still = missing_packages(names)
    if still:
        raise errors.GovcloudError(f"apt-get left out {', '.join(still)}", log=str(log), remedy=f"run `{by_hand}`")


def ensure(*, install: bool, report: Callable[[str], None], needed: Collection[str] = tuple(NEEDED)) -> tuple[str, ...]:
    """Install what is missing of `needed`; returns it. If not `install`, raises `errors.UsageError` naming it."""
    names = missing_packages(needed)
    if names and not install:
        raise errors.UsageError(
            f"Debian packages are missing: {', '.join(names)}",
            cause="--no-install forbids to install them",
            remedy=f"run `{' '.join(command(names))}` as root, or run again without --no-install",
        )
    install_packages(names, report)
    return names
