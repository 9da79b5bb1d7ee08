"""`govcloud tenant render`: the exact objects that a tenant gets."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import choosing

if TYPE_CHECKING:
    from govcloud_cli.run import renderings


@click.command(short_help="Print the exact objects that a tenant gets.")
@choosing.argument
@options.environment
@options.as_json
def render(tenant: str, environment: str, as_json: bool) -> None:
    """Print a tenant's Kubernetes objects and databases as deploy applies them; asks no machine.

    Secrets show as the names of their values, e.g. ${database-password/finance_prod_main_rw}.

    \b
    Examples:
      govcloud tenant render finance
      govcloud tenant render finance | kubectl diff -f -    without its Secrets
    """
    from govcloud_cli.run import renderings

    _, spec = choosing.load(environment)
    choosing.find(spec, tenant)
    found = renderings.of(spec, tenant, today=runs.now().date())
    if as_json:
        output.print_json({"tenant": tenant, **document(found)})
    else:
        click.echo(renderings.text(found), nl=False)


def document(found: renderings.Rendering) -> dict[str, Any]:
    """A tenant's objects as plain JSON."""
    databases = [dataclasses.asdict(database) for database in found.databases]
    plain: dict[str, Any] = json.loads(json.dumps({"objects": found.manifests, "databases": databases}, default=str))
    return plain
