"""`govcloud people import`: people of a CSV file into people.yaml."""

from __future__ import annotations

import difflib
import pathlib
from typing import TYPE_CHECKING

import click

from govcloud_cli import counting, errors
from govcloud_cli.commands import options, output, steering

if TYPE_CHECKING:
    from govcloud_cli.inventory import people_csv

_FILE = "people.yaml"


@click.command(name="import", short_help="Take people over from a CSV file into people.yaml.")
@click.argument("file", metavar="FILE.csv", type=click.Path(path_type=pathlib.Path))
@options.environment
@click.option("--write", is_flag=True, help="Write people.yaml; without it only the difference is printed.")
@options.as_json
def import_(*, file: pathlib.Path, environment: str, write: bool, as_json: bool) -> None:
    """Read id, displayName, organisation, groups (separated by ;), duty and leavesOn from a CSV file (批量导入).

    UTF-8 or GB18030, as Excel writes it. Who is not in the file stays as he is; comments, keys and approvals stay too.
    An empty cell takes the value away, a missing column leaves it.

    \b
    Examples:
      govcloud people import staff.csv
      govcloud people import staff.csv --write
    """
    from govcloud_cli.run import people_file

    folder = options.find_inventory(environment)
    table = _read(file)
    before, after = people_file.merged(folder, table)
    difference = list(
        difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{_FILE}", f"b/{_FILE}", lineterm="")
    )
    if write and after != before:
        people_file.write(folder, after, instead_of=before)
    if as_json:
        output.print_json(
            {
                "ok": True,
                "file": str(folder / _FILE),
                "encoding": table.encoding,
                "people": len(table.rows),
                "changed": after != before,
                "written": write and after != before,
                "difference": difference,
            }
        )
        return
    console = output.console()
    for line in difference:
        console.print(steering.plain(line), soft_wrap=True)
    told = f"{counting.counted(len(table.rows), 'person', 'people')} read as {table.encoding}"
    if after == before:
        console.print(f"{told}; people.yaml says the same already 无变化")
    elif write:
        console.print(
            f"{told}; wrote {folder / _FILE}\nNext: commit it, then govcloud people sync --plan.", soft_wrap=True
        )
    else:
        console.print(
            f"{told}; nothing was written. Look at the names 请核对, then run again with --write.", soft_wrap=True
        )


def _read(file: pathlib.Path) -> people_csv.Table:
    from govcloud_cli.inventory import people_csv, sources

    try:
        with file.open("rb") as opened:
            raw = opened.read(sources.MAX_BYTES + 1)
    except OSError as error:
        raise errors.UsageError("the file cannot be read", where=str(file), cause=error.strerror) from None
    table = people_csv.read(raw, file=str(file))
    if table.faults:
        raise errors.InventoryError(table.faults)
    return table
