"""A namespace's network: everything denied in both directions, then what is allowed, one policy per reason.

Pods of one namespace may talk to each other: an application is rarely one pod, and the namespace is
the unit that a tenant answers for. All else is either the platform's own service or a declared allowance.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from govcloud_cli.model import addresses, tenants
from govcloud_cli.plan import databases, namespaces

API_VERSION = "networking.k8s.io/v1"
REASON = f"{namespaces.PREFIX}reason"
"""Annotation that says why a policy exists."""

DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
"""Selects every pod, names both directions and allows nothing."""


def network_policies(scope: namespaces.Scope) -> tuple[namespaces.Manifest, ...]:
    """Every policy of a namespace: default deny first, then the platform's services, then the allowances by name.

    A frozen one keeps the first alone: its pods run on, and reach nothing and nobody.
    """
    denied = _policy(scope, "default-deny", reason="nothing is allowed but what is declared", spec=DENY)
    if scope.frozen is not None:
        return (denied,)
    platform = [
        denied,
        _policy(scope, "allow-namespace", reason="pods of one namespace work together", spec=_within()),
        _policy(scope, "allow-dns", reason="pods find services by name", spec=_dns()),
    ]
    if scope.environment.databases:
        places = [_block(a) for one in databases.interfaces(scope) for a in (one.address, one.address6)]
        spec = _egress(places, "tcp", [databases.PORT])
        platform.append(_policy(scope, "allow-database", reason="the tenant's own databases", spec=spec))
    return (*platform, *_allowances(scope))


def _allowances(scope: namespaces.Scope) -> Iterable[namespaces.Manifest]:
    """One policy per allowance. Those that differ in the reason alone share one, which then gives every reason."""
    found: dict[str, tuple[tenants.Allowance, list[str]]] = {}
    for allowance in scope.tenant.spec.network.allow:
        if _is_frozen(scope, allowance.peer):
            # The other end is shut, so this one has no business to stay open towards it.
            continue
        _, reasons = found.setdefault(_name(scope, allowance), (allowance, []))
        if allowance.reason not in reasons:
            reasons.append(allowance.reason)
    for name, (allowance, reasons) in sorted(found.items()):
        peers = _peers(scope, allowance.peer)
        build = _ingress if allowance.direction is tenants.Direction.INBOUND else _egress
        spec = build(peers, allowance.protocol, sorted(set(allowance.ports)))
        yield _policy(scope, name, reason="; ".join(reasons), spec=spec)


def _name(scope: namespaces.Scope, allowance: tenants.Allowance) -> str:
    """A name that follows from what is allowed, so that neither order nor wording renames a policy."""
    peer = allowance.peer
    end = f"zone-{peer.zone}" if peer.zone else f"{peer.tenant}-{_peer_environment(scope, peer).value}"
    ports = ",".join(str(port) for port in sorted(set(allowance.ports)))
    digest = hashlib.sha256(f"{allowance.direction.value} {end} {allowance.protocol} {ports}".encode()).hexdigest()
    return f"allow-{allowance.direction.value}-{end}-{digest[:8]}"


def _peers(scope: namespaces.Scope, peer: tenants.Peer) -> list[dict[str, Any]]:
    if peer.zone is not None:
        zone = scope.inventory.zone(peer.zone)
        return [_block(zone.cidr), _block(zone.cidr6)]
    labels = namespaces.peer_labels(str(peer.tenant), _peer_environment(scope, peer))
    return [{"namespaceSelector": {"matchLabels": labels}}]


def _peer_environment(scope: namespaces.Scope, peer: tenants.Peer) -> tenants.EnvironmentName:
    return peer.environment or scope.environment.name


def _is_frozen(scope: namespaces.Scope, peer: tenants.Peer) -> bool:
    return peer.tenant is not None and (peer.tenant, _peer_environment(scope, peer)) in scope.freezes


def _within() -> dict[str, Any]:
    every: list[dict[str, Any]] = [{"podSelector": {}}]
    return DENY | {"ingress": [{"from": every}], "egress": [{"to": every}]}


def _dns() -> dict[str, Any]:
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [peer], "ports": ports}]}


def _ingress(peers: list[dict[str, Any]], protocol: str, ports: Iterable[int]) -> dict[str, Any]:
    allowed = {"from": peers, "ports": _ports(protocol, ports)}
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [allowed]}


def _egress(peers: list[dict[str, Any]], protocol: str, ports: Iterable[int]) -> dict[str, Any]:
    allowed = {"to": peers, "ports": _ports(protocol, ports)}
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [allowed]}


def _ports(protocol: str, ports: Iterable[int]) -> list[dict[str, Any]]:
    return [{"protocol": protocol.upper(), "port": port} for port in ports]


def _block(
    prefix: addresses.Cidr4 | addresses.Cidr6 | addresses.Address4 | addresses.Address6,
) -> dict[str, Any]:
    # A network of a bare address is that address alone: /32 or /128.
    return {"ipBlock": {"cidr": str(ipaddress.ip_network(prefix))}}


def _policy(scope: namespaces.Scope, name: str, *, reason: str, spec: Mapping[str, Any]) -> namespaces.Manifest:
    return scope.manifest("NetworkPolicy", name, api_version=API_VERSION, annotations={REASON: reason}, spec=dict(spec))
