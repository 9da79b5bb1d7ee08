"""A real openconnect on a client machine, as `verify` runs it: it comes in, and is refused, and looks what it reaches.

The tunnel's device goes into a network namespace of its own, because the machine's own firewall knows none. Keys lie in
memory only (tmpfs, 0700). Everything that is started here ends here, and by itself if this is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any

_PATIENCE = 15.0
"""Seconds for one log-in, or for a tunnel to come up."""
_LONGEST = 240
"""Seconds after which the namespace's keeper ends whatever became of this."""
_COOKIE = re.compile(r"^COOKIE='?([^'\n]+)'?$", re.MULTILINE)
_UNREACHED = re.compile(
    r"Failed to connect to|Server certificate verify failed|getaddrinfo|timed out|unrecognized option", re.IGNORECASE
)
_STEP = 30
_PAUSE = 1.2
"""Seconds between wrong passwords: the identity service takes two in one second for a machine's."""
_CLONE_NEWNET = 0x40000000
_PACKETS = "\nimport json, sys\nprint(json.dumps(main(json.loads({argument!r}))))\n"
# Everything leads into the tunnel, not only what the gateway says: an attacker would not ask either.
_SCRIPT = """#!/bin/sh
set -e
test "$reason" = connect || exit 0
ip link set dev "$TUNDEV" netns "$PROBE_KEEPER"
inside() { nsenter --net="/proc/$PROBE_KEEPER/ns/net" ip "$@"; }
inside link set dev "$TUNDEV" up mtu "${INTERNAL_IP4_MTU:-1280}"
inside address add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
inside route add default dev "$TUNDEV"
if test -n "$INTERNAL_IP6_ADDRESS"; then
  inside -6 address add "${INTERNAL_IP6_ADDRESS%/*}/128" dev "$TUNDEV" nodad
  inside -6 route add default dev "$TUNDEV"
fi
printf '%s %s' "$TUNDEV" "$INTERNAL_IP4_ADDRESS" > "$PROBE_STATE.new"
mv "$PROBE_STATE.new" "$PROBE_STATE"
"""


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
                except (OSError, subprocess.SubprocessError, _UnableError) as error:
                    seen[probe["id"]] = "error: " + type(error).__name__ + ": " + str(error)[:300]
            seen.update(run.take())
    return seen


class _UnableError(Exception):
    """A probe could not be made."""


