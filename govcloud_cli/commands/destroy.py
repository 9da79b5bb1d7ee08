"""`govcloud destroy`: remove an environment and everything it made."""

from __future__ import annotations

import os
import sys

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs


@click.command(short_help="Remove an environment and everything it made.")
@options.environment
@options.side
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@options.as_json
def destroy(environment: str, side: str | None, yes: bool, as_json: bool) -> None:
    """Remove machines, segments, databases, keys and state of a lab. Nothing of it is left.

    \b
    Examples:
      govcloud destroy
      govcloud destroy --yes
      govcloud destroy --side internal    also a side that the inventory no longer has
    """
    import contextlib
    import pathlib
    import shutil
    import tempfile

    from govcloud_cli.run import destroy as run_destroy

    site = runs.site(environment, side, abandoned=True)
    if not yes:
        _ask(site.spec.environment)
    logs = pathlib.Path(tempfile.mkdtemp(prefix="govcloud-destroy-"))
    try:
        with runs.journal(quiet=as_json) as journal:
            existed = run_destroy.destroy(site, journal=journal, clock=runs.now, environ=os.environ, logs=logs)
            steps = runs.steps_document(journal)
    except BaseException:
        # Logs say why it failed; a folder without any says nothing.
        with contextlib.suppress(OSError):
            logs.rmdir()
        raise
    shutil.rmtree(logs)
    if as_json:
        output.print_json({"ok": True, "changed": existed, "steps": steps})
    elif existed:
        output.console().print(f"Environment '{site.spec.environment}' is gone.")
    else:
        output.console().print(f"No changes. Environment '{site.spec.environment}' is not deployed.")


def _ask(name: str) -> None:
    if not sys.stdin.isatty():
        raise errors.UsageError("destroy asks first, and nobody is here to answer", remedy="add --yes")
    typed = click.prompt(f"This removes every machine and database of '{name}'. Type its name to go on", err=True)
    if typed != name:
        raise errors.UsageError(f"'{typed}' is not '{name}': nothing was removed")
