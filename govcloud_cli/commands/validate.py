"""`govcloud validate`: is the inventory right, as a whole?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from govcloud_cli.commands import options

if TYPE_CHECKING:
    from govcloud_cli.model import inventory


@click.command(short_help="Check an environment's inventory; changes nothing.")
@options.environment
@options.as_json
@click.pass_context
def validate(context: click.Context, environment: str, as_json: bool) -> None:
    """Check an environment's inventory and name every fault at once. Changes nothing.

    \b
    Examples:
      govcloud validate
      govcloud validate --env example
      govcloud validate --env ./inventories/production --json

    Exit code: 0 if all is right, 2 if not.
    """
    from govcloud_cli import errors
    from govcloud_cli.commands import output
    from govcloud_cli.inventory import loading

    try:
        checked = loading.load(options.find_inventory(environment))
    except errors.GovcloudError as error:
        output.print_error(error, as_json=as_json)
        context.exit(int(error.exit_code))
    if as_json:
        output.print_json({"ok": True, "faults": []})
    else:
        output.console().print(_summary(checked, environment), soft_wrap=True)


def _summary(checked: inventory.Inventory, environment: str) -> str:
    """`environment` as it was given, so that the next command can be copied."""
    spec = checked.platform.spec
    environments = sum(len(tenant.spec.environments) for tenant in checked.tenants)
    databases = sum(len(one.databases) for tenant in checked.tenants for one in tenant.spec.environments)
    counts = (
        (len(spec.zones), "zone"),
        (len(spec.machines), "machine"),
        (len(spec.flows), "flow"),
        (len(checked.tenants), "tenant"),
        (environments, "namespace"),
        (databases, "database"),
    )
    told = ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in counts)
    return f"Environment '{checked.environment}' is valid: {told}.\nNext: govcloud plan --env {environment}"
