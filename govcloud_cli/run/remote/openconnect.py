"""Drives openconnect on a client machine: log-ins, tunnels, and the network namespace that each tunnel leads into.

The tunnel's device goes into a network namespace of its own, because the machine's own firewall knows none. Everything
that is started here ends with the client, and by itself if this is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import re
import signal
import subprocess
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
_CLONE_NEWNET = 0x40000000
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


class UnableError(Exception):
    """What was to be tried could not be."""


class Tunnel:
    """An openconnect, and the namespace that its device is in."""

    def __init__(self, process: subprocess.Popen[bytes], keeper: int, state: str) -> None:
        self.process, self.keeper = process, keeper
        self.device, self.lease = state.split(" ")

    def end(self) -> None:
        """Log out as a person does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(10)


class Client:
    """openconnect with one gateway, as one person."""

    def __init__(
        self, argument: dict[str, Any], person: str, folder: pathlib.Path, until: contextlib.ExitStack
    ) -> None:
        """`argument`: `{address, port, authority, certificates: {name: PEM of certificate and key}}`.

        `folder` is for keys; what is started ends with `until`.
        """
        self.url = "https://{address}:{port}/".format(**argument)
        self.person, self.folder, self.until = person, folder, until
        files = {f"{name}.pem": text for name, text in argument["certificates"].items()}
        for name, text in {"ca.crt": argument["authority"], "script": _SCRIPT, **files}.items():
            (folder / name).write_text(text)
        (folder / "script").chmod(0o700)

    def log_in(self, certificate: str | None, secret: str) -> str:
        """The cookie that a log-in gives; empty if it is refused."""
        command = self._command(certificate, [f"--user={self.person}", "--passwd-on-stdin", "--authenticate"])
        done = subprocess.run(
            command, input=secret + "\n", capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        found = _COOKIE.search(done.stdout)
        if done.returncode == 0 and found is not None:
            return found.group(1)
        if _UNREACHED.search(done.stderr):
            raise UnableError(done.stderr.strip()[-200:])
        return ""

    def bring_up(self, certificate: str | None, cookie: str) -> Tunnel | None:
        """A tunnel with a cookie; None if the gateway refuses."""
        keeper = subprocess.Popen(["unshare", "--net", "--", "sleep", str(_LONGEST)])
        self.until.callback(_end, keeper)
        own = pathlib.Path("/proc/self/ns/net").readlink()
        until = time.monotonic() + 5
        while pathlib.Path(f"/proc/{keeper.pid}/ns/net").readlink() == own:
            if time.monotonic() > until:
                raise UnableError("no network namespace")
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
            return Tunnel(process, keeper.pid, state.read_text())
        told = log.read_text("utf-8", "replace")
        if process.poll() is None or _UNREACHED.search(told):
            raise UnableError(told.strip()[-200:])
        return None

    def _command(self, certificate: str | None, more: list[str]) -> list[str]:
        fixed = [f"--cafile={self.folder / 'ca.crt'}", "--no-system-trust", "--non-inter", "--no-proxy"]
        fixed.append("--protocol=anyconnect")
        if certificate is not None:
            fixed.append(f"--certificate={self.folder / (certificate + '.pem')}")
        return ["openconnect", *fixed, *more, self.url]


@contextlib.contextmanager
def inside(keeper: int) -> Any:
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


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
