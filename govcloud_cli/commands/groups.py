"""A verb of several words (`tenant validate`): its second word is looked up in a table, and imported when it runs."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click

from govcloud_cli import errors


class Words(click.Group):
    """Second words of a verb: word -> (module below `govcloud_cli.commands`, short help).

    The command is the module's attribute named like the word, `-` as `_`, or that with a trailing `_` where the plain
    name is Python's own (`list_`).
    """

    def __init__(self, *, table: Mapping[str, tuple[str, str]], **rest: Any) -> None:
        super().__init__(**rest)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every word, in the order of the table."""
        return [*self.table]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of that word; None for an unknown one."""
        if cmd_name not in self.table:
            return None
        module = importlib.import_module(f"govcloud_cli.commands.{self.table[cmd_name][0]}")
        name = cmd_name.replace("-", "_")
        command = getattr(module, name, None) or getattr(module, f"{name}_", None)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__} has no command {name}")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with. Raises `errors.UsageError`, naming the nearest, for an unknown one."""
        word = args[0]
        if ctx.resilient_parsing or word.startswith("-") or word in self.table:
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(word, self.table, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else f"`govcloud {self.name} --help` lists what there is"
        raise errors.UsageError(f"there is no '{word}' of `govcloud {self.name}`", remedy=remedy)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the words, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(word, told) for word, (_, told) in self.table.items()])
