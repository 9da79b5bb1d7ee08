"""Which certificates one side of the platform needs."""

from __future__ import annotations

import ipaddress

from govcloud_cli.model import platforms
from govcloud_cli.plan import database_servers, databases, hosts, identity, identity_places, plans, vpn
from govcloud_cli.run.pki import kubernetes, model

# The role `kubernetes` has the same default; its first address is the API server's own.
_SERVICE_CIDRS = (ipaddress.ip_network("10.96.0.0/16"),)

ENGINE = "engine"
"""The certificate by which stacks and probes reach the API server."""
ENGINEERS = "platform-engineers"
"""The certificate of the kubeconfig that people get."""


def requests(side: plans.SidePlan) -> tuple[model.CertificateRequest, ...]:
    """Every certificate of one side."""
    found: list[model.CertificateRequest] = []
    if side.kubernetes is not None:
        found += kubernetes.kubernetes_requests(
            names=(side.kubernetes.id,),
            addresses=hosts.addresses(side.kubernetes),
            service_cidrs=_SERVICE_CIDRS,
        )
    found += [_database(machine) for machine in side.databases]
    if side.identity is not None:
        found += _identity(side, side.identity)
    if side.vpn is not None:
        found.append(_server(side, vpn.certificate(side.vpn.machine), side.vpn.machine))
    if side.databases:
        found.append(
            model.CertificateRequest(
                name="database-admin", common_name=databases.ADMIN_ROLE, usages=("client",), ca="services"
            )
        )
    return tuple(found)


def _identity(side: plans.SidePlan, planned: identity.IdentityPlan) -> tuple[model.CertificateRequest, ...]:
    """The service's own certificate, and the one by which it logs in to its database: there is no password."""
    return (
        _server(side, identity_places.certificate(planned.machine), planned.machine, planned.host),
        model.CertificateRequest(
            name=identity_places.DATABASE_CERTIFICATE,
            common_name=identity_places.DATABASE_ROLE,
            usages=("client",),
            ca="services",
        ),
    )


def _server(side: plans.SidePlan, name: str, machine: str, *names: str) -> model.CertificateRequest:
    return model.CertificateRequest(
        name=name,
        common_name=machine,
        dns_names=tuple(dict.fromkeys((machine, *names))),
        addresses=hosts.addresses(next(one for one in side.machines if one.id == machine)),
        usages=("server",),
        ca="services",
    )


def _database(machine: platforms.Machine) -> model.CertificateRequest:
    return model.CertificateRequest(
        name=database_servers.certificate(machine),
        common_name=machine.id,
        dns_names=(machine.id,),
        addresses=hosts.addresses(machine),
        usages=("server",),
        ca="services",
    )
