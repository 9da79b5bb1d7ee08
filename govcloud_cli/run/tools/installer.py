"""Pulumi's own installer, run as a child process so that it can be bounded in time and ended.

`python -m govcloud_cli.run.tools.installer probe` succeeds if the installer's site answers;
`… install ROOT VERSION` installs the official CLI to `ROOT/bin`.
"""

from __future__ import annotations

import os
import pathlib
import sys
import threading
import urllib.request
from collections.abc import Callable

from govcloud_cli import errors
from govcloud_cli.run import process
from govcloud_cli.run.tools import catalog, interruptible

# What `pulumi.automation.PulumiCommand.install` downloads first.
_SITE = "https://get.pulumi.com/install.sh"
PROBE_SECONDS = 3.0
_INSTALL_SECONDS = 600.0
_OURSELVES = (sys.executable, "-P", "-m", "govcloud_cli.run.tools.installer")


def reachable() -> bool:
    """Whether the site answers within `PROBE_SECONDS`, name look-up included (hence a child process)."""
    try:
        return process.run([*_OURSELVES, "probe"], timeout=PROBE_SECONDS, check=False).returncode == 0
    except errors.ProcessError:
        return False


def install(root: pathlib.Path, *, log: pathlib.Path, report: Callable[[str], None], stopping: threading.Event) -> bool:
    """Install the pinned official CLI to `root/bin`; whether that worked."""
    code = interruptible.run(
        [*_OURSELVES, "install", str(root), catalog.PULUMI.version],
        what=f"installing pulumi {catalog.PULUMI.version}",
        log=log,
        stopping=stopping,
        report=report,
        timeout=_INSTALL_SECONDS,
    )
    return code == 0 and os.access(root / "bin" / "pulumi", os.X_OK)


def _main(arguments: list[str]) -> None:
    if arguments[0] == "probe":
        with urllib.request.urlopen(_SITE, timeout=PROBE_SECONDS):
            return
    import semver
    from pulumi import automation

    automation.PulumiCommand.install(root=arguments[1], version=semver.VersionInfo.parse(arguments[2]))


if __name__ == "__main__":
    _main(sys.argv[1:])
