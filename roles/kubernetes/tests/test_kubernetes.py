"""The control plane as its clients and its machine see it.

Run by `govcloud verify`. The API server is asked from here, with the certificates of `kubernetes_pki_folder`; what only
the machine knows comes in one round trip.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import http.client
import json
import pathlib
import secrets
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.roles
testinfra_hosts = ["ansible://kubernetes"]

TIMEOUT = 10.0
SERVICES = ("etcd", "kube-apiserver", "kube-controller-manager")
MARK = base64.b64encode(secrets.token_bytes(24)).decode("ascii")
"""The content of the probe's Secret: to be found neither in etcd nor in the audit log."""

GATHER = """
import glob, hashlib, json, os, pwd, grp, stat, subprocess, sys
services, secret, mark = sys.argv[1].split(","), sys.argv[2], sys.argv[3].encode()

def run(*argv):
    done = subprocess.run(argv, capture_output=True, timeout=20)
    return {"code": done.returncode, "out": done.stdout.decode("utf-8", "replace")}

units, processes = {}, {}
names = "ActiveState,User,MainPID,NoNewPrivileges,ProtectSystem,NRestarts"
for service in services:
    lines = run("systemctl", "show", "-p", names, service)["out"].splitlines()
    units[service] = dict(line.split("=", 1) for line in lines)
    # Of the files, not `show`: systemd keeps UnitFileState as it was at its last reload, and a run that was killed
    # between the link and the reload leaves a unit which starts on boot and is still shown as disabled.
    units[service]["enabled"] = run("systemctl", "is-enabled", service)["out"].strip()
    pid = units[service]["MainPID"]
    if pid == "0":
        continue
    status = dict(line.split(":", 1) for line in open("/proc/%s/status" % pid) if ":" in line)
    path = os.readlink("/proc/%s/exe" % pid)
    with open("/proc/%s/exe" % pid, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    processes[service] = {
        "user": pwd.getpwuid(int(status["Uid"].split()[1])).pw_name, "capabilities": int(status["CapEff"], 16),
        "mebibytes": int(status["VmRSS"].split()[0]) // 1024, "path": path, "sha256": digest,
        "command": open("/proc/%s/cmdline" % pid).read().split(chr(0)),
    }
files = {}
for path in glob.glob("/etc/kubernetes/**", recursive=True) + [
    "/var/lib/etcd", "/var/lib/etcd/kubernetes", "/var/log/kubernetes", "/var/log/kubernetes/audit.log"]:
    found = os.stat(path)
    files[path.rstrip("/")] = [
        oct(stat.S_IMODE(found.st_mode)), pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name]
os.environ["ETCDCTL_API"] = "3"
etcd = ("etcdctl", "--endpoints=https://127.0.0.1:2379", "--command-timeout=3s", "--dial-timeout=3s",
        "--cacert=/etc/kubernetes/etcd/ca.crt")
pem = "/etc/kubernetes/kube-apiserver/etcd-client.pem"
stored = subprocess.run([*etcd, "--cert=" + pem, "--key=" + pem, "get", "--print-value-only",
                         "/registry/secrets/default/" + secret], capture_output=True, timeout=20).stdout
with open("/var/log/kubernetes/audit.log", "rb") as file:
    file.seek(max(0, os.path.getsize(file.name) - 4000000))
    audit = file.read()
print(json.dumps({
    "units": units, "processes": processes, "files": files,
    "listeners": run("ss", "-Hltnp")["out"],
    "etcd_without_certificate": run(*etcd, "get", "/registry/namespaces/default")["code"],
    "stored": {"bytes": len(stored), "prefix": stored[:32].decode("ascii", "replace"), "plain": mark in stored},
    "audit": {"records": [line for line in audit.decode("utf-8", "replace").splitlines() if secret in line],
              "plain": mark in audit},
}))
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Api:
    """The API server's address and the folder of its PKI."""

    address: str
    port: int
    pki: pathlib.Path
    issuer: str
    """Of the identity service; empty without one."""
    audience: str

    def context(self, certificate: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.pki / "kubernetes-ca.crt"))
        if certificate is not None:
            context.load_cert_chain(self.pki / f"{certificate}.crt", self.pki / f"{certificate}.key")
        return context

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        certificate: str | None = "engine",
        token: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPSConnection(
            self.address, self.port, timeout=TIMEOUT, context=self.context(certificate)
        )
        try:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            headers |= {} if token is None else {"Authorization": f"Bearer {token}"}
            connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            response = connection.getresponse()
            content = response.read().decode("utf-8")
            is_json = response.headers.get_content_type() == "application/json"
            return response.status, json.loads(content) if is_json else {"text": content}
        finally:
            connection.close()


