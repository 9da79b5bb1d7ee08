"""A real Kubernetes control plane for tests: etcd, kube-apiserver and kube-controller-manager on loopback ports.

    with control_plane.running(folder) as plane:
        client.Client.from_kubeconfig(plane.kubeconfig)

`GOVCLOUD_TEST_KUBE_BIN` names the folder with `kube-apiserver` and `kube-controller-manager`, else PATH is searched;
etcd is Debian's. Leaving the block ends every process; a killed test run takes them along (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import dataclasses
import datetime
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CONTROLLERS: Final = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "resourcequota-controller",
    "clusterrole-aggregation-controller",
)
_READY_SECONDS: Final = 90.0
_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Authority:
    """A certificate authority of our own."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def issue(self, common_name: str, organisations: Sequence[str] = (), *, server: bool = False) -> tuple[str, str]:
        """Return certificate and key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        attributes += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in organisations]
        builder = _builder(x509.Name(attributes), self.certificate.subject, key)
        if server:
            names = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return _pem(builder.sign(self.key, hashes.SHA256())), _key_pem(key)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A running control plane."""

    folder: pathlib.Path
    server: str
    kubeconfig: pathlib.Path
    """An administrator's (`system:masters`)."""
    authority: Authority = dataclasses.field(repr=False)
    restart: Callable[[], None] = dataclasses.field(repr=False)
    """End the API server and start it again; returns when it is ready."""

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> pathlib.Path:
        """Write a kubeconfig for another user and return its path."""
        path = self.folder / f"{user.replace(':', '-')}.kubeconfig"
        return _write(path, kubeconfig_text(self.server, self.authority, user, groups))


@contextlib.contextmanager
def running(
    folder: pathlib.Path, *, controllers: Sequence[str] = CONTROLLERS, flags: Sequence[str] = ()
) -> Iterator[ControlPlane]:
    """Start a control plane with its files in `folder`; stop it at the end of the block.

    `flags` are the API server's, besides those that every test's has.
    """
    binaries = {name: _binary(name) for name in ("etcd", "kube-apiserver", "kube-controller-manager")}
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = _authority()
    etcd_port, peer_port, api_port = _free_ports(3)
    server = f"https://127.0.0.1:{api_port}"
    admin = _write(folder / "admin.kubeconfig", kubeconfig_text(server, authority, "admin", ["system:masters"]))
    _write(folder / "manager.kubeconfig", kubeconfig_text(server, authority, "system:kube-controller-manager"))
    _write_keys(folder, authority)
    with contextlib.ExitStack() as stack:
        stack.enter_context(_process(_etcd(binaries["etcd"], folder, etcd_port, peer_port), folder / "etcd.log"))
        api = stack.enter_context(contextlib.ExitStack())

        def start() -> None:
            api.close()
            argv, log = _api_server(binaries["kube-apiserver"], folder, etcd_port, api_port), folder / "apiserver.log"
            argv += flags
            _wait_ready(api.enter_context(_process(argv, log)), server, authority, log)

        start()
        manager = _manager(binaries["kube-controller-manager"], folder, controllers)
        stack.enter_context(_process(manager, folder / "controller-manager.log"))
        yield ControlPlane(folder=folder, server=server, kubeconfig=admin, authority=authority, restart=start)


def kubeconfig_text(server: str, authority: Authority, user: str, groups: Sequence[str] = ()) -> str:
    """Return a kubeconfig (JSON, which is YAML) with a client certificate for `user`."""
    certificate, key = authority.issue(user, groups)
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [
                {
                    "name": "test",
                    "cluster": {"server": server, "certificate-authority-data": _base64(_pem(authority.certificate))},
                }
            ],
            "users": [
                {
                    "name": user,
                    "user": {"client-certificate-data": _base64(certificate), "client-key-data": _base64(key)},
                }
            ],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
        }
    )


def _etcd(binary: str, folder: pathlib.Path, port: int, peer_port: int) -> list[str]:
    return [
        binary,
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls=http://127.0.0.1:{port}",
        f"--advertise-client-urls=http://127.0.0.1:{port}",
        f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer_port}",
        f"--initial-cluster=default=http://127.0.0.1:{peer_port}",
        "--log-level=warn",
    ]


def _api_server(binary: str, folder: pathlib.Path, etcd_port: int, port: int) -> list[str]:
    return [
        binary,
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={folder / 'server.crt'}",
        f"--tls-private-key-file={folder / 'server.key'}",
        f"--client-ca-file={folder / 'ca.crt'}",
        "--anonymous-auth=false",
        "--allow-privileged=true",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--endpoint-reconciler-type=none",
        f"--cert-dir={folder}",
    ]


def _manager(binary: str, folder: pathlib.Path, controllers: Sequence[str]) -> list[str]:
    return [
        binary,
        f"--kubeconfig={folder / 'manager.kubeconfig'}",
        f"--controllers={','.join(controllers)}",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        "--secure-port=0",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        f"--root-ca-file={folder / 'ca.crt'}",
    ]


@contextlib.contextmanager
def _process(argv: Sequence[str], log: pathlib.Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, before any thread of ours exists there
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait_ready(process: subprocess.Popen[bytes], server: str, authority: Authority, log: pathlib.Path) -> None:
    context = ssl.create_default_context(cadata=_pem(authority.certificate))
    certificate = log.parent / "probe.pem"
    _write(certificate, "".join(authority.issue("probe", ["system:masters"])))
    context.load_cert_chain(certificate)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(f"{server}/readyz", timeout=2):
            return
        time.sleep(0.2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    pytest.fail(f"the test's kube-apiserver did not become ready; the end of its log:\n{tail}", pytrace=False)


def _binary(name: str) -> str:
    folder = os.environ.get("GOVCLOUD_TEST_KUBE_BIN")
    found = shutil.which(name, path=folder) if folder and name != "etcd" else shutil.which(name)
    if found is None:
        where = f"in GOVCLOUD_TEST_KUBE_BIN ({folder})" if folder and name != "etcd" else "on PATH"
        pytest.fail(f"this tier needs `{name}`, which is not {where}; `./govcloud doctor` tells how to get it", False)
    return found


def _write_keys(folder: pathlib.Path, authority: Authority) -> None:
    certificate, key = authority.issue("kube-apiserver", server=True)
    _write(folder / "ca.crt", _pem(authority.certificate))
    _write(folder / "server.crt", certificate)
    _write(folder / "server.key", key)
    _write(folder / "accounts.key", _key_pem(ec.generate_private_key(ec.SECP256R1())))


def _authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test control plane")])
    builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Authority(certificate=builder.sign(key, hashes.SHA256()), key=key)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=2))
    )


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _write(path: pathlib.Path, text: str) -> pathlib.Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return path


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
