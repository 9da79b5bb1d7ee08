"""Running things on machines over SSH, side by side."""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.run import process, reach, ssh, workspace

_REMOTE = pathlib.Path(__file__).parent / "remote"
_START = "\nimport json, sys\nprint(json.dumps(main(json.loads({argument!r}))))\n"


def run_script(
    script: str,
    arguments: Mapping[str, Any],
    *,
    folder: workspace.SideFolder,
    way: reach.Reach,
    timeout: float = 60.0,
) -> dict[str, Any]:
    """Run `remote/<script>.py` on each host of `arguments` with its argument; return its answer per host.

    A host that cannot be asked answers with the `errors.GovcloudError` itself, so that one dead machine hides no other.
    """
    source = (_REMOTE / f"{script}.py").read_text(encoding="utf-8")

    def ask(host: str) -> Any:
        text = source + _START.format(argument=json.dumps(arguments[host]))
        # A snapshot of /etc by anybody but root would be a guess.
        argv = way.command(ssh.as_root(folder, host, ("python3", "-")))
        try:
            return json.loads(process.run(argv, stdin=text, timeout=timeout).stdout)
        except errors.ProcessError as error:
            return errors.GovcloudError(f"machine {host} does not answer", where=host, cause=error.cause)

    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        return dict(zip(arguments, pool.map(ask, arguments), strict=True))


def execute(
    host: str, command: Sequence[str], *, folder: workspace.SideFolder, way: reach.Reach, terminal: bool
) -> int:
    """Run `command` on `host` with our own standard streams; return its exit code (255 when SSH itself failed)."""
    return process.attached(way.command(ssh.command(folder, host, command, terminal=terminal)))
