"""`govcloud schema`: JSON Schema of the inventory's files and of policies."""

from __future__ import annotations

from pathlib import Path

import click

DOCUMENTS = ("platform", "tenant", "people", "freeze", "policy", "library", "waiver", "approvers")


@click.command(short_help="Print the JSON Schema of the inventory's files.")
@click.argument("document", type=click.Choice(DOCUMENTS), required=False)
@click.option(
    "--write",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write all schemas into this folder, for editors.",
)
@click.pass_context
def schema(context: click.Context, document: str | None, folder: Path | None) -> None:
    """Print the JSON Schema of one kind of the inventory's or policies' files, or write all of them for editors.

    \b
    Examples:
      govcloud schema tenant
      govcloud schema waiver
      govcloud schema --write inventories/schema
    """
    from govcloud_cli.commands import output
    from govcloud_cli.inventory import schemas

    if folder is None and document is None:
        raise click.UsageError(f"Name one of {', '.join(DOCUMENTS)}, or a folder with --write.", ctx=context)
    if folder is None:
        click.echo(schemas.text(str(document)), nl=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in DOCUMENTS if document is None else (document,):
        path = folder / schemas.file_name(name)
        path.write_text(schemas.text(name), encoding="utf-8")
        output.console().print(f"wrote {path}", soft_wrap=True)
