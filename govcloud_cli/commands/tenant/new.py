"""`govcloud tenant new`: a valid, commented request file."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import asking, choosing, drafting, mending

if TYPE_CHECKING:
    from govcloud_cli.model import inventory

ROLES = ("owner", "maintainer", "viewer")


def _flags(function: Callable[..., Any]) -> Callable[..., Any]:
    """The flag of every field: what is not given is asked for."""
    for question in reversed(asking.QUESTIONS):
        function = click.option(f"--{question.flag}", question.name, metavar=question.metavar, help=question.text)(
            function
        )
    for role in reversed(ROLES):
        function = click.option(
            f"--{role}-group", f"{role}_groups", metavar="GROUP", multiple=True, help=f"An identity group as {role}."
        )(function)
    return function


@click.command(short_help="Write a valid, commented request file.")
@click.argument("tenant", metavar="[ID]", required=False)
@options.environment
@_flags
@click.option(
    "--environment",
    "environments",
    metavar="NAME[=TIER]",
    multiple=True,
    help="dev, test, staging or prod, and its quota, e.g. prod=m; may be repeated.",
)
@click.option("--database", "databases", metavar="NAME/ID", multiple=True, help="A database, e.g. prod/ledger.")
@options.as_json
def new(tenant: str | None, environment: str, as_json: bool, **given: Any) -> None:
    """Write inventories/<env>/tenants/ID.yaml (新建租户): asks for what no flag says, overwrites nothing.

    The whole inventory is checked with the new file before it is written.

    \b
    Examples:
      govcloud tenant new
      govcloud tenant new sports-bureau --organisation yunxi-tourism --zone external --environment test=xs \\
        --display-name 体育局 --data-class general --mlps 2 --owner li.na --technical-lead wang.wei \\
        --mailbox it@sports.yunxi.example --phone 0990-5550123 --expires-on 2027-03-31 --owner-group sports:owners
    """
    from govcloud_cli.commands.tenant import reports
    from govcloud_cli.governance import demand
    from govcloud_cli.run import scaffolding

    folder, spec = choosing.load(environment)
    draft, checked = _answered({"id": tenant, **given}, folder, spec, interactive=sys.stdin.isatty() and not as_json)
    path = _path(folder, draft)
    scaffolding.create(path, drafting.text(draft))
    cost = demand.of(choosing.find(checked, draft.id))
    if as_json:
        output.print_json({"ok": True, "tenant": draft.id, "file": str(path), "cost": reports.amounts(cost)})
        return
    output.console().print(
        f"+ {path}\nCost 用量: {reports.cost(cost)}\nNext: govcloud tenant validate {draft.id} --env {environment},"
        " then a pull request with the file.",
        soft_wrap=True,
    )


def _answered(
    given: dict[str, Any], folder: pathlib.Path, spec: inventory.Inventory, *, interactive: bool
) -> tuple[drafting.Draft, inventory.Inventory]:
    """The draft, and the inventory with it; on a terminal what the inventory refuses is asked again, and only that."""
    from govcloud_cli.run import scaffolding

    while True:
        given = asking.complete(given, spec, interactive=interactive, today=runs.now().date())
        draft = _draft(given)
        path = _path(folder, draft)
        if path.exists() or path.is_symlink():
            raise errors.UsageError(f"{path} is there already", remedy="edit that file; nothing is overwritten")
        try:
            return draft, scaffolding.check(folder, f"tenants/{path.name}", drafting.text(draft))
        except errors.InventoryError as error:
            told, wrong = mending.told(error, str(path)), mending.again(error.faults, str(path))
            if not (interactive and wrong):
                raise told from None
            output.print_error(told)
            given |= dict.fromkeys(wrong)
            for several in wrong & {"environments", "owner_groups"}:
                given[several] = ()


def _path(folder: pathlib.Path, draft: drafting.Draft) -> pathlib.Path:
    return folder / "tenants" / f"{draft.id}.yaml"


def _draft(answers: dict[str, Any]) -> drafting.Draft:
    databases = [_pair(one, "/", "--database") for one in answers["databases"]]
    environments = []
    for one in answers["environments"]:
        name, _, tier = one.partition("=")
        own = tuple(identifier for place, identifier in databases if place == name)
        environments.append(drafting.Environment(name=name, quota=tier or "s", databases=own))
    strangers = {place for place, _ in databases} - {one.name for one in environments}
    if strangers:
        raise errors.UsageError(
            f"--database names environments that are not asked for: {', '.join(sorted(strangers))}",
            remedy="name them with --environment too",
        )
    fields = {question.name: answers[question.name] for question in asking.QUESTIONS if question.name != "mlps"}
    return drafting.Draft(
        id=answers["id"],
        **fields,
        mlps=asking.level(answers["mlps"]),
        environments=tuple(environments),
        members=tuple((group, role) for role in ROLES for group in answers[f"{role}_groups"]),
    )


def _pair(text: str, between: str, flag: str) -> tuple[str, str]:
    first, found, second = text.partition(between)
    if not (first and found and second):
        raise errors.UsageError(
            f"{flag} {text}: not in the form NAME{between}ID", remedy=f"e.g. {flag} prod{between}main"
        )
    return first, second
