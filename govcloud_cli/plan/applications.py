"""A tenant's applications that people log in to: their clients, and how their pods learn to be one."""

from __future__ import annotations

import base64

from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms, tenants
from govcloud_cli.plan import databases, namespaces

REALM = "govcloud"
"""The one realm for people."""


def machine(inventory: inventories.Inventory, side: platforms.Side) -> platforms.Machine | None:
    """The machine of a side's identity service, None if it has none."""
    found = (
        one
        for one in inventory.platform.spec.machines
        if platforms.Service.IDENTITY in one.services and inventory.side_of(one) is side
    )
    return next(found, None)


def host(inventory: inventories.Inventory, serving: platforms.Machine) -> str:
    """The name of the identity service in addresses and certificates."""
    return inventory.platform.spec.identity.host or serving.id


def issuer(inventory: inventories.Inventory, serving: platforms.Machine) -> str:
    """What tokens say in `iss`: `https://<host>/realms/govcloud`."""
    return f"https://{host(inventory, serving)}/realms/{REALM}"


def of(scope: namespaces.Scope) -> tuple[tenants.Application, ...]:
    """The applications of one environment, ordered by id; none where it is frozen, so that nobody logs in."""
    if scope.frozen is not None:
        return ()
    own = (one for one in scope.tenant.spec.applications if one.environment is scope.environment.name)
    return tuple(sorted(own, key=lambda one: one.id))


def client_id(scope: namespaces.Scope, application: tenants.Application) -> str:
    """The client's id, `<tenant>-<environment>-<id>`; that no two are the same is checked in the inventory."""
    return f"{scope.namespace}-{application.id}"


def secrets(scope: namespaces.Scope) -> tuple[namespaces.Manifest, ...]:
    """One Secret per application, `application-<id>`; none on a side without an identity service."""
    serving = machine(scope.inventory, scope.zone.side)
    if serving is None:
        return ()
    where = issuer(scope.inventory, serving)
    return tuple(_secret(scope, application, where) for application in of(scope))


def _secret(scope: namespaces.Scope, application: tenants.Application, where: str) -> namespaces.Manifest:
    client = client_id(scope, application)
    return scope.manifest(
        "Secret",
        f"application-{application.id}",
        labels={f"{namespaces.PREFIX}application": application.id},
        type="Opaque",
        data={
            "issuer": _encoded(where),
            "clientId": _encoded(client),
            "clientSecret": databases.SecretText((databases.application_ref(client),)),
            "ca.crt": databases.SecretText((databases.SecretRef(name=databases.CA),)),
        },
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
