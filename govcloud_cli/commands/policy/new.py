"""`govcloud policy new`: a policy of one's own, with samples that pass at once."""

from __future__ import annotations

import pathlib

import click

from govcloud_cli import errors
from govcloud_cli.commands import options
from govcloud_cli.commands.policy import drafting

FOLDER = pathlib.Path("policies")
"""Relative: one's own policies lie in the current folder, beside `inventories/`."""


@click.command(short_help="Write a policy with samples that pass at once.")
@click.argument("rule", metavar="ID")
@click.option(
    "--area",
    type=click.Choice(drafting.AREAS),
    required=True,
    help="What it is about; also the folder that it lies in.",
)
@options.as_json
def new(rule: str, area: str, as_json: bool) -> None:
    """Write policies/AREA/ID/ (新建策略): policy.yaml, a sample that it allows, one that it denies.

    It works as it is: change it, and run `govcloud policy test ID` after every change. Overwrites nothing.

    \b
    Examples:
      govcloud policy new pod-no-stdin --area pods
      govcloud policy test pod-no-stdin
    """
    from govcloud_cli.commands import output
    from govcloud_cli.run import scaffolding

    _refuse(rule)
    files = {FOLDER / name: text for name, text in drafting.files(rule, area=area).items()}
    for path, text in files.items():
        scaffolding.create(path, text)
    if as_json:
        output.print_json({"ok": True, "rule": rule, "files": [str(path) for path in files]})
        return
    told = "".join(f"+ {path}\n" for path in files)
    output.console().print(f"{told}Next: govcloud policy test {rule}", soft_wrap=True)


def _refuse(rule: str) -> None:
    import pydantic

    from govcloud_cli import resources
    from govcloud_cli.model import policies

    try:
        pydantic.TypeAdapter(policies.PolicyId).validate_python(rule)
    except pydantic.ValidationError as error:
        raise errors.UsageError(
            f"'{rule}' cannot be the id of a policy",
            remedy="use 4 to 50 lower-case letters and digits, in words joined by -, e.g. pod-no-stdin",
        ) from error
    for place in (FOLDER, resources.folder("policies")):
        there = [path for path in sorted(place.glob(f"*/{rule}")) if path.exists() or path.is_symlink()]
        if there:
            raise errors.UsageError(
                f"there is a policy '{rule}' already",
                where=str(there[0]),
                remedy="edit that one, or choose another id; nothing is overwritten",
            )
