"""What of the VPN's certificates ends within 30 days: people's, the authorities', and the revocation list."""

from __future__ import annotations

import datetime

from govcloud_cli.run import workspace
from govcloud_cli.run.vpn import authority, certificates, crl, register

_CRL_WARNING = datetime.timedelta(days=2)
"""A list is renewed each day: one that is five days old says that nobody does."""


def warnings(folder: workspace.SideFolder, *, now: datetime.datetime) -> tuple[str, ...]:
    """One sentence each, the authorities first; empty where there is no VPN. For `vpn list`, `doctor` and `status`."""
    there = authority.load(folder, now=now)
    issued = register.read(register.path_of(folder))
    if not there and not issued:
        return ()
    return (*_authorities(there, now), *_lists(folder, there, now), *_people(issued, now))


def _authorities(there: tuple[authority.Authority, ...], now: datetime.datetime) -> list[str]:
    if not there:
        return ["the VPN has no authority: nobody gets in; run `govcloud deploy`"]
    told = []
    for number, one in enumerate(there):
        end = one.certificate.not_valid_after_utc
        if end - now <= certificates.WARNING:
            what = "the VPN's authority" if number == 0 else "the VPN's former authority"
            told.append(f"{what} {one.id[:12]} ends on {end:%Y-%m-%d}: run `govcloud deploy`, or `govcloud vpn rotate`")
    return told


def _lists(folder: workspace.SideFolder, there: tuple[authority.Authority, ...], now: datetime.datetime) -> list[str]:
    ends = [one.next_update_utc for one in crl.read(crl.path_of(folder)) if one.next_update_utc is not None]
    if len(ends) < len(there):
        return ["the VPN's revocation list is missing: nobody gets in; run `govcloud vpn crl`"]
    if not ends or min(ends) - now > _CRL_WARNING:
        return []
    verb = "ended" if min(ends) <= now else "ends"
    return [
        f"the VPN's revocation list {verb} on {min(ends):%Y-%m-%d %H:%M} UTC, then nobody gets in: govcloud vpn crl"
    ]


def _people(issued: tuple[register.Issued, ...], now: datetime.datetime) -> list[str]:
    last: dict[str, register.Issued] = {}
    for one in issued:
        if one.counts(now) and one.delivered and (one.person not in last or one.not_after > last[one.person].not_after):
            last[one.person] = one
    # Whoever has a renewal already is not warned about the old one.
    ending = sorted((one for one in last.values() if one.state(now) == "ending"), key=lambda one: one.not_after)
    return [
        f"{one.person}'s certificate ends on {one.not_after:%Y-%m-%d}: govcloud vpn issue --person {one.person}"
        for one in ending
    ]
