"""The SSL-VPN of a platform: who gets in from the internet."""

from __future__ import annotations

from typing import Annotated

import pydantic

from govcloud_cli.model import addresses, base, names


class VpnGroup(base.Model):
    """Staff who get the same way in: addresses of their own, and what flows from them allow."""

    id: names.Id
    display_name: names.DisplayName
    organisations: Annotated[tuple[names.Id, ...], pydantic.Field(min_length=1)]
    """Whose people belong to it: these organisations and all below; the nearest naming decides."""
    pool: addresses.Cidr4
    """IPv4 addresses handed out, e.g. `10.21.0.0/24`; in no zone and no other group."""
    pool6: addresses.Cidr6
    """IPv6 addresses handed out, e.g. `fd21::/112`."""
    dns: tuple[addresses.Address4, ...] = ()
    """Name servers that clients ask while connected."""


class Vpn(base.Model):
    """The SSL-VPN (安全接入): who gets in from the internet, and to what."""

    groups: Annotated[tuple[VpnGroup, ...], pydantic.Field(min_length=1)]