@pytest.fixture(scope="module")
def api(host: Any) -> Api:
    variables = host.ansible.get_variables()
    address = str(variables.get("ansible_host", variables["inventory_hostname"]))
    port = int(variables.get("kubernetes_port", 6443))
    return Api(
        address=address,
        port=port,
        pki=pathlib.Path(variables["kubernetes_pki_folder"]),
        issuer=str(variables.get("kubernetes_identity_issuer", "")),
        audience=str(variables.get("kubernetes_identity_audience", "kubernetes")),
    )


@pytest.fixture(scope="module")
def seen(host: Any, api: Api) -> Iterator[dict[str, Any]]:
    """What the machine says while a Secret of ours is stored."""
    name = f"govcloud-verify-{secrets.token_hex(4)}"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"probe": MARK}}
    status, answer = api.ask("POST", "/api/v1/namespaces/default/secrets", body=secret)
    assert status == http.HTTPStatus.CREATED, answer
    try:
        with host.sudo():
            done = host.run("python3 -c %s %s %s %s", GATHER, ",".join(SERVICES), name, MARK)
        assert done.rc == 0, done.stderr
        yield json.loads(done.stdout)
    finally:
        api.ask("DELETE", f"/api/v1/namespaces/default/secrets/{name}")


def pod(**security: object) -> dict[str, object]:
    container = {"name": "probe", "image": "registry.invalid/probe", "securityContext": security}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "govcloud-verify-"},
        "spec": {"containers": [container]},
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_on_boot_under_its_own_account_without_capabilities(seen: dict[str, Any], service: str) -> None:
    unit, process = seen["units"][service], seen["processes"][service]
    assert (unit["ActiveState"], unit["enabled"]) == ("active", "enabled")
    assert (unit["NoNewPrivileges"], unit["ProtectSystem"]) == ("yes", "strict")
    assert process["user"] == service
    assert process["capabilities"] == 0


@pytest.mark.parametrize("service", ["kube-apiserver", "kube-controller-manager"])
def test_a_running_binary_is_the_one_that_was_installed(seen: dict[str, Any], service: str) -> None:
    process = seen["processes"][service]
    assert process["path"] == f"/opt/kubernetes/{process['sha256']}/{service}"


def test_only_the_api_server_listens_beyond_loopback(seen: dict[str, Any], api: Api) -> None:
    ours = [line.split() for line in seen["listeners"].splitlines() if '("etcd"' in line or '("kube-' in line]
    assert {line[3] for line in ours} == {f"*:{api.port}", "127.0.0.1:2379", "127.0.0.1:2380", "127.0.0.1:10257"}


def test_keys_are_for_their_service_alone(seen: dict[str, Any]) -> None:
    files = {path: found for path, found in seen["files"].items() if path.startswith("/etc/kubernetes/")}
    assert len(files) > len(SERVICES)
    for path, found in files.items():
        service = path.split("/")[3]
        folder = path.count("/") == 3
        assert found == (["0o750", "root", service] if folder else ["0o600", service, service]), path


def test_the_store_and_the_audit_log_are_closed_to_others(seen: dict[str, Any]) -> None:
    found = {path: seen["files"][path][:2] for path in seen["files"] if path.startswith("/var/")}
    assert found == {
        "/var/lib/etcd": ["0o700", "etcd"],
        "/var/lib/etcd/kubernetes": ["0o700", "etcd"],
        "/var/log/kubernetes": ["0o700", "kube-apiserver"],
        "/var/log/kubernetes/audit.log": ["0o600", "kube-apiserver"],
    }


def test_etcd_refuses_who_has_no_certificate(seen: dict[str, Any]) -> None:
    assert seen["etcd_without_certificate"] != 0


def test_a_secret_is_encrypted_at_rest(seen: dict[str, Any]) -> None:
    assert seen["stored"]["bytes"] > 0, "the Secret is in etcd"
    assert seen["stored"]["prefix"].startswith("k8s:enc:secretbox:v1:")
    assert not seen["stored"]["plain"]


def test_the_audit_log_tells_of_a_secret_but_not_what_is_in_it(seen: dict[str, Any]) -> None:
    # A Secret is not named in the request's address when it is created, but it is in the audit record.
    records = [json.loads(record) for record in seen["audit"]["records"]]
    assert [(r["verb"], r["level"], r["user"]["username"]) for r in records] == [
        ("create", "Metadata", "govcloud:engine")
    ]
    assert not seen["audit"]["plain"]


