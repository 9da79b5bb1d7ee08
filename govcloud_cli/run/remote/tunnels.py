"""What `verify` tries at the gateway from a client machine: it comes in, and is refused, and looks what it reaches.

Keys lie in memory only (tmpfs, 0700). Everything that is started here ends here, and by itself if this is killed.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any

from govcloud_cli.run.remote import openconnect

_STEP = 30
_PAUSE = 1.2
"""Seconds between wrong passwords: the identity service takes two in one second for a machine's."""
_PACKETS = "\nimport json, sys\nprint(json.dumps(main(json.loads({argument!r}))))\n"


def main(argument: dict[str, Any]) -> dict[str, str]:
    """`{address, port, authority, packets, timeout, certificates, group}` to `{probe id: outcome}`.

    `certificates`: name to PEM of certificate and key. `packets`: the text of `packets.py`.
    `group`: `{person, password, codes: {counter: code}, attempts, probes: [...], other: {password, codes}}`.
    Outcomes: `allowed`, `forbidden`, those of `packets.py`, and `error: …`.
    """
    seen: dict[str, str] = {}
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: sys.exit(1))
    with contextlib.ExitStack() as until:
        folder = pathlib.Path(until.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm", prefix="probe-")))
        run = _Run(argument, folder, until)
        for act, step in _STEPS:
            for probe in run.of(act):
                try:
                    seen[probe["id"]] = step(run, probe)
                except (OSError, subprocess.SubprocessError, openconnect.UnableError) as error:
                    seen[probe["id"]] = "error: " + type(error).__name__ + ": " + str(error)[:300]
            seen.update(run.take())
    return seen


class _Run:
    """What one group's probe person does, in order."""

    def __init__(self, argument: dict[str, Any], folder: pathlib.Path, until: contextlib.ExitStack) -> None:
        self.argument, self.group = argument, argument["group"]
        self.used: set[int] = set()
        self.last_code = ""
        self.first_cookie = ""
        self.tunnel: openconnect.Tunnel | None = None
        self.second: openconnect.Tunnel | None = None
        self.gathered: dict[str, str] = {}
        self.failed_at = 0.0
        self.client = openconnect.Client(argument, self.group["person"], folder, until)

    def of(self, act: str) -> list[dict[str, Any]]:
        """The probes of an act; of packets all together, by the first of them."""
        found = [probe for probe in self.group["probes"] if probe["act"] == act]
        return found[:1] if act in ("before", "through") else found

    def take(self) -> dict[str, str]:
        """What a step saw of more than its own probe."""
        found, self.gathered = self.gathered, {}
        return found

    def code(self) -> str:
        """A code that was not used yet; waits for the next half minute if there is none."""
        while True:
            now = int(time.time()) // _STEP
            free = [counter for counter in (now - 1, now, now + 1) if counter not in self.used]
            if free:
                self.used.add(free[0])
                self.last_code = self.group["codes"][str(free[0])]
                return str(self.last_code)
            time.sleep(1)

    def wrong(self, certificate: str | None, secret: str) -> str:
        """An attempt that must fail, no sooner after the last than the identity service takes for a person's."""
        time.sleep(max(0.0, self.failed_at + _PAUSE - time.monotonic()))
        try:
            return _told(self.client.log_in(certificate, secret))
        finally:
            self.failed_at = time.monotonic()

    def packets(self, act: str, keeper: int | None) -> str:
        """Send all packets of an act; the outcome of the first, the others are gathered."""
        own = [probe for probe in self.group["probes"] if probe["act"] == act]
        job = {
            "timeout": self.argument["timeout"],
            "probes": [
                {"id": one["id"], "address": one["target"], "port": one["port"], "protocol": one["protocol"]}
                for one in own
            ],
        }
        text = self.argument["packets"] + _PACKETS.format(argument=json.dumps(job))
        argv = [] if keeper is None else ["nsenter", f"--net=/proc/{keeper}/ns/net", "--"]
        done = subprocess.run(
            [*argv, "python3", "-"], input=text, capture_output=True, text=True, timeout=60, check=True
        )
        self.gathered = json.loads(done.stdout)
        return self.gathered[own[0]["id"]]


def _before(run: _Run, _: dict[str, Any]) -> str:
    return run.packets("before", None)


def _log_in(run: _Run, _: dict[str, Any]) -> str:
    run.first_cookie = run.client.log_in("good", run.group["password"] + run.code())
    run.tunnel = run.client.bring_up("good", run.first_cookie) if run.first_cookie else None
    return "forbidden" if run.tunnel is None else "allowed"


def _through(run: _Run, probe: dict[str, Any]) -> str:
    if run.tunnel is not None:
        return run.packets(probe["act"], run.tunnel.keeper)
    own = [one["id"] for one in run.group["probes"] if one["act"] == probe["act"]]
    run.gathered = dict.fromkeys(own, "error: there is no tunnel")
    return run.gathered[probe["id"]]


def _stolen_cookie(run: _Run, _: dict[str, Any]) -> str:
    """Without a certificate; then, to show that the cookie was good, with its owner's."""
    cookie = run.client.log_in("good", run.group["password"] + run.code())
    if not cookie:
        raise openconnect.UnableError("the log-in before it was refused")
    stolen = run.client.bring_up(None, cookie)
    if stolen is not None:
        stolen.end()
        return "allowed"
    run.second = run.client.bring_up("good", cookie)
    if run.second is None:
        raise openconnect.UnableError("its owner was refused as well")
    return "forbidden"


def _spoofed(run: _Run, _: dict[str, Any]) -> str:
    """From the first tunnel with the second one's address: no answer may come there."""
    first, second = run.tunnel, run.second
    back_end = next((one for one in run.group["probes"] if one["act"] == "through" and one["expected"] == "open"), None)
    if first is None or second is None or back_end is None:
        raise openconnect.UnableError("there are no two tunnels, or nothing to reach")
    command = ["nsenter", f"--net=/proc/{first.keeper}/ns/net", "ip", "address", "add", f"{second.lease}/32"]
    subprocess.run([*command, "dev", first.device], check=True, capture_output=True, timeout=10)
    with contextlib.ExitStack() as until:
        with openconnect.inside(second.keeper):
            ears = until.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003)))
            ears.bind((second.device, 0))
        for source, expected in ((second.lease, False), (first.lease, True)):
            with openconnect.inside(first.keeper):
                mouth = until.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            mouth.settimeout(1.5)
            mouth.bind((source, 0))
            answered = True
            try:
                mouth.connect((back_end["target"], back_end["port"]))
            except OSError:
                answered = False
            if not expected and (answered or _heard(ears, back_end["target"])):
                return "allowed"
            if expected and not answered:
                raise openconnect.UnableError("with its own address nothing comes back either")
    return "forbidden"


