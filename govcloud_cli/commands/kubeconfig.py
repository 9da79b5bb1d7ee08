"""`govcloud kubeconfig`: where the kubeconfig is that works from this host."""

from __future__ import annotations

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs


@click.command(short_help="Print the path of a kubeconfig that works from this host.")
@options.environment
@click.option(
    "--side",
    type=click.Choice(["internal", "external"]),
    default="external",
    show_default=True,
    help="Which side's cluster.",
)
@options.as_json
def kubeconfig(environment: str, side: str, as_json: bool) -> None:
    """Print the path of a kubeconfig for platform engineers, usable from this host.

    \b
    Examples:
      export KUBECONFIG=$(govcloud kubeconfig)
      kubectl --kubeconfig "$(govcloud kubeconfig --side internal)" get namespaces
    """
    site = runs.site(environment, side)
    declared = site.spec.platform.spec.kubeconfig.get(site.sides[0])
    path = declared or str(site.space.side(site.sides[0]).kubeconfig)
    if declared is None and not site.space.side(site.sides[0]).kubeconfig.exists():
        raise errors.GovcloudError(
            f"the {side} side has no cluster yet", remedy=f"run `govcloud deploy{options.flag(environment)}`"
        )
    if as_json:
        output.print_json({"path": path, "side": side})
    else:
        click.echo(path)
