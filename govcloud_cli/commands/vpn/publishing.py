"""`govcloud vpn crl` and `rotate`: the revocation list and the authority, renewed and on the gateway."""

from __future__ import annotations

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.vpn import offices


@click.command(short_help="Renew the revocation list and publish it (吊销列表).")
@options.environment
@options.as_json
def crl(environment: str, as_json: bool) -> None:
    """Renew the revocation list (吊销列表) and have the gateway use it. For a timer: once a day.

    The list lives for seven days; with an expired one the gateway lets nobody in.

    \b
    Examples:
      govcloud vpn crl
      govcloud vpn crl --env production --json
    """
    from govcloud_cli.run.vpn import crl as run_crl
    from govcloud_cli.run.vpn import cutting, expiry

    place = offices.find(environment)
    office = place.desk()
    office.prepare(anew=True)
    cutting.publish(office, place.gateway())
    lists = run_crl.read(run_crl.path_of(place.folder))
    ends = min(one.next_update_utc for one in lists if one.next_update_utc is not None)
    warnings = expiry.warnings(place.folder, now=runs.now())
    if as_json:
        counts = sum(len(one) for one in lists)
        told = ends.isoformat(timespec="seconds").replace("+00:00", "Z")
        output.print_json(
            {"ok": True, "gateway": place.plan.machine, "revoked": counts, "until": told, "warnings": list(warnings)}
        )
        return
    output.console().print(f"published to {place.plan.machine}; valid until {ends:%Y-%m-%d %H:%M} UTC", soft_wrap=True)
    offices.print_warnings(warnings)


@click.command(short_help="Begin a new authority beside the old one (更换证书机构).")
@options.environment
@options.as_json
def rotate(environment: str, as_json: bool) -> None:
    """Make a new authority (更换证书机构); certificates of the old one work on until their end. Nobody is cut off.

    New certificates are signed by the new one from now on; the gateway is told to trust both. To be rid of the old
    one, replace every certificate (`vpn issue --replace`).

    \b
    Examples:
      govcloud vpn rotate
    """
    from govcloud_cli.run.vpn import authority, cutting

    place = offices.find(environment)
    if not authority.load(place.folder, now=runs.now()):
        raise errors.UsageError("there is no authority yet", remedy="run `govcloud deploy`, which makes it")
    office = place.desk()
    office.prepare(anew=True, rotate=True)
    cutting.publish(office, place.gateway())
    there = [one.id for one in authority.load(place.folder, now=runs.now())]
    if as_json:
        output.print_json({"ok": True, "authorities": there})
        return
    output.console().print(
        f"new authority {there[0][:12]} beside {len(there) - 1} older; {place.plan.machine} trusts all of them",
        soft_wrap=True,
    )
