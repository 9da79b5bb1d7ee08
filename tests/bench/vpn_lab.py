"""The gateway of the role `sslvpn`, Keycloak, and a plain TLS proxy on the same paths, in namespaces of their own.

    laptop a -- openconnect ------------- ocserv  (gateway) -- back end
             -- haproxy ------ TLS ------ haproxy (gateway) -- back end

Both ways start and end at the same programs; neither has a firewall on it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any, Final

import yaml

from tests.support import accounts, vpn_client, vpn_gateway, vpn_identity, vpn_pki

ROOT: Final = pathlib.Path(__file__).parents[2]
GATEWAY: Final = "10.30.0.22"
PAGES, BYTES, LOCAL = 8443, 9443, 9000
PEOPLE: Final = tuple(f"probe-{number:02}" for number in range(40))
WITHOUT_CODE: Final = PEOPLE[-8:]
"""They log in with the password alone, at Keycloak and by another client than the gateway's."""
_GROUP: Final[dict[str, Any]] = {
    "id": "staff",
    "pool": vpn_gateway.POOL,
    "pool6": vpn_gateway.POOL6,
    "routes": ["10.20.0.0/24", "fd20::/64"],
    "dns": [],
}
_PROXY: Final = """
global
    # As the role identity has it; of its ciphers the one that the tunnel takes.
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    ssl-default-bind-ciphers ECDHE+AESGCM
    ssl-default-bind-ciphersuites TLS_AES_256_GCM_SHA384
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""
_AT_GATEWAY: Final = """
listen pages
    bind {gateway}:{pages} ssl crt {folder}/proxy.pem verify required ca-file {folder}/people-ca.crt
    server one {back_end}:{port}
listen bytes
    bind {gateway}:{bytes} ssl crt {folder}/proxy.pem
    server one {back_end}:{local}
"""
_AT_LAPTOP: Final = """
listen bytes
    bind 127.0.0.1:{local}
    server one {gateway}:{bytes} ssl verify required ca-file {folder}/services-ca.crt sni str({host}) verifyhost {host}
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lab:
    """Everything that runs; its programs as the processes that they began with."""

    world: vpn_gateway.World
    gateway: int
    identity: int
    proxies: tuple[int, int]
    """At the gateway, and at the laptop."""
    codes: dict[str, accounts.Codes]
    certificates: dict[str, pathlib.Path]
    """Person -> certificate and key in one file."""

    def get_in(self, person: str, *more: str) -> vpn_client.Session:
        """Log in and bring the tunnel up, with certificate, password and code."""
        file = str(self.certificates[person])
        credentials = _Credentials(certificate=file, key=file, more=more)
        secret = vpn_identity.PASSWORD + self.codes[person].next()
        return vpn_client.connect(self.world.laptop("a"), credentials, user=person, secret=secret)

    def page(self, person: str) -> None:
        """Fetch a page by the proxy, with a new connection and the person's certificate."""
        address = f"https://{vpn_gateway.HOST}:{PAGES}/"
        command = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "40"]
        command += ["--resolve", f"{vpn_gateway.HOST}:{PAGES}:{GATEWAY}"]
        command += ["--cacert", str(self.world.folder / "services-ca.crt"), "--cert", str(self.certificates[person])]
        done = self.world.run("laptop-a", *command, address, check=False)
        assert done.returncode == 0, done.stderr
        assert "Directory listing" in done.stdout


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Credentials(vpn_client.Credentials):
    more: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """With openconnect's further options."""
        return [*super().arguments(), *self.more]


@contextlib.contextmanager
def running() -> Iterator[Lab]:
    """Run everything; remove it after the block."""
    variables = {
        "sslvpn_groups": [_GROUP],
        "sslvpn_people": [{"person": person, "group": "staff"} for person in PEOPLE],
    }
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="gct-vpn-", dir="/var/tmp"))
        stack.callback(shutil.rmtree, folder)
        world = stack.enter_context(vpn_gateway.world(folder, variables))
        stack.enter_context(vpn_gateway.back_end(world))
        other = [sys.executable, "-m", "tests.bench.transfers", "serve", vpn_gateway.BACK_END, str(LOCAL)]
        stack.enter_context(_program(world, "inside", other, f"{vpn_gateway.BACK_END}:{LOCAL}"))
        proxies = _proxies(stack, world)
        identity = vpn_identity.running(world, PEOPLE, without_code=WITHOUT_CODE, java=java_options())
        service = stack.enter_context(identity)
        gateway = stack.enter_context(vpn_gateway.gateway(world))
        yield Lab(
            world=world,
            gateway=gateway.pid,
            identity=service.pid,
            proxies=proxies,
            codes={person: vpn_identity.codes_of(person) for person in PEOPLE},
            certificates={person: _certificate(world, person) for person in PEOPLE},
        )


def java_options() -> list[str]:
    """Java's options of the role `identity` that decide on its speed."""
    role = ROOT / "roles" / "identity"
    heap = yaml.safe_load((role / "defaults" / "main.yml").read_text("utf-8"))["identity_heap_mebibytes"]
    text = (role / "templates" / "java.j2").read_text("utf-8").replace("{{ identity_heap_mebibytes }}", str(heap))
    return [word for word in text.split() if word.startswith("-X")]


def _certificate(world: vpn_gateway.World, person: str) -> pathlib.Path:
    key = vpn_pki.new_key()
    certificate = world.people_authority.person(person, key.public_key())
    return vpn_pki.write(world.folder, f"{person}.pem", vpn_pki.pem(certificate), vpn_pki.key_pem(key))


def _proxies(stack: contextlib.ExitStack, world: vpn_gateway.World) -> tuple[int, int]:
    tls = world.base / "etc/ocserv/tls"
    parts = [(tls / name).read_bytes() for name in ("server.crt", "server.key")]
    vpn_pki.write(world.folder, "proxy.pem", *parts)
    vpn_pki.write(world.folder, "people-ca.crt", vpn_pki.pem(world.people_authority.certificate))
    values: dict[str, object] = {"gateway": GATEWAY, "pages": PAGES, "bytes": BYTES, "local": LOCAL}
    values |= {"folder": world.folder, "host": vpn_gateway.HOST}
    values |= {"back_end": vpn_gateway.BACK_END, "port": vpn_gateway.PORT}
    started = []
    places = (("gateway", _AT_GATEWAY, f"{GATEWAY}:{BYTES}"), ("laptop-a", _AT_LAPTOP, f"127.0.0.1:{LOCAL}"))
    for name, text, address in places:
        file = world.folder / f"proxy-{name}.cfg"
        file.write_text(_PROXY + text.format(**values))
        command = ["haproxy", "-db", "-f", str(file)]
        started.append(stack.enter_context(_program(world, name, command, address)).pid)
    return started[0], started[1]


@contextlib.contextmanager
def _program(
    world: vpn_gateway.World, name: str, command: list[str], address: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a namespace; wait until it listens."""
    output = world.folder / f"program-{name}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", "ip", "netns", "exec", world.namespace(name), *command],
            stdout=log,
            stderr=log,
            cwd=ROOT,
        )
    try:
        until = time.monotonic() + 30
        while address not in world.run(name, "ss", "-Hltn").stdout:
            if process.poll() is not None or time.monotonic() > until:
                raise TimeoutError(output.read_text())
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(20)
