"""The gateway of the role `sslvpn` in network namespaces: its templates and programs, real ocserv, no machine.

    laptops a and b (10.30.0.11, 10.30.99.12) -- gateway (10.30.0.22 | 10.20.0.22) -- inside (10.20.0.21, 10.20.0.30)

Laptop b is not in the gateway's own network: ocserv bans only such. `inside` stands for the external zone: the identity
service at .21, back ends at .30. The gateway's /etc/ocserv, /run and so on are bound over the host's in its own mount
namespace; what it logs comes to a socket of ours. Needs root.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from tests.support import vpn_client, vpn_pki

ROLES: Final = pathlib.Path(__file__).parents[2] / "roles"
HOST: Final = "vpn.yunxi.example"
IDENTITY: Final = "10.20.0.21"
BACK_END: Final = "10.20.0.30"
BACK_END6: Final = "fd20::30"
POOL, POOL6 = "10.21.0.0/24", "fd21::/112"
OTHER_POOL, OTHER_POOL6 = "10.22.0.0/24", "fd22::/112"
PORT: Final = 8080
_WIRES: Final = (
    # (namespace, device, addresses) of both ends
    (("wan", "port-g", ()), ("gateway", "internet", ("10.30.0.22/24", "fd30::22/64"))),
    (("wan", "port-a", ()), ("laptop-a", "wan", ("10.30.0.11/24", "fd30::11/64"))),
    (("wan", "port-b", ()), ("laptop-b", "wan", ("10.30.99.12/24", "fd30:0:0:99::12/64"))),
    (
        ("inside", "external", (f"{IDENTITY}/24", f"{BACK_END}/24", "fd20::21/64", f"{BACK_END6}/64")),
        ("gateway", "external", ("10.20.0.22/24", "fd20::22/64")),
    ),
)
_ROUTES: Final = (
    ("gateway", "10.30.99.0/24 dev internet"),
    ("laptop-b", "10.30.0.0/24 dev wan"),
    ("inside", f"{POOL} via 10.20.0.22"),
    ("inside", f"{OTHER_POOL} via 10.20.0.22"),
    ("inside", f"{POOL6} via fd20::22"),
    ("inside", f"{OTHER_POOL6} via fd20::22"),
)
# As the role `baseline` sets them where packets are forwarded.
_SYSCTL: Final = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.conf.all.rp_filter=1",
    "net.ipv4.conf.default.rp_filter=1",
)
_START: Final = r"""
set -e
base=$0
mkdir -p "$base/dev/net"
mount -t tmpfs -o mode=755 none "$base/dev"
cp -a /dev/null /dev/zero /dev/random /dev/urandom /dev/tty "$base/dev/"
mkdir "$base/dev/net"
cp -a /dev/net/tun "$base/dev/net/"
ln -s "$base/../log.sock" "$base/dev/log"
for place in etc/ocserv etc/pam.d var/log usr/local/lib run dev; do
  mount --bind "$base/$place" "/$place"