def test_audit_files_are_kept_for_six_months(seen: dict[str, Any]) -> None:
    command = seen["processes"]["kube-apiserver"]["command"]
    flags = dict(flag.removeprefix("--").split("=", 1) for flag in command if flag.startswith("--"))
    assert int(flags["audit-log-maxage"]) >= 180


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/version", "/api", "/apis", "/openid/v1/jwks"])
def test_an_anonymous_request_is_refused(api: Api, path: str) -> None:
    status, _ = api.ask("GET", path, certificate=None)
    assert status == http.HTTPStatus.UNAUTHORIZED


def token(api: Api, *, algorithm: str, signature: bytes) -> str:
    """What the identity service would say of an administrator, if anybody had signed it."""
    now = int(time.time())
    said = {
        "iss": api.issuer or "https://identity.invalid/realms/govcloud",
        "aud": api.audience,
        "sub": "probe",
        "preferred_username": "probe",
        "groups": ["govcloud:system-administrators"],
        "iat": now,
        "exp": now + 45,
    }
    parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "typ": "JWT", "kid": "probe"}, said)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


@pytest.mark.parametrize(("algorithm", "signature"), [("none", b""), ("RS256", b"forged" * 40), ("HS256", b"x" * 32)])
def test_a_token_that_nobody_signed_is_refused(api: Api, algorithm: str, signature: bytes) -> None:
    forged = token(api, algorithm=algorithm, signature=signature)
    status, _ = api.ask("GET", "/version", certificate=None, token=forged)
    assert status == http.HTTPStatus.UNAUTHORIZED


def test_tokens_are_taken_of_the_identity_service_alone(seen: dict[str, Any], api: Api) -> None:
    command = seen["processes"]["kube-apiserver"]["command"]
    flags = [flag for flag in command if flag.startswith("--authentication-config=")]
    path = "/etc/kubernetes/kube-apiserver/authentication.yaml"
    assert flags == ([f"--authentication-config={path}"] if api.issuer else [])
    assert (path in seen["files"]) == bool(api.issuer)
    assert "--anonymous-auth=false" in command


def test_a_certificate_of_the_store_does_not_open_the_api(api: Api) -> None:
    status, _ = api.ask("GET", "/version", certificate="kube-apiserver-etcd-client")
    assert status == http.HTTPStatus.UNAUTHORIZED


def test_the_control_plane_is_ready(api: Api) -> None:
    status, answer = api.ask("GET", "/readyz?verbose")
    assert status == http.HTTPStatus.OK, answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused_by_the_server(api: Api, version: ssl.TLSVersion) -> None:
    context = api.context(None)
    # OpenSSL would not even offer it otherwise.
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    connection = http.client.HTTPSConnection(api.address, api.port, timeout=TIMEOUT, context=context)
    with pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version"):
        connection.connect()


def test_a_privileged_pod_is_refused(api: Api) -> None:
    # By the API server as a whole, so no namespace's labels can let it in.
    status, answer = api.ask("POST", "/api/v1/namespaces/default/pods?dryRun=All", body=pod(privileged=True))
    assert status in {http.HTTPStatus.FORBIDDEN, http.HTTPStatus.UNPROCESSABLE_ENTITY}, answer
    assert "privileged" in answer["message"]


def test_an_unrestricted_pod_is_refused_where_nothing_else_is_said(api: Api) -> None:
    status, answer = api.ask("POST", "/api/v1/namespaces/default/pods?dryRun=All", body=pod())
    assert status == http.HTTPStatus.FORBIDDEN, answer
    assert 'violates PodSecurity "restricted' in answer["message"]


def test_a_restricted_pod_is_accepted(api: Api) -> None:
    body = pod(
        allowPrivilegeEscalation=False,
        runAsNonRoot=True,
        capabilities={"drop": ["ALL"]},
        seccompProfile={"type": "RuntimeDefault"},
    )
    status, answer = api.ask("POST", "/api/v1/namespaces/default/pods?dryRun=All", body=body)
    assert status == http.HTTPStatus.CREATED, answer


def test_the_api_server_names_the_key_it_was_given(api: Api) -> None:
    # What clients trust and what the server shows belong together, also after a renewal.
    expected = hashlib.sha256(ssl.PEM_cert_to_DER_cert((api.pki / "kube-apiserver.crt").read_text("ascii"))).hexdigest()
    shown = ssl.get_server_certificate((api.address, api.port), timeout=TIMEOUT)
    assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest() == expected
