"""`govcloud vpn revoke`: end certificates and live tunnels at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.vpn import offices

if TYPE_CHECKING:
    from govcloud_cli.run.vpn import cutting

_REASONS = ("lost", "stolen", "left", "moved", "replaced", "other")
_SERIAL = re.compile(r"[0-9a-f]{1,40}")


@click.command(short_help="End certificates and live tunnels at once (吊销).")
@click.option(
    "--person",
    metavar="ID",
    shell_complete=options.complete_person,
    help="Every certificate of this person, whoever that is or was.",
)
@click.option("--serial", metavar="HEX", help="One certificate; its first digits do if they are no other's.")
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why; the revocation list tells it.")
@click.option("--note", default="", help="More of it, for the audit log.")
@options.environment
@options.as_json
def revoke(*, person: str | None, serial: str | None, reason: str, note: str, environment: str, as_json: bool) -> None:
    """Revoke VPN certificates (吊销): registered, published to the gateway, and the live tunnel cut.

    May be run again: what is revoked stays so, and list and tunnel are seen to each time.

    \b
    Examples:
      govcloud vpn revoke --person li.wei --reason lost --note "left in a taxi"
      govcloud vpn revoke --serial 4f09 --reason replaced
    """
    if (person is None) == (serial is None):
        raise errors.UsageError("name either --person or --serial")
    from govcloud_cli.run.vpn import cutting as run_cutting

    place = offices.find(environment)
    chosen = _chosen(place, person, serial)
    office, gateway = place.desk(), place.gateway()
    if person is not None:
        cut = run_cutting.cut(office, gateway, [person], reason=reason, note=note)
    else:
        cut = run_cutting.cut_serial(office, gateway, chosen, reason=reason, note=note)
    _print(cut, as_json=as_json)


def _chosen(place: offices.Place, person: str | None, serial: str | None) -> str:
    """The whole serial number. Raises `errors.UsageError` for a person or number that never had a certificate."""
    from govcloud_cli.run.vpn import register

    known = register.read(register.path_of(place.folder))
    if person is not None:
        if not any(one.person == person for one in known):
            raise errors.UsageError(f"'{person}' never had a certificate", remedy="`govcloud vpn list --all` shows all")
        return ""
    wanted = (serial or "").lower()
    found = [one.serial for one in known if one.serial.startswith(wanted)] if _SERIAL.fullmatch(wanted) else []
    if wanted in found:
        return wanted
    if len(found) != 1:
        told = "several serial numbers begin with" if found else "there is no serial number"
        raise errors.UsageError(f"{told} '{serial}'", remedy="`govcloud vpn list --all --json` shows them whole")
    return found[0]


def _print(cut: cutting.Cut, *, as_json: bool) -> None:
    now = runs.now()
    if as_json:
        revoked = [offices.document(one, now) for one in cut.revoked]
        output.print_json({"ok": True, "revoked": revoked, "disconnected": list(cut.disconnected), "published": True})
        return
    told = ", ".join(f"{one.person} {one.serial[:16]}" for one in cut.revoked) or "nothing more"
    ended = ", ".join(cut.disconnected) or "nobody was connected"
    output.console().print(f"revoked: {told}\npublished to the gateway; tunnels cut: {ended}", soft_wrap=True)
