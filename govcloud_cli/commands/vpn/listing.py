"""`govcloud vpn list`: which certificates there are, and what ends soon."""

from __future__ import annotations

import click

from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.vpn import offices


@click.command(name="list", short_help="Show certificates, their ends and their states (查看).")
@click.option("--person", metavar="ID", shell_complete=options.complete_person, help="Only this person's.")
@click.option("--all", "everything", is_flag=True, help="Also what is expired or revoked.")
@options.environment
@options.as_json
def list_(*, person: str | None, everything: bool, environment: str, as_json: bool) -> None:
    """Show VPN certificates (证书): whose, on which token, until when. Changes nothing.

    Warns 30 days ahead of the end of a certificate, of an authority and of the revocation list.

    \b
    Examples:
      govcloud vpn list
      govcloud vpn list --person li.wei --all --json
    """
    from govcloud_cli.run.vpn import expiry, register

    place, now = offices.find(environment), runs.now()
    found = tuple(
        one
        for one in register.read(register.path_of(place.folder))
        if person in {None, one.person} and (everything or one.counts(now))
    )
    warnings = expiry.warnings(place.folder, now=now)
    if as_json:
        document = {"certificates": [offices.document(one, now) for one in found], "warnings": list(warnings)}
        output.print_json(document)
        return
    if found:
        offices.print_rows(found, now)
    else:
        output.console().print("No such certificates (没有符合条件的证书).")
    offices.print_warnings(warnings)
