"""`govcloud tenant freeze` and `thaw`: stop a tenant and keep its data; let it go on."""

from __future__ import annotations

import os

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import choosing, mending


@click.command(short_help="Stop a tenant and keep its data.")
@choosing.argument
@options.environment
@click.option(
    "--environment",
    "environments",
    metavar="NAME",
    multiple=True,
    help="Only this one of its environments; may be repeated. Left out: all.",
)
@click.option("--reason", required=True, help="Why; everybody who looks at the tenant reads it.")
@options.as_json
def freeze(tenant: str, environment: str, environments: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Write a freeze (冻结): from the next deploy on no new pods, network closed, no log-in to databases.

    All data is kept, and pods that run go on without network.

    \b
    Examples:
      govcloud tenant freeze finance --reason "security incident 2026-17"
      govcloud tenant freeze finance --environment dev --environment test --reason "not paid for"
    """
    from govcloud_cli.run import freezes, identity

    folder, spec = choosing.load(environment)
    found = choosing.find(spec, tenant)
    theirs = [one.name.value for one in found.spec.environments]
    for name in environments:
        if name not in theirs:
            raise errors.UsageError(
                f"tenant {tenant} has no environment '{name}'",
                remedy=choosing.nearest(name, theirs) or f"choose from: {', '.join(theirs)}",
            )
    person, _ = identity.name(spec.people, os.environ)
    today = runs.now().date()
    try:
        path = freezes.freeze(folder, found, environments=environments, reason=reason, by=person, today=today)
    except errors.InventoryError as error:
        raise mending.told(error, str(folder / "freezes" / f"{tenant}.yaml")) from None
    if as_json:
        output.print_json(
            {"ok": True, "tenant": tenant, "environments": list(environments) or theirs, "file": str(path)}
        )
        return
    output.console().print(
        f"wrote {path}\nNext: commit it, then govcloud deploy --env {environment}: the freeze acts from then on.",
        soft_wrap=True,
    )


@click.command(short_help="End a freeze.")
@choosing.argument
@options.environment
@options.as_json
def thaw(tenant: str, environment: str, as_json: bool) -> None:
    """Remove a freeze (解冻): the next deploy brings everything back as it was.

    A tenant past its last day is not thawed: extend its expiresOn.

    \b
    Examples:
      govcloud tenant thaw finance
    """
    from govcloud_cli.run import freezes

    folder, spec = choosing.load(environment)
    path, over = freezes.thaw(folder, choosing.find(spec, tenant), today=runs.now().date())
    if as_json:
        output.print_json({"ok": True, "tenant": tenant, "file": str(path), "stillFrozen": list(over)})
        return
    console = output.console()
    console.print(f"removed {path}\nNext: commit that, then govcloud deploy --env {environment}.", soft_wrap=True)
    if over:
        console.print(f"Still frozen, past the last day: {', '.join(over)}. Extend expiresOn there.", soft_wrap=True)