done
/usr/local/lib/govcloud-vpn/revocation.py
exec ocserv --foreground --pid-file /run/ocserv/pid --config /etc/ocserv/ocserv.conf
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """The namespaces, and the gateway's files."""

    prefix: str
    folder: pathlib.Path
    people_authority: vpn_pki.Authority
    services_authority: vpn_pki.Authority
    log: list[str]
    """What ocserv said, line by line."""

    @property
    def base(self) -> pathlib.Path:
        """The gateway's own root."""
        return self.folder / "gateway"

    @property
    def audit_log(self) -> pathlib.Path:
        """What the gateway tells of every attempt and session."""
        return self.base / "var/log/govcloud/vpn.jsonl"

    def namespace(self, name: str) -> str:
        """Full name of a namespace."""
        return f"{self.prefix}-{name}"

    def run(self, name: str, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in a namespace."""
        command = ["ip", "netns", "exec", self.namespace(name), *argv]
        return subprocess.run(command, check=check, capture_output=True, text=True)

    def laptop(self, name: str, host_address: str = "10.30.0.22") -> vpn_client.Laptop:
        """Laptop `a` or `b`."""
        folder = self.folder / f"laptop-{name}-{time.time_ns()}"
        folder.mkdir()
        return vpn_client.Laptop(
            namespace=self.namespace(f"laptop-{name}"),
            folder=folder,
            ca=self.folder / "services-ca.crt",
            host=HOST,
            address=host_address,
        )

    def publish(self, content: bytes | None) -> None:
        """Publish a list of revoked certificates, or take it away."""
        if content is None:
            (self.base / "etc/ocserv/tls/vpn-ca.crl").unlink()
        else:
            vpn_pki.write(self.base / "etc/ocserv/tls", "vpn-ca.crl", content)

    def forget_attempts(self) -> None:
        """Start counting failures anew."""
        (self.base / "run/ocserv-state/attempts.db").unlink(missing_ok=True)


@contextlib.contextmanager
def world(folder: pathlib.Path, variables: Mapping[str, Any]) -> Iterator[World]:
    """Make the namespaces and the gateway's files; `variables` are the role's, without files."""
    log: list[str] = []
    one = World(
        prefix=f"gct-vpn{os.getpid()}",
        folder=folder,
        people_authority=vpn_pki.Authority.new("vpn-ca"),
        services_authority=vpn_pki.Authority.new("services-ca"),
        log=log,
    )
    with contextlib.ExitStack() as stack:
        for name in ("wan", "gateway", "laptop-a", "laptop-b", "inside"):
            _ip("netns", "add", one.namespace(name))
            stack.callback(_ip, "netns", "delete", one.namespace(name))
        _wire(one)
        _write_files(one, variables)
        stack.enter_context(_logging(folder / "log.sock", log))
        yield one


@contextlib.contextmanager
def gateway(one: World) -> Iterator[subprocess.Popen[bytes]]:
    """Run the gateway."""
    command = ["ip", "netns", "exec", one.namespace("gateway"), "sh", "-c", _START, str(one.base)]
    with (one.folder / "gateway.log").open("ab") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", *command], stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_for_port(one, process)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)


def reload(one: World, process: subprocess.Popen[bytes]) -> str:
    """What the unit does on a reload; what the first program said."""
    said = in_gateway(one, process, "/usr/local/lib/govcloud-vpn/revocation.py")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    return said.stderr


def in_gateway(one: World, process: subprocess.Popen[bytes], *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a command where the gateway's files and its network are."""
    command = ["nsenter", f"--target={process.pid}", "--mount", "--net", "--", *argv]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@contextlib.contextmanager
def back_end(one: World) -> Iterator[None]:
    """Serve pages at the back end, over both families."""
    program = (
        "import http.server,socket,sys\nclass S(http.server.ThreadingHTTPServer):\n address_family=socket.AF_INET6\n"
    )
    program += "http.server.test(http.server.SimpleHTTPRequestHandler,S,port=int(sys.argv[1]),bind='::')"
    place = one.folder / "pages"
    place.mkdir(exist_ok=True)
    with (one.folder / "back-end.log").open("ab") as output:
        command = ["ip", "netns", "exec", one.namespace("inside"), sys.executable, "-u", "-c", program, str(PORT)]
        process = subprocess.Popen(["setpriv", "--pdeathsig=TERM", *command], cwd=place, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 10
        while not vpn_client.reaches(one.namespace("inside"), f"http://{BACK_END}:{PORT}/"):
            if time.monotonic() > until:
                raise TimeoutError((one.folder / "back-end.log").read_text())
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def render(folder: pathlib.Path, role: str, variables: Mapping[str, Any], templates: Mapping[str, str]) -> None:
    """Write a role's templates (name to file) as Ansible does it."""
    tasks = [
        {"ansible.builtin.template": {"src": str(ROLES / role / "templates" / name), "dest": target, "mode": "0600"}}
        for name, target in templates.items()
    ]
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [str(ROLES / role / part / "main.yml") for part in ("defaults", "vars")],
        "tasks": tasks,
    }
    # More than the role's own variables, which more of them shall go before.
    more = folder / f"render-{role}-variables.json"
    more.write_text(json.dumps({**variables, "ansible_python_interpreter": sys.executable}))
    file = folder / f"render-{role}.json"
    file.write_text(json.dumps([play]))
    playbook = pathlib.Path(sys.executable).with_name("ansible-playbook")
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [str(playbook), "-i", "localhost,", "-e", f"@{more}", str(file)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


def _write_files(one: World, variables: Mapping[str, Any]) -> None:
    base, programs = one.base, one.base / "usr/local/lib/govcloud-vpn"
    tls, people = base / "etc/ocserv/tls", base / "etc/ocserv/people"
    for place in (programs, tls, people, base / "var/log/govcloud", base / "run/ocserv", base / "run/ocserv-state"):
        place.mkdir(parents=True)
    (base / "dev").mkdir()
    (base / "run/ocserv").chmod(0o711)
    (base / "run/ocserv/control").mkdir(mode=0o700)
    for program in (ROLES / "sslvpn/files").glob("*.py"):
        shutil.copy(program, programs)
        (programs / program.name).chmod(0o755)
    shutil.copytree("/etc/pam.d", base / "etc/pam.d")
    given = {
        "ansible_managed": "Ansible managed",
        "sslvpn_listen_addresses": ["10.30.0.22"],
        "sslvpn_identity_url": f"https://{IDENTITY}/realms/govcloud",
        **variables,
        "_sslvpn_state": "/run/ocserv-state",
    }
    names = {
        "ocserv.conf.j2": base / "etc/ocserv/ocserv.conf",
        "gate.json.j2": base / "etc/ocserv/gate.json",
        "pam.j2": base / "etc/pam.d/ocserv",
    }
    render(one.folder, "sslvpn", given, {name: str(target) for name, target in names.items()})
    for person in given["sslvpn_people"]:
        group = next(group for group in given["sslvpn_groups"] if group["id"] == person["group"])
        lines = [f"ipv4-network = {group['pool']}", f"ipv6-network = {group['pool6']}", "ipv6-subnet-prefix = 128"]
        lines += [f"route = {route}" for route in group["routes"]]
        (people / person["person"]).write_text("\n".join(lines) + "\n")
    (base / "etc/ocserv/identity-secret").write_text("test-secret-of-the-gateway\n")
    key = vpn_pki.new_key()
    certificate = one.services_authority.server(key, HOST, "10.30.0.22")
    services, authority = vpn_pki.pem(one.services_authority.certificate), vpn_pki.pem(one.people_authority.certificate)
    vpn_pki.write(one.folder, "services-ca.crt", services)
    vpn_pki.write(tls, "identity-ca.crt", services)
    vpn_pki.write(tls, "server.crt", vpn_pki.pem(certificate))
    vpn_pki.write(tls, "server.key", vpn_pki.key_pem(key))
    vpn_pki.write(tls, "vpn-ca.crt", authority)
    one.publish(vpn_pki.pem(one.people_authority.revocations()))


def _wire(one: World) -> None:
    for near, far in _WIRES:
        for (name, device, _), (other, other_device, _) in ((near, far),):
            _ip(
                *("link", "add", device, "netns", one.namespace(name), "type", "veth"),
                *("peer", "name", other_device, "netns", one.namespace(other)),
            )
        for name, device, addresses in (near, far):
            for address in addresses:
                one.run(name, "ip", "address", "add", address, "dev", device, *(["nodad"] if ":" in address else []))
            one.run(name, "ip", "link", "set", device, "up")
    one.run("wan", "ip", "link", "add", "switch", "type", "bridge")
    for device in ("port-g", "port-a", "port-b"):
        one.run("wan", "ip", "link", "set", device, "master", "switch")
    one.run("wan", "ip", "link", "set", "switch", "up")
    for name in ("gateway", "laptop-a", "laptop-b", "inside"):
        one.run(name, "ip", "link", "set", "lo", "up")
    for setting in _SYSCTL:
        one.run("gateway", "sysctl", "-qw", setting)
    for name, route in _ROUTES:
        one.run(name, "ip", "-6" if route.startswith("fd") else "-4", "route", "add", *route.split())


def _wait_for_port(one: World, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if ":443" in one.run("gateway", "ss", "-Hltn").stdout:
            return
        time.sleep(0.1)
    raise TimeoutError((one.folder / "gateway.log").read_text() + "\n".join(one.log))


@contextlib.contextmanager
def _logging(place: pathlib.Path, log: list[str]) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(place))
        place.chmod(0o666)
        listener.settimeout(0.5)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    log.append(listener.recv(65536).decode("utf-8", "replace"))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def load_variables(text: str) -> dict[str, Any]:
    """Role variables out of YAML."""
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def matching(log: Sequence[str], *words: str) -> list[str]:
    """Lines that hold all of `words`."""
    return [line for line in log if all(word in line for word in words)]