def _heard(ears: socket.socket, address: str) -> bool:
    ears.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            packet = ears.recv(2048)
            if packet[:1] == b"\x45" and packet[12:16] == socket.inet_aton(address):
                return True
    return False


def _replayed_cookie(run: _Run, _: dict[str, Any]) -> str:
    for tunnel in (run.second, run.tunnel):
        if tunnel is not None:
            tunnel.end()
    if run.tunnel is None:
        raise openconnect.UnableError("there was no session")
    again = run.client.bring_up("good", run.first_cookie)
    if again is not None:
        again.end()
    return _told("" if again is None else "cookie")


def _secret(run: _Run, probe: dict[str, Any]) -> str:
    codes, now = run.group["codes"], int(time.time()) // _STEP
    known = {codes[str(counter)] for counter in range(now - 2, now + 3)}
    wrong = next(code for code in (f"{number:06d}" for number in range(10)) if code not in known)
    late, early = codes[str(now - 10)], codes[str(now + 10)]
    chosen = {"wrong-code": wrong, "reused-code": run.last_code, "late-code": late, "early-code": early}
    return run.wrong("good", run.group["password"] + chosen[probe["act"]])


def _others_password(run: _Run, _: dict[str, Any]) -> str:
    other = run.group["other"]
    return run.wrong("good", other["password"] + other["codes"][str(int(time.time()) // _STEP)])


def _handshake(run: _Run, probe: dict[str, Any]) -> str:
    """The code is right and stays unused: who has no good certificate is not asked for it."""
    code = run.group["codes"][str(int(time.time()) // _STEP + 1)]
    certificate = None if probe["act"] == "no-certificate" else probe["act"]
    return _told(run.client.log_in(certificate, run.group["password"] + code))


def _still_good(run: _Run, _: dict[str, Any]) -> str:
    return _told(run.client.log_in("good", run.group["password"] + run.code()))


def _spraying(run: _Run, _: dict[str, Any]) -> str:
    # Without digits at the end the gateway itself refuses, and the identity service locks nobody.
    for _number in range(run.group["attempts"]):
        if run.client.log_in("good", "Summer-of-2026"):
            return "allowed"
    # Any code of now: who is banned is not asked, and the gateway's own words show that it was that.
    code = run.group["codes"][str(int(time.time()) // _STEP)]
    return _told(run.client.log_in("good", run.group["password"] + code))


def _told(cookie: str) -> str:
    return "allowed" if cookie else "forbidden"


_STEPS: tuple[tuple[str, Any], ...] = (
    ("before", _before),
    ("log-in", _log_in),
    ("through", _through),
    ("cookie-without-certificate", _stolen_cookie),
    ("spoofed-source", _spoofed),
    ("cookie-after-log-out", _replayed_cookie),
    ("no-certificate", _handshake),
    ("other-authority", _handshake),
    ("revoked", _handshake),
    ("expired", _handshake),
    # Each of these is counted; one more, and the address would be banned.
    ("wrong-code", _secret),
    ("reused-code", _secret),
    ("late-code", _secret),
    ("still-good", _still_good),
    ("early-code", _secret),
    ("others-password", _others_password),
    ("without-person", _handshake),
    ("password-spraying", _spraying),
)
