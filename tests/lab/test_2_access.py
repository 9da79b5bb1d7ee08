"""Who came in and who did not, in the audit of a real platform: from real log-ins, whatever happened meanwhile."""

from __future__ import annotations

import base64
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from govcloud_cli.governance import chain
from govcloud_cli.run.access import collecting
from tests.lab import conftest, driver
from tests.support import accounts, soft_tokens, vpn_client, vpn_token

pytestmark = pytest.mark.lab

PASSWORD = "Correct-horse-7"
PERSON, LOCKED = "chen.zhiqiang", "sun.xiaoyan"
OFFICE, OUTSIDE, ENGINEER = "10.20.0.100", "10.30.0.100", "172.31.20.1"

# Argument: [[person, password, code], …]; logs in with a browser's forms, and says where each came to.
BROWSER = """
import json, socket, ssl, sys, time
from tests.support import logging_in
given = json.load(sys.stdin)
known = socket.getaddrinfo
socket.getaddrinfo = lambda host, *more, **named: known(given["address"], *more, **named)
class Server:
    url = "https://" + given["host"]
    def tls(self):
        return ssl.create_default_context(cafile=given["ca"])
came = []
for name, password, code in given["attempts"]:
    # Two failures in one second are a machine's, and would lock the account for a minute.
    time.sleep(1.5)
    person = logging_in.Person(Server())
    _, page, _ = person.begin("govcloud-cli", "http://127.0.0.1:18000/callback")
    _, page, where = person.fill(page, username=name, password=password)
    if code and not where and "otp" in page:
        _, page, where = person.fill(page, otp=code)
    came.append("code=" in where)
print(json.dumps(came))
"""
# What the tunnel's device needs to be in another network than the laptop's, whose firewall knows no tunnels.
MOVE = """#!/bin/sh
set -e
test "$reason" = connect || exit 0
ip link set dev "$TUNDEV" netns "$GCT_INSIDE"
there() { ip netns exec "$GCT_INSIDE" "$@"; }
there ip link set dev "$TUNDEV" up mtu 1280
there ip address add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
there ip route add 10.20.0.0/24 dev "$TUNDEV"
env > "$GCT_STATE.new"
mv "$GCT_STATE.new" "$GCT_STATE"
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """The lab with people who have what they need to log in."""

    cloud: driver.Cloud
    folder: pathlib.Path
    codes: dict[str, accounts.Codes]
    token: pathlib.Path
    inside: str
    """The network at the tunnel's end."""
    person: str = PERSON
    """Who has the token."""

    @property
    def side(self) -> Any:
        return self.cloud.sides["external"]

    @property
    def pki(self) -> pathlib.Path:
        return self.cloud.space.side(self.side.side).pki

    def namespace(self, machine: str) -> str:
        return f"{self.cloud.space.prefix}-ext-m-{machine}"

    def browse(self, *attempts: tuple[str, str, str]) -> list[bool]:
        """Log in from the office; tell which attempt came through."""
        given = {"address": "10.20.0.21", "host": "external-identity", "ca": str(self.pki / "services-ca.crt")}
        command = ["ip", "netns", "exec", self.namespace("external-client"), sys.executable, "-c", BROWSER]
        told = json.dumps({**given, "attempts": attempts})
        done = subprocess.run(command, input=told, cwd=driver.ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found: list[bool] = json.loads(done.stdout)
        return found

    def connect(self, secret: str, *, certificate: bool = True) -> subprocess.Popen[bytes] | str:
        """The tunnel of the person, or what openconnect said to its end."""
        script, state, log = self.folder / "move", self.folder / f"state-{time.time_ns()}", self.folder / "openconnect"
        script.write_text(MOVE)
        script.chmod(0o700)
        url = f"pkcs11:token=staff;object=govcloud%3A{self.person};type={{}}?pin-value={vpn_token.PIN}"
        given = [f"--certificate={url.format('cert')}", f"--sslkey={url.format('private')}"] if certificate else []
        command = [
            "setpriv",
            "--pdeathsig=TERM",
            "ip",
            "netns",
            "exec",
            self.namespace("internet-client"),
            "openconnect",
        ]
        command += [f"--cafile={self.pki / 'services-ca.crt'}", "--no-system-trust", "--non-inter", "--no-proxy"]
        command += ["--resolve=gateway:10.30.0.22", f"--user={self.person}", "--passwd-on-stdin", f"--script={script}"]
        more = {"GCT_STATE": str(state), "GCT_INSIDE": self.inside, "SOFTHSM2_CONF": str(self.token)}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, *given, "https://gateway/"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **more},
            )
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(f"{secret}\n".encode())
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None and not state.exists():
            time.sleep(0.1)
        if state.exists():
            return process
        process.kill()
        process.wait(10)
        return log.read_text("utf-8", "replace")

    def secret(self) -> str:
        return PASSWORD + self.codes[self.person].next()


