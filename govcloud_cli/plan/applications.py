"""A tenant's applications that people log in to: their clients, and how their pods learn to be one."""

from __future__ import annotations

from govcloud_cli.model import tenants
from govcloud_cli.plan import credentials, identity_places, namespaces


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
    place = identity_places.of(scope.inventory, scope.zone.side)
    if place is None:
        return ()
    return tuple(_secret(scope, application, place.issuer) for application in of(scope))


def _secret(scope: namespaces.Scope, application: tenants.Application, where: str) -> namespaces.Manifest:
    client = client_id(scope, application)
    return scope.manifest(
        "Secret",
        f"application-{application.id}",
        labels={f"{namespaces.PREFIX}application": application.id},
        type="Opaque",
        data={
            "issuer": credentials.encoded(where),
            "clientId": credentials.encoded(client),
            "clientSecret": credentials.SecretText((credentials.application_ref(client),)),
            "ca.crt": credentials.SecretText((credentials.AUTHORITY,)),
        },
    )
