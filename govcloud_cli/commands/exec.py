"""`govcloud exec`: run a command on a machine."""

from __future__ import annotations

import difflib
import sys

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, runs


@click.command(
    name="exec",
    short_help="Run a command on a machine.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@options.environment
@click.argument("machine")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def exec_(environment: str, machine: str, command: tuple[str, ...]) -> int:
    """Run COMMAND on MACHINE, or open a shell there; its exit code becomes ours.

    \b
    Examples:
      govcloud exec external-db -- systemctl status pgbouncer
      govcloud exec border -- nft list ruleset
      govcloud exec external-client
    """
    from govcloud_cli.run import machines, reach, sites

    site = runs.site(environment)
    plan = sites.plan(site, today=runs.now().date(), guards=())
    names = [host.name for side in plan.sides for host in side.hosts]
    if machine not in names:
        near = difflib.get_close_matches(machine, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose from: {', '.join(names)}"
        raise errors.UsageError(f"there is no machine {machine}", remedy=hint)
    side = next(side for side in plan.sides if any(host.name == machine for host in side.hosts))
    way, folder = reach.of(side), site.space.side(side.side)
    if not way.exists or not (folder.ssh / "config").exists():
        raise errors.GovcloudError(
            f"machine {machine} is not running", remedy=f"run `govcloud deploy{options.flag(environment)}`"
        )
    words = command[1:] if command[:1] == ("--",) else command
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return machines.execute(machine, words, folder=folder, way=way, terminal=terminal)