@pytest.fixture(scope="module")
def world(lab: conftest.Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with made(lab.cloud, tmp_path_factory.mktemp("access"), PERSON, LOCKED) as found:
        yield found


@contextlib.contextmanager
def made(cloud: driver.Cloud, folder: pathlib.Path, *people: str) -> Iterator[World]:
    """People with password, code and, the first of them, a token."""
    cloud.run("people sync")
    secret = folder / "password"
    secret.write_text(PASSWORD)
    codes = {}
    for person in people:
        told = cloud.json("people enrol", person, "--password-file", str(secret))
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(told["otpauth"]).query)
        codes[person] = accounts.Codes(secret=_decoded(query["secret"][0]))
    token = soft_tokens.configure(folder)
    soft_tokens.add(token, "staff", vpn_token.PIN)
    pin = folder / "pin"
    pin.write_text(vpn_token.PIN)
    inside = f"gct-access-{os.getpid()}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(token))
        module = ("--module", soft_tokens.module())
        cloud.run("vpn issue", "--person", people[0], "--token", "staff", *module, "--pin-file", str(pin))
        subprocess.run(("ip", "netns", "add", inside), check=True)
        try:
            yield World(cloud=cloud, folder=folder, codes=codes, token=token, inside=inside, person=people[0])
        finally:
            subprocess.run(("ip", "netns", "delete", inside), check=True)


def _decoded(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


@pytest.fixture(scope="module")
def events(world: World) -> list[dict[str, Any]]:
    return happened(world)


def happened(world: World) -> list[dict[str, Any]]:
    """Everything happens that is audited, and to the collector what can; then what the audit has of it."""
    cloud = world.cloud
    code = world.codes[PERSON].next()
    assert world.browse((PERSON, PASSWORD, code), (PERSON, "Wrong-horse-7", ""), (PERSON, PASSWORD, "000000")) == [
        True,
        False,
        False,
    ]
    assert not any(world.browse(*[(LOCKED, "Wrong-horse-7", "")] * 6))
    assert world.browse((LOCKED, PASSWORD, world.codes[LOCKED].next())) == [False], "locked out, with everything right"
    cloud.run("audit collect")
    tunnel = world.connect(world.secret())
    assert isinstance(tunnel, subprocess.Popen), tunnel
    assert vpn_client.reaches(world.inside, "https://10.20.0.21/", seconds=10) is False, "its name is another"
    _killed_midway(cloud)
    cloud.shell("gateway", "logrotate --force /etc/logrotate.d/govcloud-vpn")
    tunnel.send_signal(signal.SIGINT)
    tunnel.wait(30)
    assert isinstance(world.connect(f"{PASSWORD}000000"), str)
    assert isinstance(world.connect("", certificate=False), str)
    cloud.shell("gateway", "systemctl restart ocserv govcloud-vpn-log")
    cloud.shell("external-identity", "systemctl restart haproxy")
    cloud.run("vpn revoke", "--person", PERSON, "--reason", "lost")
    assert isinstance(world.connect(world.secret()), str)
    # The reader of the gateway's journal looks every two seconds.
    time.sleep(5)
    for _ in range(2):
        cloud.run("audit collect")
    found: list[dict[str, Any]] = cloud.json("audit access")["events"]
    return found


def _killed_midway(cloud: driver.Cloud) -> None:
    """A collector dies at whatever it does then; the lab's own tests kill at every place."""
    for seconds in (1.0, 2.5):
        process = cloud.start("audit collect")
        time.sleep(seconds)
        process.kill()
        process.communicate(timeout=30)


def some(events: list[dict[str, Any]], **fields: Any) -> list[dict[str, Any]]:
    return [one for one in events if all(one.get(name) == value for name, value in fields.items())]


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "log-in", "person": PERSON, "address": OFFICE, "client": "govcloud-cli"},
        {"event": "refused", "person": PERSON, "address": OFFICE, "reason": "invalid_user_credentials"},
        {"event": "refused", "person": LOCKED, "address": OFFICE, "reason": "user_temporarily_disabled"},
        {"event": "log-in", "person": PERSON, "address": OUTSIDE, "client": "govcloud-vpn"},
        {"event": "refused", "person": PERSON, "address": OUTSIDE, "client": "govcloud-vpn"},
        {"event": "administered", "address": ENGINEER, "about": PERSON, "person": "service-account-govcloud-engine"},
    ],
)  # fmt: skip
def test_the_identity_service_tells_who_from_where_and_why(
    events: list[dict[str, Any]], fields: dict[str, str]
) -> None:
    assert some(events, source="identity", **fields), json.dumps(some(events, source="identity"), indent=1)


