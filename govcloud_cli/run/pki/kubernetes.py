"""The certificates of one Kubernetes control plane, named as the role `kubernetes` copies them. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from govcloud_cli.run.pki import model

_LOOPBACK: tuple[model.Address, ...] = (ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1"))


def kubernetes_requests(
    *,
    names: Sequence[str],
    addresses: Sequence[model.Address],
    service_cidrs: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> tuple[model.CertificateRequest, ...]:
    """What a control plane, the engine and the platform engineers need.

    `names` and `addresses` are how clients reach the API server (every zone and the management network);
    `service_cidrs` the ranges of its services, whose first address is the API server's own.
    """
    # Who is in system:masters passes every authorisation: for the engine's bootstrap only.
    engine = _client("engine", common_name="govcloud:engine", organisations=("system:masters",))
    engineers = _client(
        "platform-engineers",
        common_name="govcloud:platform-engineer",
        organisations=("govcloud:platform-engineers",),
    )
    return (
        _api_server(names, (*addresses, *(cidr[1] for cidr in service_cidrs))),
        model.CertificateRequest(
            name="kube-controller-manager",
            common_name="system:kube-controller-manager",
            dns_names=("localhost",),
            addresses=_LOOPBACK,
            usages=("client", "server"),
            ca="kubernetes",
        ),
        engine,
        engineers,
        _etcd("etcd-server", usages=("server",)),
        # A peer is both ends of a connection.
        _etcd("etcd-peer", usages=("client", "server")),
        model.CertificateRequest(
            name="kube-apiserver-etcd-client", common_name="kube-apiserver-etcd-client", usages=("client",), ca="etcd"
        ),
    )


def _api_server(names: Sequence[str], addresses: Sequence[model.Address]) -> model.CertificateRequest:
    inside = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
    return model.CertificateRequest(
        name="kube-apiserver",
        common_name="kube-apiserver",
        dns_names=("localhost", *inside, *names),
        addresses=(*_LOOPBACK, *addresses),
        usages=("server",),
        ca="kubernetes",
    )


def _client(name: str, *, common_name: str, organisations: tuple[str, ...]) -> model.CertificateRequest:
    return model.CertificateRequest(
        name=name, common_name=common_name, organisations=organisations, usages=("client",), ca="kubernetes"
    )


def _etcd(name: str, *, usages: tuple[model.Usage, ...]) -> model.CertificateRequest:
    return model.CertificateRequest(
        name=name, common_name=name, dns_names=("localhost",), addresses=_LOOPBACK, usages=usages, ca="etcd"
    )
