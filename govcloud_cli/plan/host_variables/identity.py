"""Variables of the role `identity`."""

from __future__ import annotations

from typing import Any

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import administration, controller_files, database_servers, identity_places, services, vpn
from govcloud_cli.plan import identity as planned


def of(spec: inventory.Inventory, place: identity_places.Place) -> dict[str, Any]:
    """Everything that the role is told."""
    machine = place.machine
    certificate = identity_places.certificate(machine.id)
    database = database_servers.server(spec, spec.zone(machine.interfaces[0].zone))
    directory = spec.platform.spec.identity.directory
    return {
        "identity_host": place.host,
        "identity_listen_addresses": administration.zone_addresses(machine),
        "identity_admin_listen_addresses": administration.addresses(machine),
        "identity_admin_sources": list(administration.engineers(spec, spec.side_of(machine))),
        "identity_trusted_sources": _gateways(spec, place),
        "identity_tls_certificate_file": controller_files.pki(f"{certificate}.crt"),
        "identity_tls_key_file": controller_files.pki(f"{certificate}.key"),
        "identity_ca_file": controller_files.pki("services-ca.crt"),
        "identity_directory_authority": "" if directory is None else directory.authority or "",
        "identity_database_host": str(database.interface.address),
        "identity_database_name": identity_places.DATABASE,
        "identity_database_certificate_file": controller_files.pki(f"{identity_places.DATABASE_CERTIFICATE}.crt"),
        "identity_database_key_file": controller_files.pki(f"{identity_places.DATABASE_CERTIFICATE}.key"),
        "identity_archive": controller_files.tool(identity_places.TOOL),
        "identity_archive_sha256": controller_files.tool(identity_places.TOOL, digest=True),
        "identity_engine_secret_file": controller_files.secret(planned.ENGINE_SECRET),
        "identity_break_glass_file": controller_files.secret(identity_places.BREAK_GLASS_SECRET),
    }


def _gateways(spec: inventory.Inventory, place: identity_places.Place) -> list[str]:
    """Where gateways ask from for everybody who logs in there: one who guesses must not shut out all."""
    gateway = services.machine_of(spec, spec.side_of(place.machine), platforms.Service.SSLVPN)
    inward = None if gateway is None else vpn.inward(spec, gateway)
    return [] if inward is None else administration.single([str(inward.address), str(inward.address6)])
