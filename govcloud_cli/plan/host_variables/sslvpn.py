"""Variables of the role `sslvpn`."""

from __future__ import annotations

from typing import Any

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import controller_files, identity, identity_places, services, vpn


def of(spec: inventory.Inventory, machine: platforms.Machine, planned: vpn.VpnPlan) -> dict[str, Any]:
    """Everything that the role is told. People are named without anything that would let one in."""
    place = identity_places.of(spec, spec.side_of(machine))
    certificate = vpn.certificate(machine.id)
    return {
        "sslvpn_listen_addresses": [planned.address, planned.address6],
        "sslvpn_port": services.port(platforms.Service.SSLVPN),
        "sslvpn_tls_certificate_file": controller_files.pki(f"{certificate}.crt"),
        "sslvpn_tls_key_file": controller_files.pki(f"{certificate}.key"),
        "sslvpn_client_ca_file": controller_files.pki(f"{vpn.AUTHORITY}.crt"),
        "sslvpn_crl_file": controller_files.pki(f"{vpn.AUTHORITY}.crl"),
        "sslvpn_identity_url": "" if place is None else place.issuer,
        "sslvpn_identity_ca_file": controller_files.pki("services-ca.crt"),
        "sslvpn_identity_secret_file": controller_files.secret(identity.VPN_SECRET),
        "sslvpn_groups": [
            {
                "id": group.id,
                "pool": group.pool,
                "pool6": group.pool6,
                "routes": list(group.routes),
                "dns": list(group.dns),
            }
            for group in planned.groups
        ],
        "sslvpn_people": [
            {"person": member.person, "group": member.group} for member in (*planned.members, *planned.probes)
        ],
    }