class _Tunnel:
    """An openconnect, and the namespace that its device is in."""

    def __init__(self, process: subprocess.Popen[bytes], keeper: int, state: str) -> None:
        self.process, self.keeper = process, keeper
        self.device, self.lease = state.split(" ")

    def end(self) -> None:
        """Log out as a person does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(10)


class _Run:
    """What one group's probe person does, in order."""

    def __init__(self, argument: dict[str, Any], folder: pathlib.Path, until: contextlib.ExitStack) -> None:
        self.argument, self.group, self.folder, self.until = argument, argument["group"], folder, until
        self.used: set[int] = set()
        self.last_code = ""
        self.first_cookie = ""
        self.tunnel: _Tunnel | None = None
        self.second: _Tunnel | None = None
        self.gathered: dict[str, str] = {}
        self.failed_at = 0.0
        for name, text in (("ca.crt", argument["authority"]), ("script", _SCRIPT), *self._files()):
            (folder / name).write_text(text)
        (folder / "script").chmod(0o700)

    def _files(self) -> list[tuple[str, str]]:
        return [(f"{name}.pem", text) for name, text in self.argument["certificates"].items()]

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

    def log_in(self, certificate: str | None, secret: str) -> str:
        """The cookie that a log-in gives; empty if it is refused."""
        command = self._command(certificate, [f"--user={self.group['person']}", "--passwd-on-stdin", "--authenticate"])
        done = subprocess.run(
            command, input=secret + "\n", capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        found = _COOKIE.search(done.stdout)
        if done.returncode == 0 and found is not None:
            return found.group(1)
        if _UNREACHED.search(done.stderr):
            raise _UnableError(done.stderr.strip()[-200:])
        return ""

    def bring_up(self, certificate: str | None, cookie: str) -> _Tunnel | None:
        """A tunnel with a cookie; None if the gateway refuses."""
        keeper = subprocess.Popen(["unshare", "--net", "--", "sleep", str(_LONGEST)])
        self.until.callback(_end, keeper)
        own = pathlib.Path("/proc/self/ns/net").readlink()
        until = time.monotonic() + 5
        while pathlib.Path(f"/proc/{keeper.pid}/ns/net").readlink() == own:
            if time.monotonic() > until:
                raise _UnableError("no network namespace")
            time.sleep(0.02)
        state, log = self.folder / f"state-{keeper.pid}", self.folder / f"log-{keeper.pid}"
        environment = {**os.environ, "PROBE_KEEPER": str(keeper.pid), "PROBE_STATE": str(state)}
        command = self._command(certificate, ["--cookie-on-stdin", "--no-dtls", f"--script={self.folder / 'script'}"])
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig=TERM", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        self.until.callback(_end, process)
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(f"{cookie}\n".encode())
        until = time.monotonic() + _PATIENCE
        while process.poll() is None and not state.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if state.exists():
            return _Tunnel(process, keeper.pid, state.read_text())
        told = log.read_text("utf-8", "replace")
        if process.poll() is None or _UNREACHED.search(told):
            raise _UnableError(told.strip()[-200:])
        return None

    def _command(self, certificate: str | None, more: list[str]) -> list[str]:
        fixed = [f"--cafile={self.folder / 'ca.crt'}", "--no-system-trust", "--non-inter", "--no-proxy"]
        fixed.append("--protocol=anyconnect")
        if certificate is not None:
            fixed.append(f"--certificate={self.folder / (certificate + '.pem')}")
        return ["openconnect", *fixed, *more, f"https://{self.argument['address']}:{self.argument['port']}/"]

    def wrong(self, certificate: str | None, secret: str) -> str:
        """An attempt that must fail, no sooner after the last than the identity service takes for a person's."""
        time.sleep(max(0.0, self.failed_at + _PAUSE - time.monotonic()))
        try:
            return _told(self.log_in(certificate, secret))
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
    run.first_cookie = run.log_in("good", run.group["password"] + run.code())
    run.tunnel = run.bring_up("good", run.first_cookie) if run.first_cookie else None
    return "forbidden" if run.tunnel is None else "allowed"


def _through(run: _Run, probe: dict[str, Any]) -> str:
    if run.tunnel is not None:
        return run.packets(probe["act"], run.tunnel.keeper)
    own = [one["id"] for one in run.group["probes"] if one["act"] == probe["act"]]
    run.gathered = dict.fromkeys(own, "error: there is no tunnel")
    return run.gathered[probe["id"]]


def _stolen_cookie(run: _Run, _: dict[str, Any]) -> str:
    """Without a certificate; then, to show that the cookie was good, with its owner's."""
    cookie = run.log_in("good", run.group["password"] + run.code())
    if not cookie:
        raise _UnableError("the log-in before it was refused")
    stolen = run.bring_up(None, cookie)
    if stolen is not None:
        stolen.end()
        return "allowed"
    run.second = run.bring_up("good", cookie)
    if run.second is None:
        raise _UnableError("its owner was refused as well")
    return "forbidden"


def _spoofed(run: _Run, _: dict[str, Any]) -> str:
    """From the first tunnel with the second one's address: no answer may come there."""
    first, second = run.tunnel, run.second
    back_end = next((one for one in run.group["probes"] if one["act"] == "through" and one["expected"] == "open"), None)
    if first is None or second is None or back_end is None:
        raise _UnableError("there are no two tunnels, or nothing to reach")
    command = ["nsenter", f"--net=/proc/{first.keeper}/ns/net", "ip", "address", "add", f"{second.lease}/32"]
    subprocess.run([*command, "dev", first.device], check=True, capture_output=True, timeout=10)
    with contextlib.ExitStack() as until:
        with _inside(second.keeper):
            ears = until.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003)))
            ears.bind((second.device, 0))
        for source, expected in ((second.lease, False), (first.lease, True)):
            with _inside(first.keeper):
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
                raise _UnableError("with its own address nothing comes back either")
    return "forbidden"


def _heard(ears: socket.socket, address: str) -> bool:
    ears.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            packet = ears.recv(2048)
            if packet[:1] == b"\x45" and packet[12:16] == socket.inet_aton(address):
                return True
    return False


@contextlib.contextmanager
def _inside(keeper: int) -> Any:
    """This thread's sockets in a tunnel's namespace; those made stay there."""
    libc = ctypes.CDLL(None, use_errno=True)
    places = (pathlib.Path(f"/proc/{one}/ns/net") for one in ("thread-self", keeper))
    with next(places).open() as own, next(places).open() as there:
        if libc.setns(there.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(own.fileno(), _CLONE_NEWNET)


def _replayed_cookie(run: _Run, _: dict[str, Any]) -> str:
    for tunnel in (run.second, run.tunnel):
        if tunnel is not None:
            tunnel.end()
    if run.tunnel is None:
        raise _UnableError("there was no session")
    again = run.bring_up("good", run.first_cookie)
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
    return _told(run.log_in(certificate, run.group["password"] + code))


def _still_good(run: _Run, _: dict[str, Any]) -> str:
    return _told(run.log_in("good", run.group["password"] + run.code()))


def _spraying(run: _Run, _: dict[str, Any]) -> str:
    # Without digits at the end the gateway itself refuses, and the identity service locks nobody.
    for _number in range(run.group["attempts"]):
        if run.log_in("good", "Summer-of-2026"):
            return "allowed"
    # Any code of now: who is banned is not asked, and the gateway's own words show that it was that.
    code = run.group["codes"][str(int(time.time()) // _STEP)]
    return _told(run.log_in("good", run.group["password"] + code))


def _told(cookie: str) -> str:
    return "allowed" if cookie else "forbidden"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


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
