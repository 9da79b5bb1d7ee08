"""`govcloud people`: who has an account, and who no longer does."""

from __future__ import annotations

import click

from govcloud_cli.commands import groups

# Word -> (module, what `--help` says of it).
WORDS: dict[str, tuple[str, str]] = {
    "list": ("people.listing", "List people: of the file, of the service, and where they differ."),
    "show": ("people.showing", "Show everything about one person's account."),
    "sync": ("people.syncing", "Bring accounts to what people.yaml says: join, move, leave."),
    "import": ("people.importing", "Take people over from a CSV file into people.yaml."),
    "enrol": ("people.enrolling", "Set a person's password and one-time code, with the person present."),
    "break-glass": ("people.emergencies", "Open or seal the account for emergencies."),
}


@click.group(cls=groups.Words, table=WORDS, short_help="Accounts: who joins, moves, leaves.")
def people() -> None:
    """Everything about people's accounts (人员): people.yaml says who, the identity service knows with what.

    \b
    Examples:
      govcloud people list
      govcloud people import staff.csv --write
      govcloud people sync --plan
      govcloud people enrol li.wei
    """