def test_the_gateway_tells_who_from_where_and_why(events: list[dict[str, Any]]) -> None:
    gateway = some(events, source="gateway", address=OUTSIDE)
    (began,) = some(gateway, event="began", person=PERSON)
    (ended,) = some(gateway, event="ended", person=PERSON)
    assert began["lease"] == ended["lease"]
    assert ended["bytesIn"] > 0
    assert ended["bytesOut"] > 0
    reasons = [str(one.get("reason")) for one in some(gateway, event="refused")]
    for part in ("refused by the identity service", "no certificate", "revoked"):
        assert any(part in reason for reason in reasons), (part, reasons)


def test_nothing_is_lost_and_nothing_is_there_twice(world: World, events: list[dict[str, Any]]) -> None:
    cloud = world.cloud
    written = cloud.shell("gateway", f"cat {collecting.LOG}*").splitlines()
    taken_there = some(events, source="gateway")
    for line in written:
        assert len(some(taken_there, **json.loads(line))) == 1, line
    assert len(taken_there) == len(written)
    stored = collections.Counter()  # type: ignore[var-annotated]
    for table, column, time_column in (
        ("event_entity", "type", "event_time"),
        ("admin_event_entity", "operation_type", "admin_event_time"),
    ):
        # What came after the collection is the collection's own log-in.
        newest = max(one["time"] for one in some(events, source="identity"))
        query = (
            f"SELECT {column}, count(*) FROM {table}"
            f" WHERE to_timestamp({time_column} / 1000.0) <= '{newest}' GROUP BY 1"
        )
        told = cloud.shell("external-db", f'cd / && runuser -u postgres -- psql -d keycloak -Atc "{query}"')
        stored.update({line.split("|")[0]: int(line.split("|")[1]) for line in told.splitlines()})
    taken = collections.Counter(str(one["type"]).partition(" ")[0] for one in some(events, source="identity"))
    assert taken == stored


def test_the_audit_holds_it_and_a_person_reads_it(world: World, events: list[dict[str, Any]]) -> None:
    cloud = world.cloud
    records = [one for one in cloud.audited("external") if one["action"] == chain.Action.ACCESS_COLLECTED.value]
    assert sum(one["details"]["lines"] for one in records) == len(events)
    assert not any(one["details"]["malformed"] or one["details"]["gaps"] for one in records)
    shown = cloud.run("audit access", "--person", PERSON).stdout
    for part in (OFFICE, OUTSIDE, "gateway ended", "identity log-in"):
        assert part in shown, shown


def test_people_sync_takes_it_along_and_so_does_a_deploy(world: World) -> None:
    for verb in ("people sync", "deploy"):
        done = world.cloud.run(verb)
        assert "access events taken into the audit" in done.stdout + done.stderr
