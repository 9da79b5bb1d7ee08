"""`govcloud tenant new`: a valid, commented request file."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import asking, choosing, drafting

if TYPE_CHECKING:
    from govcloud_cli.model import inventory

_PROPOSED_DAYS = 180
"""Until the last day that is proposed outside prod: the most that is decided by rule."""
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
      govcloud tenant new sports-bureau --organisation yunxi --zone external --environment test=xs \\
        --display-name 体育局 --data-class general --mlps 2 --owner li.na --technical-lead wang.wei \\
        --mailbox it@sports.yunxi.example --phone 0990-5550123 --expires-on 2027-03-31 --owner-group sports:owners
    """
    from govcloud_cli.run import scaffolding

    folder, spec = choosing.load(environment)
    answers = asking.complete(
        {"id": tenant, **given}, spec, interactive=sys.stdin.isatty() and not as_json, proposed=_proposed()
    )
    draft = _draft(answers)
    path = folder / "tenants" / f"{draft.id}.yaml"
    if path.exists() or path.is_symlink():
        raise errors.UsageError(f"{path} is there already", remedy="edit that file; nothing is overwritten")
    text = drafting.text(draft)
    checked = scaffolding.check(folder, f"tenants/{path.name}", text)
    scaffolding.create(path, text)
    if as_json:
        output.print_json({"ok": True, "tenant": draft.id, "file": str(path), "cost": _cost(checked, draft.id)})
        return
    cost = ", ".join(f"{name} {amount}" for name, amount in _cost(checked, draft.id).items())
    output.console().print(
        f"+ {path}\nCost 用量: {cost}\nNext: govcloud tenant validate {draft.id} --env {environment},"
        " then a pull request with the file.",
        soft_wrap=True,
    )


def _proposed() -> str:
    return f"{runs.now().date() + datetime.timedelta(days=_PROPOSED_DAYS):%Y-%m-%d}"


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


def _cost(checked: inventory.Inventory, identifier: str) -> dict[str, int]:
    import dataclasses

    from govcloud_cli.governance import demand

    return {
        choosing.camel(name): amount
        for name, amount in dataclasses.asdict(demand.of(choosing.find(checked, identifier))).items()
    }
