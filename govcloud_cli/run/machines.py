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
_PACKAGE = "govcloud_cli.run.remote"
# There is no GovCloud on a machine: its modules come as text, and find each other by their names here.
_START = f"""
import json, sys, types
package = sys.modules["{_PACKAGE}"] = types.ModuleType("{_PACKAGE}")
for name, text in {{modules!r}}:
    module = sys.modules["{_PACKAGE}." + name] = types.ModuleType("{_PACKAGE}." + name)
    exec(compile(text, name + ".py", "exec"), module.__dict__)
    setattr(package, name, module)
print(json.dumps(module.main(json.loads({{argument!r}}))))
"""


def run_script(
    script: str,
    arguments: Mapping[str, Any],
    *,
    folder: workspace.SideFolder,
    way: reach.Reach,
    timeout: float = 60.0,
    needs: Sequence[str] = (),
) -> dict[str, Any]:
    """Run `remote/<script>.py` on each host of `arguments` with its argument; return its answer per host.

    `needs`: other modules of that folder that it imports, none before those that it imports itself.
    A host that cannot be asked answers with the `errors.GovcloudError` itself, so that one dead machine hides no other.
    """
    modules = [(name, (_REMOTE / f"{name}.py").read_text(encoding="utf-8")) for name in (*needs, script)]

    def ask(host: str) -> Any:
        text = _START.format(modules=modules, argument=json.dumps(arguments[host]))
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
