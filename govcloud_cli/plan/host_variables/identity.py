"""Variables of the role `identity`."""

from __future__ import annotations

from typing import Any

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import administration, controller_files, database_servers, identity_places
from govcloud_cli.plan import identity as planned


def of(spec: inventory.Inventory, place: identity_places.Place) -> dict[str, Any]:
    """Everything that the role is told."""
    machine = place.machine
    certificate = identity_places.certificate(machine.id)
    database = database_servers.server(spec, spec.zone(machine.interfaces[0].zone))
    return {
        "identity_host": place.host,
        "identity_listen_addresses": administration.zone_addresses(machine),
        "identity_admin_listen_addresses": administration.addresses(machine),
        "identity_admin_sources": list(administration.engineers(spec, spec.side_of(machine))),
        "identity_trusted_sources": _gateways(spec, machine),
        "identity_tls_certificate_file": controller_files.pki(f"{certificate}.crt"),
        "identity_tls_key_file": controller_files.pki(f"{certificate}.key"),
        "identity_ca_file": controller_files.pki("services-ca.crt"),
        "identity_database_host": str(database.interface.address),
        "identity_database_name": identity_places.DATABASE,
        "identity_database_certificate_file": controller_files.pki(f"{identity_places.DATABASE_CERTIFICATE}.crt"),
        "identity_database_key_file": controller_files.pki(f"{identity_places.DATABASE_CERTIFICATE}.key"),
        "identity_archive": controller_files.tool(identity_places.TOOL),
        "identity_archive_sha256": controller_files.tool(identity_places.TOOL, digest=True),
        "identity_engine_secret_file": controller_files.secret(planned.ENGINE_SECRET),
        "identity_break_glass_file": controller_files.secret(identity_places.BREAK_GLASS_SECRET),
    }


def _gateways(spec: inventory.Inventory, machine: platforms.Machine) -> list[str]:
    """Where VPN gateways ask from, as networks of one address: in the service's own zones."""
    zones = {one.zone for one in machine.interfaces}
    near = [
        one
        for gateway in spec.platform.spec.machines
        if platforms.Service.SSLVPN in gateway.services
        for one in gateway.interfaces
        if one.zone in zones
    ]
    return [f"{address}/{address.max_prefixlen}" for one in near for address in (one.address, one.address6)]
