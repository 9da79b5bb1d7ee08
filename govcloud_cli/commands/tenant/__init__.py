"""`govcloud tenant`: what departments ask for, from a first file to the last backup."""

from __future__ import annotations

import click

from govcloud_cli.commands import groups

# Word -> (module, what `--help` says of it). A module is never named like a builtin that this package uses.
WORDS: dict[str, tuple[str, str]] = {
    "new": ("tenant.new", "Write a valid, commented request file."),
    "validate": ("tenant.validate", "Say what a request costs, what is left, and who decides; changes nothing."),
    "render": ("tenant.render", "Print the exact objects that a tenant gets."),
    "diff": ("tenant.diff", "Print what deploy would change for a tenant."),
    "list": ("tenant.listing", "List tenants with their cost and state."),
    "show": ("tenant.show", "Show everything about one tenant."),
    "freeze": ("tenant.freezing", "Stop a tenant and keep its data."),
    "thaw": ("tenant.freezing", "End a freeze."),
    "decommission": ("tenant.decommission", "Remove a tenant after a second person's decision and a backup."),
}


@click.group(cls=groups.Words, table=WORDS, short_help="Ask for a tenant, change it, look at it, end it.")
def tenant() -> None:
    """Everything about tenants (租户): one YAML file per department says what it needs.

    \b
    Examples:
      govcloud tenant new
      govcloud tenant validate finance
      govcloud tenant validate --changed-since origin/main
      govcloud tenant list
    """
