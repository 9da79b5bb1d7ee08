"""Variables of the role `kubernetes`."""

from __future__ import annotations

from typing import Any

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import controller_files, identity, identity_places


def of(spec: inventory.Inventory, machine: platforms.Machine) -> dict[str, Any]:
    """Everything that the role is told."""
    return {
        "kubernetes_apiserver_binary": controller_files.tool("kube-apiserver"),
        "kubernetes_controller_manager_binary": controller_files.tool("kube-controller-manager"),
        # Told, so that the roles need not read 200 MB to find that nothing changed.
        "kubernetes_apiserver_sha256": controller_files.tool("kube-apiserver", digest=True),
        "kubernetes_controller_manager_sha256": controller_files.tool("kube-controller-manager", digest=True),
        "kubernetes_pki_folder": controller_files.pki(""),
        "kubernetes_advertise_address": str(machine.interfaces[0].address),
    } | _identity(spec, machine)


def _identity(spec: inventory.Inventory, machine: platforms.Machine) -> dict[str, Any]:
    """Whose tokens the cluster takes; without an identity service nobody's."""
    place = identity_places.of(spec, spec.side_of(machine))
    if place is None:
        return {}
    return {
        "kubernetes_identity_issuer": place.issuer,
        "kubernetes_identity_ca_file": controller_files.pki("services-ca.crt"),
        "kubernetes_identity_audience": identity.KUBERNETES_AUDIENCE,
    }
