"""`govcloud policy test`: does every policy find what it should, and nothing else?"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import click

from govcloud_cli import counting, errors
from govcloud_cli.commands import options, output
from govcloud_cli.commands.policy import choosing

if TYPE_CHECKING:
    from govcloud_cli.inventory import rulebook
    from govcloud_cli.run.policing import books


@click.command(short_help="Hold every policy to its samples.")
@click.argument("names", metavar="[PATH|ID]...", nargs=-1, shell_complete=choosing.complete_rule)
@options.as_json
@click.pass_context
def test(context: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Judge the samples (样例) of every policy: something must be found in each that is denied/, nothing in allowed/.

    With IDs, or PATHs of policies' folders, only those; else GovCloud's own and those of policies/.

    \b
    Examples:
      govcloud policy test
      govcloud policy test pod-privileged
      govcloud policy test policies/pods

    Exit code: 0 if all agree, 1 if a sample does not, 2 if a policy cannot be read or does not compile.
    """
    from govcloud_cli.run.policing import books, trials

    book = books.of(None)
    chosen = _chosen(book, names)
    problems = trials.problems(book, chosen)
    samples = sum(len(entry.allowed) + len(entry.denied) for entry in chosen)
    if as_json:
        output.print_json({"ok": not problems, "policies": len(chosen), "samples": samples, "problems": list(problems)})
    else:
        console = output.console()
        for problem in problems:
            console.print(f"wrong (不符): {problem}", soft_wrap=True)
        told = f"{len(problems)} wrong" if problems else "all as they should be"
        held = f"{counting.counted(len(chosen), 'policy', 'policies')}, {counting.counted(samples, 'sample')}"
        console.print(f"{held}: {told}")
    if problems:
        context.exit(int(errors.ExitCode.FAILED))


def _chosen(book: books.Book, names: tuple[str, ...]) -> list[rulebook.Entry]:
    entries = book.rulebook.entries
    if not names:
        return list(entries)
    found: dict[str, rulebook.Entry] = {}
    for name in names:
        path = pathlib.Path(name)
        below = [one for one in entries if path.exists() and _is_in(one.folder, path)]
        if path.exists() and ("/" in name or below) and not below:
            raise errors.UsageError(
                f"there is no policy in {name}",
                cause=f"policies that count lie in {' and '.join(map(str, book.folders))}",
                remedy="change to the folder that holds policies/",
            )
        for one in below or [book.entry(name)]:
            found[one.policy.metadata.id] = one
    return list(found.values())


def _is_in(folder: pathlib.Path, path: pathlib.Path) -> bool:
    return folder.resolve().is_relative_to(path.resolve() if path.is_dir() else path.resolve().parent)
