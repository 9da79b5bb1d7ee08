"""The command line: which verbs there are, and how a failure becomes an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

import click

from govcloud_cli import __version__, errors

# Verb -> (group in `--help`, module). A module is imported when its verb runs: `--help` and completion stay fast.
# Its command is the attribute named like the verb, `-` as `_`; two verbs carry a trailing `_` as Python keywords do.
VERBS: dict[str, tuple[str, str]] = {
    "init": ("Start", "init"),
    "doctor": ("Start", "doctor"),
    "schema": ("Start", "schema"),
    "tenant": ("Change", "tenant"),
    "people": ("Change", "people"),
    "request": ("Change", "request"),
    "validate": ("Change", "validate"),
    "policy": ("Change", "policy"),
    "vpn": ("Change", "vpn"),
    "plan": ("Change", "plan"),
    "deploy": ("Change", "deploy"),
    "destroy": ("Change", "destroy"),
    "status": ("Look", "status"),
    "verify": ("Look", "verify"),
    "drift": ("Look", "drift"),
    "audit": ("Look", "audit"),
    "login": ("Use", "login"),
    "logout": ("Use", "logout"),
    "exec": ("Use", "exec"),
    "kubeconfig": ("Use", "kubeconfig"),
}

_ALIASES = {"up": "deploy", "apply": "deploy"}

_SHORT_HELP = {
    "init": "Write a commented starter inventory.",
    "doctor": "Tell what is there, what is missing and what would be done.",
    "schema": "Print the JSON Schema of the inventory's files.",
    "tenant": "Ask for a tenant, change it, look at it, end it.",
    "people": "Accounts: who joins, moves, leaves.",
    "request": "Ask for approval, decide, and see what was decided.",
    "validate": "Check an environment's inventory; changes nothing.",
    "policy": "Judge plans and manifests by the compliance policies.",
    "vpn": "Say who comes in from outside, and with which token.",
    "plan": "Print what deploy would do; changes nothing.",
    "deploy": "Bring the platform to what the inventory says, and verify it.",
    "destroy": "Remove an environment and everything it made.",
    "status": "Show zones, machines, services and tenants.",
    "verify": "Probe from outside that what is allowed works, and nothing else.",
    "audit": "Show who did what, and prove that nothing of it was changed.",
    "drift": "Tell what is no longer as it was deployed; repair it.",
    "login": "Log in to the cluster as yourself; prints a kubeconfig's path.",
    "logout": "End your session, here and at the identity service.",
    "exec": "Run a command on a machine.",
    "kubeconfig": "Print the path of a kubeconfig that works from this host.",
}

_AGAIN = "run the same command again"

_EPILOG = """\b
Examples:
  govcloud deploy                    everything, from a fresh machine to a verified platform
  govcloud plan                      what deploy would do
  govcloud validate --env example    check another environment
  govcloud exec external-client -- ip address
\b
Exit codes: 0 done, 1 failed, 2 bad usage or input, 3 policy denied, 4 drift found,
5 locked, 6 partly done, 7 changes found, 130 interrupted, 255 a bug of ours."""


class _UnreadError(Exception):
    """Who read our output went away."""


class Verbs(click.Group):
    """Finds a verb's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every verb, in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The verb of that name or alias; None for an unknown one."""
        name = _ALIASES.get(cmd_name, cmd_name)
        if name not in VERBS:
            return None
        module = importlib.import_module(f"govcloud_cli.commands.{VERBS[name][1]}")
        command = getattr(module, name, None) or getattr(module, f"{name}_")
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__} has no command {name}")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that `args` begin with. Raises `errors.UsageError`, naming the nearest, for an unknown one."""
        name = args[0]
        # Completion looks for verbs that are not yet written to their end; options are click's.
        if ctx.resilient_parsing or name.startswith("-") or name in VERBS or name in _ALIASES:
            return super().resolve_command(ctx, args)
        raise errors.UsageError(f"there is no verb '{name}'", remedy=_nearest(name))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb. Raises `_UnreadError` before click or rich make an exit code of their own of a closed pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _UnreadError from error
        except SystemExit as error:
            if isinstance(error.__context__, BrokenPipeError):
                raise _UnreadError from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the verbs by what they are for, without importing any."""
        for group in dict.fromkeys(group for group, _ in VERBS.values()):
            rows = [(verb, _SHORT_HELP[verb]) for verb, (own, _) in VERBS.items() if own == group]
            with formatter.section(group):
                formatter.write_dl(rows)


def _nearest(verb: str) -> str:
    import difflib

    near = difflib.get_close_matches(verb, [*VERBS, *_ALIASES], n=1)
    return f"did you mean '{near[0]}'?" if near else "`govcloud --help` lists the verbs"


@click.group(
    cls=Verbs,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "GOVCLOUD",
        "max_content_width": 100,
    },
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="govcloud")
def cli() -> None:
    """One shared government cloud, described in YAML, provisioned by Pulumi and Ansible."""


def main() -> NoReturn:
    """Run the command line and exit with one of `errors.ExitCode`."""
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_run())


def _run() -> int:
    try:
        result = cli.main(standalone_mode=False, prog_name="govcloud")
        # Here, so that a reader who went away is met by the branch below and not by the interpreter's own end.
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt) as stop:
        # click makes an Abort of Ctrl-C anywhere; one without a cause is Ctrl-C, or a no, at a question of ours.
        # Questions are asked before anything is done.
        if isinstance(stop, click.exceptions.Abort) and stop.__cause__ is None:
            click.echo(err=True)
            return _show(errors.RunInterrupted("stopped at the question (已取消): nothing was changed", remedy=_AGAIN))
        return _show(errors.RunInterrupted("interrupted", remedy="run the same command again: it goes on where it was"))
    except click.ClickException as error:
        if _wants_json():
            return _show(errors.UsageError(error.format_message()))
        return _misused(error)
    except errors.GovcloudError as error:
        return _show(error)
    except (BrokenPipeError, _UnreadError):
        return _unread()
    except OSError as error:
        return _full() if error.errno == errno.ENOSPC else _bug(error)
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours gets its own exit code and a place to look
        return _bug(error)
    return result if isinstance(result, int) else errors.ExitCode.DONE


def _unread() -> int:
    """Who reads no further (`| head`) has what they want."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return errors.ExitCode.DONE


def _full() -> int:
    """Where the disk is full that standard output is on, nothing more is written there, the error neither."""
    from govcloud_cli.commands import output

    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    output.print_error(
        errors.GovcloudError("no space is left to write to (磁盘已满)", remedy=f"free some, then {_AGAIN}")
    )
    return errors.ExitCode.FAILED


def _wants_json() -> bool:
    """Whether the command line asks for JSON; it may be too wrong to be parsed, so its words are looked at."""
    words = sys.argv[1:]
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def _misused(error: click.ClickException) -> int:
    from govcloud_cli.commands import output

    with output.whoever_reads(sys.stderr):
        error.show()
    return errors.ExitCode.BAD_INPUT


def _show(error: errors.GovcloudError) -> int:
    """Tell it; where nobody reads that any more (`2>&1 | true`), the exit code still does."""
    from govcloud_cli.commands import output

    as_json = _wants_json()
    try:
        with output.whoever_reads(sys.stdout if as_json else sys.stderr):
            output.print_error(error, as_json=as_json)
    except OSError as failure:
        if failure.errno != errno.ENOSPC:
            raise
        return _full()
    return error.exit_code


def _bug(error: Exception) -> int:
    if os.environ.get("GOVCLOUD_DEBUG"):
        raise error
    return _show(
        errors.Bug(
            f"this is a bug of ours: {type(error).__name__}: {error}",
            remedy="run again with GOVCLOUD_DEBUG=1 and report what it prints",
        )
    )


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
